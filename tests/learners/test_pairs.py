from itertools import pairwise

import numpy as np
import pytest
from safetensors.numpy import load_file

from crosstie.artifact.runtime import Graph
from crosstie.data.batch import Batch, Layout, Output, Tokens
from crosstie.evaluation.score import score
from crosstie.learners import bags, pairs
from crosstie.learners.bags import Bag
from crosstie.learners.gbm import Gbm
from crosstie.learners.graph import GraphWriter
from crosstie.learners.linear import Linear
from crosstie.learners.pairs import Pairs

NOT, GOOD = 2, 3


def review(of, *, text="text", length=12):
    """A layout with one text, or another column of tokens."""
    return Layout(
        tokens=(Tokens("review", "tokens_0", text, 30, length),),
        outputs=(Output("y", "output_0", of, 1),),
    )


def reviews(n, *, seed=0, length=12):
    """Rows that are good where 'not' stands behind 'good' and bad where it stands before it; other words between."""
    rng = np.random.default_rng(seed)
    ids = rng.integers(4, 30, (n, length))
    good = rng.random(n) < 0.5
    at = rng.integers(0, max(length - 5, 1), n)
    ids[np.arange(n), at] = np.where(good, GOOD, NOT)
    ids[np.arange(n), at + 1] = np.where(good, NOT, GOOD)
    ids = np.where(np.arange(length) < rng.integers(length - 4, length + 1, n)[:, None], ids, 0)
    return Batch({"tokens_0": ids.astype(np.int32)}, {"y": good.astype(np.float32)})


def odd(n, size, *, seed=0, length=20):
    """Ids of all kinds, frequent and rare, unknown, and padding; rows of padding alone, too."""
    rng = np.random.default_rng(seed)
    ids = np.minimum(1 + rng.zipf(1.3, (n, length)), size) - 1
    ids = np.where(ids == 0, 1, ids)
    return np.where(np.arange(length) < rng.integers(0, length + 1, n)[:, None], ids, 0).astype(
        np.int32
    )


def in_a_graph(found, ids, size, tmp_path):
    """`found.places(ids)` by a graph."""
    layout = Layout(tokens=(Tokens("text", "tokens_0", "text", size, ids.shape[1]),))
    graph = GraphWriter(layout)
    places = found.add(graph, graph.cast("tokens_0", np.int64), ids.shape[1])
    graph.output("places", graph.cast(places, np.float32), width=ids.shape[1] - 1)
    graph.write(tmp_path / "graph.onnx")
    return Graph(tmp_path / "graph.onnx", threads=1).run({"tokens_0": ids})["places"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("learner", "options"), [(Linear, {}), (Gbm, {"n_estimators": 40, "learning_rate": 0.2})]
)
def test_only_pairs_tell_not_good_from_good_not(learner, options, job, raw):
    train, validation, test = (reviews(n, seed=seed) for seed, n in enumerate((800, 200, 400)))

    def judged(ngram_size):
        fitted = learner(ngram_size=ngram_size, **options)
        fitted.fit(job(layout=review("binary"), train=train, validation=validation))
        return score("binary", test.targets["y"], raw(fitted, test))["roc_auc"]

    assert judged(1) < 0.6
    assert judged(2) > 0.95


@pytest.mark.parametrize("slots", [pairs.SLOTS, 1])
@pytest.mark.parametrize("size", [40, 5000])
def test_the_graph_finds_the_pairs_that_numpy_finds(size, slots, tmp_path, monkeypatch):
    monkeypatch.setattr(pairs, "SLOTS", slots)
    found, new = Pairs.fit(odd(500, size), size), odd(700, size, seed=1)
    places = found.places(new)
    assert len(np.unique(places)) > 50
    np.testing.assert_array_equal(in_a_graph(found, new, size, tmp_path), places)


def test_a_pair_is_found_at_its_place_and_nowhere_else():
    size, new = 300, odd(400, 300, seed=1)
    found = Pairs.fit(odd(400, size), size)
    place = {tuple(ids): size + i for i, ids in enumerate(found.tokens.tolist())}
    expected = [[place.get(pair, 0) for pair in pairwise(row)] for row in new.tolist()]
    assert found.places(new).tolist() == expected
    assert len(place) == len(found) > 100


def test_rare_pairs_and_those_with_unknown_tokens_are_not_known():
    rows = [[5, 6, 7], [5, 6, 8], [5, 6, 8], [1, 5, 1], [1, 5, 1], [1, 5, 1], [9, 9, 9]]
    found = Pairs.fit(np.array(rows, np.int32), 10)
    assert found.tokens.tolist() == [[5, 6]]  # [9, 9] is twice in one row
    assert found.scale == pytest.approx([0.5 * (np.log(8 / 4) + 1)])


def test_of_many_rows_a_pair_needs_more(monkeypatch):
    monkeypatch.setattr(pairs, "OF", 10)
    ids = np.array([[2, 3]] * 5 + [[4, 5]] * 4 + [[2, 0]] * 41, np.int32)
    assert Pairs.fit(ids, 6).tokens.tolist() == [[2, 3]]


def test_of_two_pairs_with_one_slot_the_more_frequent_is_known(monkeypatch):
    ids, size = odd(500, 200), 200
    every = Pairs.fit(ids, size)
    counts = {tuple(pair): 0 for pair in every.tokens.tolist()}
    for row in ids.tolist():
        for pair in {*pairwise(row)} & {*counts}:
            counts[pair] += 1
    monkeypatch.setattr(pairs, "SLOTS", 1)
    few = Pairs.fit(ids, size)
    kept = {tuple(pair) for pair in few.tokens.tolist()}
    slot = {pair: (pair[0] * few.factor + pair[1]) & (len(few.table) - 1) for pair in counts}
    first = {slot[pair]: counts[pair] for pair in kept}
    lost = {*counts} - kept
    assert len(lost) > 10
    assert all(counts[pair] <= first[slot[pair]] for pair in lost)


def test_the_most_frequent_pairs_are_kept_where_they_are_many(monkeypatch):
    ids = odd(500, 200)
    monkeypatch.setattr(pairs, "MOST", 10)
    few = Pairs.fit(ids, 200)
    assert len(few) == 10
    assert (np.diff(few.scale) >= 0).all()  # rarer and rarer
    assert few.places(ids).max() == 209


def test_chunks_count_what_the_whole_counts(monkeypatch):
    ids = odd(300, 100)
    whole = Pairs.fit(ids, 100)
    monkeypatch.setattr(pairs, "ROWS_AT_ONCE", 7)
    parts = Pairs.fit(ids, 100)
    np.testing.assert_array_equal(parts.table, whole.table)
    np.testing.assert_array_equal(parts.scale, whole.scale)


def test_of_a_long_table_rows_from_all_of_it_are_counted(monkeypatch):
    ids = np.repeat(np.array([[2, 3], [4, 5], [6, 7]], np.int32), 100, axis=0)
    monkeypatch.setattr(pairs, "TOKENS", 60)
    assert sorted(Pairs.fit(ids, 8).tokens.tolist()) == [[2, 3], [4, 5], [6, 7]]


def test_a_text_without_frequent_pairs_has_none(tmp_path):
    ids = np.array([[2, 3, 0], [3, 2, 0]], np.int32)
    found = Pairs.fit(ids, 4)
    assert len(found) == 0
    assert in_a_graph(found, ids, 4, tmp_path).tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("words", [0, 20])
def test_a_bag_sums_in_a_graph_what_it_sums_in_numpy(words, dtype, tmp_path, monkeypatch):
    monkeypatch.setattr(bags, "GATHERED", 20)  # a few places at a time
    tokens = Tokens("text", "tokens_0", "text", 80, 20, words=words)
    ids, new = odd(300, 80), odd(200, 80, seed=1)
    if words:
        ids, new = (np.stack([each, np.ones_like(each)], 2) for each in (ids, new))
    bag = Bag.fit(tokens, ids, ngram_size=2)
    table = np.random.default_rng(0).normal(size=(bag.size, 3))
    graph = GraphWriter(Layout(tokens=(tokens,)))
    graph.output("sums", graph.cast(bag.add(graph, table, dtype), np.float32), width=3)
    graph.write(tmp_path / "graph.onnx")
    found = Graph(tmp_path / "graph.onnx", threads=1).run({"tokens_0": new})["sums"]
    tolerance = 2e-6 if dtype is np.float32 else 1e-7
    np.testing.assert_allclose(found, bag.matrix(new) @ table, rtol=tolerance, atol=tolerance)


def test_a_row_counts_its_tokens_and_not_its_pairs():
    tokens, ids = Tokens("text", "tokens_0", "text", 80, 20), odd(300, 80)
    counted = Bag.fit(tokens, ids, ngram_size=2).count(ids)
    np.testing.assert_array_equal(counted, Bag.fit(tokens, ids).count(ids))


@pytest.mark.parametrize(("kind", "some"), [("sequence", True), ("set", False), ("bag", False)])
def test_only_what_has_an_order_has_neighbours(kind, some):
    tokens = Tokens("items", "tokens_0", kind, 80, 20)
    bag = Bag.fit(tokens, odd(300, 80), ngram_size=2)
    assert (bag.size > 80) == some
    assert len(bag.names) == bag.size


def test_a_single_token_has_no_neighbour(job, raw):
    train = reviews(100)
    one = Batch({"tokens_0": train.inputs["tokens_0"][:, :1]}, train.targets)
    learner = Linear(ngram_size=2)
    learner.fit(job(layout=review("binary", length=1), train=one, validation=False))
    assert np.isfinite(raw(learner, one)).all()


def test_saved_weights_say_of_which_pair_they_are(job):
    learner = Linear(ngram_size=2)
    learner.fit(job(layout=review("binary"), train=reviews(800), validation=False))
    weights = dict(zip(learner.inputs_.names, learner.weights_["y"][:, 0], strict=True))
    strongest = sorted(weights, key=weights.__getitem__)
    assert strongest[0] == f"review[{NOT} {GOOD}]"
    assert strongest[-1] == f"review[{GOOD} {NOT}]"


def test_saved_tables_of_trees_say_of_which_pair_they_are(job, tmp_path):
    learner = Gbm(ngram_size=2, n_estimators=2, text_components=3)
    learner.fit(job(layout=review("binary"), train=reviews(800), validation=False))
    learner.save(tmp_path / "network")
    saved = load_file(tmp_path / "network" / "text.safetensors")
    assert saved["tokens_0"].shape == (30 + len(saved["tokens_0.pairs"]), 3)
    assert [GOOD, NOT] in saved["tokens_0.pairs"].tolist()


def test_a_text_of_more_tokens_than_pairs_have_room_for_has_no_pairs():
    tokens = Tokens("text", "tokens_0", "text", 1_200_000, 20)
    assert Bag.fit(tokens, odd(300, 80), ngram_size=2).pairs is None
