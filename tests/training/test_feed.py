import numpy as np
import pytest
import torch

from crosstie.data.batch import Batch
from crosstie.training import feed as module
from crosstie.training.feed import Feed

CPU = torch.device("cpu")


def numbered(rows):
    """Rows whose inputs, targets and weights all hold the row's number."""
    number = np.arange(rows, dtype=np.float32)
    return Batch({"numbers": number[:, None].copy()}, {"y": number.copy()}, number.copy())


def mapped(rows, folder):
    """The same, in files."""
    plain = numbered(rows)

    def map_(name, array):
        np.save(folder / f"{name}.npy", array)
        return np.load(folder / f"{name}.npy", mmap_mode="r")

    return Batch(
        {"numbers": map_("numbers", plain.inputs["numbers"])},
        {"y": map_("y", plain.targets["y"])},
        map_("weights", plain.weights),
    )


def order(batches):
    return [row for each in batches for row in each.targets["y"].tolist()]


@pytest.fixture(params=["memory", "files"])
def feed(request, tmp_path):
    def make(rows):
        whole = numbered(rows) if request.param == "memory" else mapped(rows, tmp_path)
        return Feed(whole, CPU)

    return make


def test_every_row_comes_once_and_its_parts_stay_together(feed):
    batches = list(feed(1000).shuffled(64, seed=1, epoch=0))
    assert sorted(order(batches)) == list(range(1000))
    for each in batches:
        assert torch.equal(each.inputs["numbers"][:, 0], each.targets["y"])
        assert torch.equal(each.weights, each.targets["y"])
    assert [len(each) for each in batches] == [64] * 15 + [40]


def test_order_depends_on_seed_and_epoch_alone(feed):
    made = feed(5000)
    first = order(made.shuffled(64, seed=1, epoch=0))
    assert first == order(feed(5000).shuffled(64, seed=1, epoch=0))
    assert first == order(made.shuffled(100, seed=1, epoch=0))
    assert first != order(made.shuffled(64, seed=1, epoch=1))
    assert first != order(made.shuffled(64, seed=2, epoch=0))
    assert first != list(range(5000))


def test_skipping_gives_the_rest_of_the_same_epoch(feed, monkeypatch):
    monkeypatch.setattr(module, "GATHERED", 4 * 64 * 12)  # four batches gathered at once
    made = feed(1000)
    whole = list(made.shuffled(64, seed=1, epoch=3))
    for skip in (0, 3, 4, 15, 16):
        rest = list(made.shuffled(64, seed=1, epoch=3, skip=skip))
        assert order(rest) == order(whole[skip:])


@pytest.mark.parametrize(
    ("rows", "size", "lengths"),
    [
        (10, 4, [4, 4, 2]),
        (9, 4, [4, 5]),
        (5, 4, [5]),
        (1, 4, [1]),
        (3, 1, [1, 1, 1]),
        (8, 4, [4, 4]),
    ],
)
def test_no_row_is_left_alone_in_the_last_batch(rows, size, lengths):
    feed = Feed(numbered(rows), CPU)
    assert [len(each) for each in feed.shuffled(size, seed=0, epoch=0)] == lengths
    assert feed.batches(size) == len(lengths)


def test_rows_come_in_order_for_an_evaluation(feed):
    assert order(feed(100).in_order(30)) == list(range(100))
    assert order(feed(100).in_order(30, rows=45)) == list(range(45))


def test_files_are_read_in_runs_that_are_mixed_within_a_window(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "RUN", 10)
    monkeypatch.setattr(module, "WINDOW", 4)
    feed = Feed(mapped(400, tmp_path), CPU)
    assert feed.mapped
    found = np.array(order(feed.shuffled(8, seed=0, epoch=0)))
    windows = found.reshape(10, 40)
    assert all(len(set(window // 10)) == 4 for window in windows)  # four whole runs each
    assert sorted(found.tolist()) == list(range(400))
    assert any((np.diff(window) != 1).any() for window in windows)


def test_arrays_in_memory_are_not_copied():
    batch = numbered(10)
    feed = Feed(batch, CPU)
    (rows,) = feed.in_order(10)
    assert rows.inputs["numbers"].numpy().ctypes.data == batch.inputs["numbers"].ctypes.data


def of_lengths(lengths):
    """Rows of ids 1 and up, as many as said, then padding; the target is the row's number."""
    ids = np.zeros((len(lengths), max(lengths)), np.int32)
    for row, length in enumerate(lengths):
        ids[row, :length] = 1 + np.arange(length)
    return Batch({"tokens_0": ids}, {"y": np.arange(len(lengths), dtype=np.float32)})


def test_rows_of_like_length_come_together_and_without_what_is_padding_in_all():
    lengths = np.random.default_rng(0).integers(1, 100, 1050)
    bucketed = Feed(of_lengths(lengths), CPU, tokens="tokens_0")
    batches = list(bucketed.shuffled(10, seed=1, epoch=0))
    assert sorted(order(batches)) == list(range(1050))
    assert [len(each) for each in batches] == [10] * 105
    spread = []
    for each in batches:
        own = lengths[each.targets["y"].int().numpy()]
        assert each.inputs["tokens_0"].shape[1] == own.max()
        assert (each.inputs["tokens_0"] != 0).sum(1).tolist() == own.tolist()
        spread.append(own.max() - own.min())
    assert np.mean(spread) < 5  # 90 unsorted
    longest = [each.inputs["tokens_0"].shape[1] for each in batches]
    assert longest != sorted(longest)
    again = Feed(of_lengths(lengths), CPU, tokens="tokens_0")
    assert order(again.shuffled(10, seed=1, epoch=0)) == order(batches)
    assert order(again.shuffled(10, seed=1, epoch=0, skip=3)) == order(batches)[30:]
    assert order(again.shuffled(10, seed=1, epoch=1)) != order(batches)


def test_rows_keep_the_tables_order_where_they_are_not_shuffled():
    kept = Feed(numbered(100), CPU, shuffle=False)
    assert order(kept.shuffled(32, seed=1, epoch=5)) == list(range(100))
