import math
import os
import signal
from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from small_network import LAYOUT, architecture, batch, same
from torch import nn

from crosstie.data.batch import Batch, Output
from crosstie.errors import TrainingError
from crosstie.models.layers.dropout import Dropout
from crosstie.models.network import Network
from crosstie.training.callbacks.callback import Callback, Progress

HOOKS = (
    "on_train_start",
    "on_epoch_start",
    "on_step_end",
    "on_evaluate",
    "on_checkpoint",
    "on_epoch_end",
    "on_train_end",
)


class Told(Callback):
    """Writes down what it is told, and does something at one moment."""

    def __init__(self, moment="", do=None, *, at=1):
        self.hooks, self.steps, self.seen = [], [], []
        self.moment, self.do, self.at = moment, do, at

    def note(self, hook, progress):
        self.hooks.append(hook)
        self.seen.append((hook, replace(progress)))
        if hook == self.moment and self.hooks.count(hook) == self.at:
            self.do()

    def on_checkpoint(self, progress, folder):
        self.note("on_checkpoint", progress)


def _listen(hook):
    def method(self, progress):
        self.note(hook, progress)

    return method


for _hook in HOOKS:
    if _hook != "on_checkpoint":
        setattr(Told, _hook, _listen(_hook))


def plain_loop(fit, *, epochs, rate=0.002, decay=0.0003, clip=1.0):
    """The recipe written out by hand, on the same batches."""
    loop = fit.loop
    network = loop.network
    decayed, spared = network.parameter_groups()
    groups = [
        {"params": decayed, "weight_decay": decay},
        {"params": spared, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=rate, fused=True)
    torch.manual_seed(loop.seed)
    network.train()
    for epoch in range(epochs):
        for rows in loop.train.shuffled(loop.batch_size, seed=loop.seed, epoch=epoch):
            optimizer.zero_grad(set_to_none=True)
            network.loss(network(rows.inputs), rows.targets, rows.weights).backward()
            nn.utils.clip_grad_norm_(network.parameters(), clip)
            optimizer.step()
    return fit.weights


def test_the_default_recipe_is_the_loop_one_would_write_by_hand(fit):
    by_hand = plain_loop(fit(), epochs=3)
    assert same(fit(epochs=3, judged=False).run().weights, by_hand)


def test_row_weights_reach_the_loss(fit):
    weighted = batch(200, weights=True)
    by_hand = plain_loop(fit(train=weighted), epochs=2)
    assert same(fit(train=weighted, epochs=2, judged=False).run().weights, by_hand)
    assert not same(fit(epochs=2, judged=False).run().weights, by_hand)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(fit):
    first = fit(epochs=3).run().weights
    assert same(first, fit(epochs=3).run().weights)
    assert not same(first, fit(epochs=3, seed=4).run().weights)


def test_hooks_come_in_order_with_the_same_progress(fit):
    told = Told()
    fit(epochs=2, batch_size=100, callbacks=[told], steps_per_checkpoint=2).run()
    epoch = ["on_epoch_start", "on_step_end", "on_step_end", "on_evaluate", "on_epoch_end"]
    kept = [hook for hook in told.hooks if hook != "on_checkpoint"]
    assert kept == ["on_train_start", *epoch, *epoch, "on_train_end"]
    assert "on_checkpoint" in told.hooks
    _, last = told.seen[-1]
    assert (last.step, last.total_steps, last.epoch, last.total_epochs) == (4, 4, 2, 2)
    assert (last.rows, last.stopped, last.learner, last.unit) == (400, "epochs", "ecd", "step")
    assert last.watched == "validation/y/roc_auc"
    assert set(last.metrics) == {"train", "validation"}
    assert set(last.metrics["validation"]["y"]) == {"roc_auc", "loss"}
    assert last.metrics["train"]["y"]["loss"] == last.loss


def test_there_are_at_most_eight_hooks():
    assert len([name for name in vars(Callback) if name.startswith("on_")]) <= 8
    assert {each.name for each in fields(Progress)} >= {"stopped", "best", "watched"}


def test_train_steps_end_in_the_middle_of_an_epoch(fit):
    progress = fit(train_steps=5, batch_size=100).run().progress
    assert (progress.step, progress.total_epochs, progress.epoch) == (5, 3, 3)
    assert progress.stopped == "epochs"


def test_early_stopping_waits_for_so_many_evaluations_and_restores_the_best(fit):
    told = Told()
    made = fit(epochs=200, early_stop=4, learning_rate=0.05, callbacks=[told]).run()
    evaluations = [
        (progress.step, progress.metrics["validation"]["y"]["roc_auc"])
        for hook, progress in told.seen
        if hook == "on_evaluate"
    ]
    best = max(value for _, value in evaluations)
    first = next(i for i, (_, value) in enumerate(evaluations) if value == best)
    assert made.progress.stopped == "early_stop"
    assert len(evaluations) == first + 1 + 4
    assert (made.progress.best, made.progress.best_step) == (best, evaluations[first][0])
    judged = made.loop.watch.measure(made.loop.validation, rows=100)
    assert judged["y"]["roc_auc"] == best


def test_minus_one_never_stops_early(fit):
    assert fit(epochs=12, early_stop=-1, learning_rate=0.5).run().progress.epoch == 12


def test_zero_stops_at_the_first_evaluation_without_gain(fit):
    progress = fit(epochs=100, early_stop=0, learning_rate=0.05).run().progress
    assert progress.stopped == "early_stop"
    assert progress.best_step == progress.step - progress.step // progress.epoch


def test_less_is_better_for_an_error(fit):
    told = Told()
    made = fit(epochs=20, metric="log_loss", learning_rate=0.05, callbacks=[told]).run()
    values = [
        progress.metrics["validation"]["y"]["log_loss"]
        for hook, progress in told.seen
        if hook == "on_evaluate"
    ]
    assert made.progress.best == min(values)


def test_the_loss_can_be_watched(fit):
    told = Told()
    made = fit(epochs=8, metric="loss", learning_rate=0.05, early_stop=-1, callbacks=[told]).run()
    assert made.progress.watched == "validation/y/loss"
    seen = [progress for hook, progress in told.seen if hook == "on_evaluate"]
    values = [each.metrics["validation"]["y"]["loss"] for each in seen]
    assert made.progress.best == min(values)
    assert set(seen[-1].metrics["validation"]["y"]) == {"loss"}
    judged = made.loop.watch.measure(made.loop.validation, rows=100)
    assert judged["y"]["loss"] == pytest.approx(min(values))


def test_the_loss_is_watched_where_the_metric_is_not_defined(fit):
    one_class = batch(50, seed=1)
    one_class.targets["y"][:] = 1
    made = fit(epochs=3, validation=one_class).run()
    progress = made.progress
    assert progress.watched == "validation/y/loss"
    assert made.loop.judge.note == (
        "output 'y': the validation rows leave 'roc_auc' undefined (is there but one class?), so training goes by the loss"
    )
    assert not fit(epochs=1).loop.judge.note
    assert math.isfinite(progress.best)


def test_a_metric_that_is_not_a_number_is_never_the_best(fit):
    made = fit(epochs=1)
    assert not made.loop.judge.better(math.nan, None)
    assert not made.loop.judge.better(math.inf, None)
    assert made.loop.judge.better(0.1, None)
    assert not made.loop.judge.better(0.1, 0.1)


def test_of_two_equal_rankings_the_one_of_less_loss_is_better(fit):
    judge = fit(epochs=1).loop.judge
    assert judge.better(1.0, 1.0, loss=0.2, best_loss=0.3)
    assert not judge.better(1.0, 1.0, loss=0.3, best_loss=0.2)
    assert not judge.better(0.9, 1.0, loss=0.1, best_loss=0.2)


@pytest.mark.parametrize(("rows", "evaluations"), [(50, 50), (200, 15), (2000, 6)])
def test_unless_told_patience_is_six_epochs_and_a_hundred_steps(fit, rows, evaluations):
    usual, asked = fit(rows=rows, batch_size=29).loop, fit(rows=rows, early_stop=6).loop
    assert usual.watch.patience(usual.updates_an_epoch) == evaluations
    assert asked.watch.patience(asked.updates_an_epoch) == 6


def test_a_loss_that_is_not_a_number_says_where_and_what_to_try(fit):
    train = batch(200)
    train.inputs["numbers"][7, 1] = np.inf
    told = Told()
    with pytest.raises(TrainingError) as error:
        fit(train=train, batch_size=100, callbacks=[told]).run()
    assert str(error.value) == (
        "epoch 1, step 2, output 'y': the training loss is not a number (learning rate 0.002). Try a smaller "
        "trainer.learning_rate, a smaller trainer.gradient_clipping.clipglobalnorm, or precision 32; and look "
        "for extreme values in the columns (crosstie check)"
    )
    assert told.seen[-1][0] == "on_train_end"
    assert told.seen[-1][1].stopped == "failed"


def test_weights_that_the_last_step_spoils_are_no_model(fit):
    told = Told()
    with pytest.raises(TrainingError) as error:
        fit(
            train_steps=1,
            judged=False,
            learning_rate=1e30,
            optimizer={"type": "sgd", "weight_decay": 1e30},
            callbacks=[told],
        ).run()
    assert str(error.value) == (
        "step 1, the last: weights are not numbers any more (learning rate 1e+30). Try a smaller "
        "trainer.learning_rate, a smaller trainer.gradient_clipping.clipglobalnorm, or precision 32; and look "
        "for extreme values in the columns (crosstie check)"
    )
    assert told.seen[-1][0] == "on_train_end"
    assert told.seen[-1][1].stopped == "failed"


def test_it_names_the_output_whose_loss_is_not_a_number(fit):
    outputs = (
        *LAYOUT.outputs,
        replace(LAYOUT.outputs[0], name="z", array="output_1", type="number", prior=()),
    )
    train = batch(200)
    targets = {"y": train.targets["y"], "z": np.full(200, np.inf, np.float32)}
    train = Batch(train.inputs, targets)
    network = Network(replace(LAYOUT, outputs=outputs), architecture(outputs), train)
    made = fit(train=train, judged=False, network=network)
    with pytest.raises(TrainingError, match=r"^epoch 1, step 7, output 'z': "):
        made.run()


def test_ctrl_c_ends_after_the_step_with_the_best_weights_in_place(fit):
    """A real signal, in the third epoch's first step; the best so far is the first or second epoch's."""
    told = Told("on_step_end", lambda: os.kill(os.getpid(), signal.SIGINT), at=5)
    made = fit(epochs=50, batch_size=100, callbacks=[told])
    with pytest.raises(KeyboardInterrupt):
        made.run()
    assert (made.progress.stopped, made.progress.step) == ("interrupted", 5)
    assert told.hooks[-2:] == ["on_checkpoint", "on_train_end"]
    two = fit(epochs=2, batch_size=100).run()
    assert same(made.weights, two.weights)


def test_ctrl_c_before_the_first_evaluation_keeps_the_present_weights(fit):
    told = Told("on_step_end", lambda: os.kill(os.getpid(), signal.SIGINT))
    made = fit(epochs=50, batch_size=50, callbacks=[told])
    with pytest.raises(KeyboardInterrupt):
        made.run()
    assert (made.progress.step, made.progress.best) == (1, None)
    assert same(made.weights, fit(train_steps=1, batch_size=50, judged=False).run().weights)


def test_ctrl_c_in_the_range_test_leaves_no_model(fit):
    """Its rates spoil the weights, so there is nothing to keep; and nobody is told of an end without a start."""
    told = Told()
    made = fit(learning_rate="auto", callbacks=[told])
    step = made.loop.update.step

    def interrupted(**asked):
        step(**asked)
        raise KeyboardInterrupt

    made.loop.update.step = interrupted
    with pytest.raises(KeyboardInterrupt):
        made.run()
    assert told.hooks == []


def test_an_interrupt_from_a_callback_ends_the_same_way(fit):
    def stop():
        raise KeyboardInterrupt

    told = Told("on_epoch_end", stop, at=2)
    made = fit(epochs=50, callbacks=[told])
    with pytest.raises(KeyboardInterrupt):
        made.run()
    assert made.progress.stopped == "interrupted"
    assert told.hooks[-1] == "on_train_end"


def test_accumulated_batches_are_one_large_one(fit):
    """Without dropout the order of rows is all that batches decide, and plain descent adds their gradients up."""
    options = {"optimizer": {"type": "sgd"}, "learning_rate": 0.1, "epochs": 2, "judged": False}

    def weights(**more):
        made = fit(**options, **more)
        for module in made.loop.network.modules():
            if isinstance(module, Dropout):
                module.rate = 0.0
        return made.run()

    small = weights(batch_size=25, gradient_accumulation_steps=4)
    effective = weights(batch_size=25, effective_batch_size=100)
    large = weights(batch_size=100)
    assert small.progress.step == large.progress.step == 4
    assert same(small.weights, effective.weights)
    for name, each in large.weights.items():
        assert torch.allclose(each, small.weights[name], atol=1e-6), name


def test_the_last_update_of_an_epoch_takes_the_batches_that_are_left(fit):
    progress = (
        fit(epochs=2, batch_size=50, gradient_accumulation_steps=3, judged=False).run().progress
    )
    assert (progress.step, progress.total_steps, progress.rows) == (4, 4, 400)


def test_a_time_limit_ends_at_an_epochs_end(fit):
    progress = fit(epochs=500, early_stop=-1, time_limit=1e-6).run().progress
    assert (progress.stopped, progress.epoch) == ("time_limit", 1)


def test_the_schedule_decides_each_steps_rate(fit):
    told = Told()
    fit(
        epochs=2,
        batch_size=50,
        learning_rate=0.1,
        learning_rate_scheduler={"type": "linear"},
        callbacks=[told],
    ).run()
    rates = [progress.learning_rate for hook, progress in told.seen if hook == "on_step_end"]
    assert rates == pytest.approx([0.1 * (1 - i / 8) for i in range(8)])


def test_a_plateau_lowers_the_rate(fit):
    told = Told()
    options = {"reduce_on_plateau": 1, "reduce_on_plateau_patience": 1}
    fit(
        epochs=30,
        early_stop=2,
        learning_rate=0.05,
        learning_rate_scheduler={"type": "constant", **options},
        callbacks=[told],
    ).run()
    rates = [progress.learning_rate for hook, progress in told.seen if hook == "on_step_end"]
    assert rates[0] == 0.05
    assert rates[-1] == pytest.approx(0.005)


def test_training_rows_are_measured_when_asked(fit):
    progress = fit(epochs=1, evaluate_training_set=True).run().progress
    assert set(progress.metrics["train"]["y"]) == {"roc_auc", "loss"}


def test_without_validation_rows_the_last_weights_are_kept(fit):
    made = fit(epochs=3, judged=False).run()
    assert (made.progress.best, made.progress.watched, made.progress.epoch) == (None, "", 3)
    assert not made.loop.network.training


def test_averaged_weights_are_those_judged_and_kept(fit):
    made = fit(epochs=3, averaging="ema", averaging_decay=0.9, early_stop=-1).run()
    own = fit(epochs=3, early_stop=-1).run()
    assert not same(made.weights, own.weights)
    judged = made.loop.watch.measure(made.loop.validation, rows=100)
    assert judged["y"]["roc_auc"] == made.progress.best


@pytest.mark.slow
def test_the_weights_of_a_fit_do_not_depend_on_how_often_it_is_judged_or_saved(fit, tmp_path):
    plain = fit(epochs=3, judged=False).run()
    saved = fit(epochs=3, judged=False, steps_per_checkpoint=1, folder=tmp_path / "b").run()
    last = fit(epochs=3, early_stop=-1, checkpoint_seconds=0, folder=tmp_path / "c")
    last.loop.judge.better = lambda *_, **__: False
    assert same(plain.weights, saved.weights)
    assert same(plain.weights, last.run().weights)


@pytest.mark.parametrize(("seconds", "written"), [(1e-9, 0), (0, 20)])
def test_checkpoints_wait_where_writing_them_would_take_most_of_the_time(fit, seconds, written):
    told = Told()
    options = {"epochs": 2, "batch_size": 20, "checkpoint_seconds": seconds, "judged": False}
    made = fit(callbacks=[told], **options)
    made.loop.writing = 1e6  # seconds that the last one took
    made.run()
    steps = {progress.step for hook, progress in told.seen if hook == "on_checkpoint"}
    assert len(steps) == written


def test_checkpoints_come_so_often_an_epoch(fit):
    told = Told()
    options = {"epochs": 2, "batch_size": 20, "checkpoint_seconds": 1e6, "judged": False}
    fit(checkpoints_per_epoch=2, callbacks=[told], **options).run()
    steps = [progress.step for hook, progress in told.seen if hook == "on_checkpoint"]
    assert sorted(set(steps)) == [5, 10, 15, 20]


def test_warm_up_can_be_said_in_epochs_and_what_a_schedule_falls_to_as_a_rate(fit):
    told = Told()
    schedule = {"type": "cosine", "warmup_evaluations": 1.5, "eta_min": 0.02}
    fit(
        epochs=4,
        batch_size=50,
        learning_rate=0.1,
        learning_rate_scheduler=schedule,
        callbacks=[told],
    ).run()
    rates = [progress.learning_rate for hook, progress in told.seen if hook == "on_step_end"]
    rising = [0.1 * (i + 1) / 7 for i in range(6)]
    falling = [0.02 + 0.08 * (1 + np.cos(np.pi * i / 10)) / 2 for i in range(10)]
    assert rates == pytest.approx(rising + falling)


@pytest.mark.parametrize(
    ("pace", "drops"),
    [
        ({"reduce_eval_split": "training"}, False),
        ({"reduce_eval_split": "validation"}, True),
        ({"reduce_eval_metric": "loss"}, True),
    ],
)
def test_a_plateau_can_be_one_of_the_training_loss(fit, pace, drops):
    told = Told()
    train = batch(200)
    opposite = replace(
        train, targets={"y": 1 - train.targets["y"]}
    )  # gets worse as training gets better
    fit(
        train=train,
        validation=opposite,
        epochs=5,
        early_stop=-1,
        learning_rate=0.01,
        learning_rate_scheduler={
            "type": "constant",
            "reduce_on_plateau": 1,
            "reduce_on_plateau_patience": 2,
            **pace,
        },
        callbacks=[told],
    ).run()
    rates = {progress.learning_rate for hook, progress in told.seen if hook == "on_step_end"}
    assert rates == ({0.01, 0.001} if drops else {0.01})


def test_all_outputs_can_be_watched_together_by_their_weighted_losses(fit):
    layout = replace(LAYOUT, outputs=(*LAYOUT.outputs, Output("z", "output_1", "number", 1)))
    sections = architecture(layout.outputs)
    sections["outputs"]["z"]["loss"]["weight"] = 3.0

    def both(seed, rows):
        made = batch(rows, seed=seed)
        return replace(made, targets={**made.targets, "z": made.inputs["numbers"][:, 2].copy()})

    train, validation = both(0, 200), both(1, 100)
    network = Network(layout, sections, train)
    done = fit(
        network=network, train=train, validation=validation, validation_field="combined", epochs=3
    ).run()
    assert done.progress.watched == "validation/combined/loss"
    with torch.no_grad():
        inputs = {name: torch.from_numpy(each) for name, each in validation.inputs.items()}
        targets = {name: torch.from_numpy(each) for name, each in validation.targets.items()}
        logits = network(inputs)
        parts = [
            network.losses[each.array](logits[each.name], targets[each.name])
            for each in layout.outputs
        ]
    assert done.progress.best == pytest.approx(float(parts[0] + 3 * parts[1]), rel=1e-5)
    assert set(done.progress.metrics["validation"]) == {"y", "z", "combined"}


def test_validation_rows_can_be_judged_by_their_first_batches(fit):
    validation = batch(1000, seed=1)
    few = fit(epochs=1, eval_steps=2, eval_batch_size=100, validation=validation).run()
    same = fit(epochs=1, validation=validation.take(slice(200))).run()
    assert few.progress.metrics == same.progress.metrics
