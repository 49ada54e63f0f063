import pytest
from small_network import same

from crosstie.errors import ConfigError
from crosstie.training.callbacks.callback import Callback
from crosstie.training.curve_figure import drawn
from crosstie.training.learning_rate_finder import Curve

EPOCHS = {"epochs": 3, "batch_size": 64, "early_stop": -1}


class Note(Callback):
    """Calls a function with the training at a moment."""

    def __init__(self, **moments):
        self.moments = moments
        self.loop = None

    def on_step_end(self, progress):
        self.moments.get("step", lambda loop: None)(self.loop)

    def on_epoch_end(self, progress):
        self.moments.get("epoch", lambda loop: None)(self.loop)


def watched(fit, note, **options):
    made = fit(**options, callbacks=[note])
    note.loop = made.loop
    return made.run()


def part(weights, prefix):
    return {name: each for name, each in weights.items() if name.startswith(prefix)}


@pytest.mark.parametrize(
    ("frozen", "kept", "learned"),
    [
        (["encoders"], ["inputs."], ["combiner.", "decoders."]),
        (["combiner"], ["combiner."], ["inputs.", "decoders."]),
        (["decoders"], ["decoders."], ["inputs.", "combiner."]),
        (["k"], ["inputs.groups.1."], ["inputs.groups.0.", "combiner.", "decoders."]),
        (["y"], ["decoders."], ["inputs.", "combiner."]),
    ],
)
def test_frozen_parts_keep_their_weights_and_the_others_learn(fit, frozen, kept, learned):
    done = fit(**EPOCHS, freeze=frozen).run()
    start, end = done.loop.start, done.weights
    for prefix in kept:
        assert same(part(start, prefix), part(end, prefix)), prefix
    for prefix in learned:
        assert not same(part(start, prefix), part(end, prefix)), prefix


def test_a_frozen_part_has_no_dropout_while_the_others_train(fit):
    network = fit(**EPOCHS, freeze=["combiner"]).loop.network
    network.train()
    assert network.inputs.training
    assert not network.combiner.training
    assert not any(module.training for module in network.combiner.modules())


def test_the_first_epochs_leave_what_was_learned_before_alone(fit):
    seen = {}

    def note(loop):
        seen[loop.progress.epoch] = {k: v.clone() for k, v in loop.network.state_dict().items()}

    start = watched(fit, Note(epoch=note), **EPOCHS, freeze_epochs=2).loop.start
    assert same(part(seen[2], "inputs."), part(start, "inputs."))
    assert not same(part(seen[1], "combiner."), part(start, "combiner."))
    assert not same(part(seen[3], "inputs."), part(start, "inputs."))


def test_encoders_learn_slower_than_the_combiner_and_that_slower_than_decoders(fit):
    loop = fit(**EPOCHS, rate_ratio=100.0, learning_rate=0.01).run().loop
    rates = {}
    names = {id(each): name.split(".")[0] for name, each in loop.network.named_parameters()}
    for group in loop.update.bare.param_groups:
        for each in group["params"]:
            rates[names[id(each)]] = group["lr"]
    assert rates == pytest.approx({"inputs": 0.0001, "combiner": 0.001, "decoders": 0.01})


def test_each_part_of_the_plan_has_the_schedule_from_start_to_end(fit):
    rates = []

    def note(loop):
        rates.append(loop.progress.learning_rate)

    watched(fit, Note(step=note), **EPOCHS, freeze_epochs=1, learning_rate_scheduler="one_cycle")
    steps = len(rates) // 3
    first, second = rates[:steps], rates[steps:]
    assert first[0] == second[0] == pytest.approx(0.04 * 0.002)
    assert max(first) == pytest.approx(max(second), rel=0.05)
    assert first[-1] < 0.5 * max(first)


def test_a_plan_that_leaves_nothing_to_learn_is_refused(fit):
    with pytest.raises(ConfigError) as caught:
        fit(**EPOCHS, freeze=["combiner", "decoders"], freeze_epochs=1)
    assert str(caught.value) == (
        "trainer.freeze: leaves nothing to learn in the first trainer.freeze_epochs; take a part out"
    )


def test_more_frozen_epochs_than_epochs_are_refused(fit):
    with pytest.raises(ConfigError) as caught:
        fit(epochs=2, freeze_epochs=2)
    assert str(caught.value) == (
        "trainer.freeze_epochs: must be less than epochs 2, got 2: they are the first of them"
    )


def test_the_curve_of_a_range_test_is_a_picture():
    rates = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1]
    picture = drawn(Curve(rates, [1.0, 1.0, 0.9, 0.5, 0.4, 9.0], 1e-3))
    assert picture.startswith("<svg")
    assert "0.001 is chosen, a tenth of where it is least" in picture
    points = picture.split('points="')[1].split('"')[0].split()
    assert len(points) == len(rates)
    heights = [float(point.split(",")[1]) for point in points]
    assert heights[4] == max(heights)  # the least loss is drawn lowest
    assert heights[5] == min(heights)  # and one that exploded at the top, not above it
    assert min(heights) == 40.0
