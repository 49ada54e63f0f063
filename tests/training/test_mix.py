"""Training rows mixed two by two."""

import numpy as np
import pytest
import torch
from small_network import LAYOUT, architecture, batch, same

from crosstie.data.batch import Batch, Image, Layout, Output
from crosstie.models.layers.blend import Blend
from crosstie.models.network import Network
from crosstie.training.feed import Rows
from crosstie.training.mix import Mix

PICTURES = Layout(
    images=(
        Image("a", "image_0", 1, 8, 8, (0.5,), (0.25,)),
        Image("b", "image_1", 3, 4, 16, (0.0,) * 3, (1.0,) * 3),
    ),
    outputs=(Output("y", "output_0", "category", 3, (0.3, 0.3, 0.4)),),
)
CNN = {"type": "stacked_cnn", "out_channels": 2, "output_size": 4}


def pictures(rows=6):
    """Every pixel of a picture is its row's number, so that one sees where a pixel came from."""
    numbers = torch.arange(rows, dtype=torch.uint8).view(-1, 1, 1, 1)
    return {
        "image_0": numbers.expand(-1, 1, 8, 8).clone(),
        "image_1": numbers.expand(-1, 3, 4, 16).clone(),
    }


def rows(plain):
    return Rows(
        {name: torch.from_numpy(each) for name, each in plain.inputs.items()},
        {name: torch.from_numpy(each) for name, each in plain.targets.items()},
        None if plain.weights is None else torch.from_numpy(plain.weights),
    )


def seen(network, given, blend=None):
    """What the combiner is given."""
    return network.inputs.read(given, blend=blend)[0]


def test_encoded_inputs_are_mixed_as_computed_by_hand():
    torch.manual_seed(0)
    network = Network(LAYOUT, architecture(), batch(40)).eval()
    given = rows(batch(3)).inputs
    plain = seen(network, given)
    mixed = seen(network, given, Blend(torch.tensor(0.75), torch.tensor([2, 1, 0])))
    for before, after in zip(plain, mixed, strict=True):
        torch.testing.assert_close(after[0], 0.75 * before[0] + 0.25 * before[2])
        torch.testing.assert_close(after[1], before[1])


def test_what_says_that_a_number_is_missing_is_mixed_too():
    plain = batch(4)
    plain.inputs["numbers"][0, 1] = np.nan
    torch.manual_seed(0)
    network = Network(LAYOUT, architecture(), plain).eval()
    blend = Blend(torch.tensor(0.75), torch.tensor([1, 0, 2, 3]))
    marks = seen(network, rows(plain).inputs, blend)[-1]
    assert marks.tolist() == [[0.75], [0.25], [0.0], [0.0]]


def test_pictures_are_mixed_before_they_are_encoded():
    sections = {
        "inputs": {name: {"type": "image", "encoder": {**CNN}} for name in ("a", "b")},
        "combiner": {"type": "concat", "members": 1, "output_size": 4, "num_fc_layers": 1},
        "outputs": {
            "y": {
                "type": "category",
                "decoder": {"type": "classifier"},
                "loss": {"type": "softmax_cross_entropy"},
                "dependencies": [],
            }
        },
    }
    torch.manual_seed(0)
    network = Network(PICTURES, sections, None).eval()
    given = {name: each * 40 for name, each in pictures(2).items()}  # pixels 0 and 40
    mixed = seen(network, given, Blend(torch.tensor(0.75), torch.tensor([1, 0])))
    by_hand = {name: each.clone() for name, each in given.items()}
    for each in by_hand.values():
        each[0], each[1] = 10, 30
    for one, other in zip(seen(network, by_hand), mixed, strict=True):
        torch.testing.assert_close(one, other)


def test_the_loss_is_mixed_with_weights_and_all(fit):
    train = batch(30, weights=True)
    torch.manual_seed(0)
    sections = architecture()
    sections["combiner"] = {**sections["combiner"], "members": 3, "dropout": 0.0}
    network = Network(LAYOUT, sections, train)
    assert network.members == 3
    loop = fit(train=train, network=network, mixup=0.4, regularization_lambda=0.0).loop
    given = rows(train)
    network.train(mode=False)
    blend = Mix(LAYOUT, 0.4, 0.0)
    torch.manual_seed(5)
    loop.update.gradients(given)
    torch.manual_seed(5)
    drawn = blend(given.inputs).blend
    logits = network(given.inputs, given.targets, drawn)
    order, share = drawn.order, float(drawn.share)
    own = network.loss(logits, given.targets, given.weights).detach()
    other = network.loss(logits, {"y": given.targets["y"][order]}, given.weights[order]).detach()
    assert 0 < share < 1
    torch.testing.assert_close(loop.update.loss, share * own + (1 - share) * other)
    assert float(own) != pytest.approx(float(other))


def test_a_share_of_one_is_as_if_nothing_was_mixed():
    torch.manual_seed(0)
    network = Network(LAYOUT, architecture(), batch(40)).eval()
    given = rows(batch(8)).inputs
    blend = Blend(torch.tensor(1.0), torch.randperm(8))
    assert torch.equal(network(given, None, blend)["y"], network(given)["y"])


def test_nothing_is_drawn_where_nothing_is_mixed():
    before = torch.get_rng_state()
    given = pictures()
    mixed = Mix(PICTURES, 0.0, 0.0)(given)
    assert (mixed.inputs is given, mixed.blend, mixed.inside) == (True, None, None)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_piece_of_another_picture_counts_by_its_area():
    torch.manual_seed(0)
    cut = 0
    for _ in range(20):
        given = pictures()
        mixed = Mix(PICTURES, 0.0, 1.0)(given)
        assert mixed.inside is None
        kept = []
        for name, before in pictures().items():
            assert torch.equal(given[name], before)  # it is not changed in place
            after = mixed.inputs[name]
            assert after.dtype == torch.uint8
            for row, other in enumerate(mixed.blend.order.tolist()):
                assert set(after[row].unique().tolist()) <= {row, other}
            strange = (after != before)[mixed.blend.order != torch.arange(6)]
            kept.append(1 - float(strange[0].float().mean()) if len(strange) else 1.0)
            area = strange[0, 0].nonzero()
            if len(area):  # one rectangle
                high, wide = (area.max(0).values - area.min(0).values + 1).tolist()
                assert len(area) == high * wide
                cut += 1
        assert float(mixed.blend.share) == pytest.approx(np.mean(kept))
    assert cut > 20


def test_with_both_each_batch_is_either():
    torch.manual_seed(0)
    mix = Mix(PICTURES, 0.2, 1.0)
    found = [mix(pictures()).inside is None for _ in range(40)]
    assert 10 < sum(found) < 30


@pytest.mark.slow
def test_mixing_changes_what_is_learned_but_not_what_is_measured(fit):
    plain, mixed = fit(epochs=2).run(), fit(epochs=2, mixup=0.4).run()
    assert not same(plain.weights, mixed.weights)
    loop = mixed.loop
    once = loop.watch.measure(loop.validation, rows=100)
    assert once == loop.watch.measure(loop.validation, rows=100)  # nothing random


@pytest.mark.slow
def test_mixed_rows_of_a_batch_are_learned_from(fit):
    found = fit(rows=600, epochs=15, mixup=0.3).run()
    assert found.progress.best > 0.9


def test_rows_can_be_taken_in_any_order():
    given = rows(Batch({"x": np.arange(3)}, {"y": np.arange(3)}, np.arange(3)))
    taken = given.take(torch.tensor([2, 0]))
    assert [taken.inputs["x"].tolist(), taken.targets["y"].tolist(), taken.weights.tolist()] == [
        [2, 0]
    ] * 3
