import numpy as np
import pytest

from crosstie.config.options import build, fill
from crosstie.data.batch import Batch
from crosstie.errors import ConfigError
from crosstie.training.trainer import Trainer


def rows(count, width=3):
    return Batch({"numbers": np.broadcast_to(np.float32(0), (count, width))})


@pytest.mark.parametrize(
    ("count", "size"),
    [(10, 10), (500, 32), (2_800, 64), (4_500, 128), (6_400, 256), (32_561, 512), (200_000, 1024)],
)
def test_the_batch_size_follows_the_rows(count, size):
    assert Trainer().batches.rows_a_step(rows(count)) == size


def test_wide_rows_make_small_batches():
    assert Trainer().batches.rows_a_step(rows(50_000, width=4096)) == 256  # 4 MiB of 16 kB
    assert Trainer().batches.rows_a_step(rows(50_000, width=1 << 20)) == 16


def test_a_batch_is_never_larger_than_the_table():
    assert Trainer(batch_size=128).batches.rows_a_step(rows(50)) == 50


def test_an_effective_batch_is_made_of_whole_batches():
    trainer = Trainer(effective_batch_size=1000)
    size = trainer.batches.rows_a_step(rows(10_000))
    assert (size, trainer.batches.batches_an_update(size)) == (250, 4)
    both = Trainer(effective_batch_size=1000, gradient_accumulation_steps=10)
    assert (both.batches.rows_a_step(rows(10_000)), both.batches.batches_an_update(100)) == (
        100,
        10,
    )
    assert Trainer(batch_size=50, effective_batch_size=1000).batches.batches_an_update(50) == 20


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"batch_size": 128, "effective_batch_size": 200},
            "trainer.effective_batch_size: must be a multiple of batch_size 128, got 200. Leave one of them out",
        ),
        (
            {"gradient_accumulation_steps": 3, "effective_batch_size": 200},
            (
                "trainer.effective_batch_size: must be a multiple of gradient_accumulation_steps 3, got 200. "
                "Leave one of them out"
            ),
        ),
        (
            {"batch_size": 50, "gradient_accumulation_steps": 3, "effective_batch_size": 200},
            (
                "trainer.effective_batch_size: must be batch_size 50 times 3 batches an update, got 200. "
                "Leave one of them out"
            ),
        ),
    ],
)
def test_batch_sizes_that_contradict_each_other_are_refused(options, message):
    with pytest.raises(ConfigError) as error:
        Trainer(**options)
    assert str(error.value) == message


def test_more_rows_are_measured_at_once_than_learned_from():
    assert Trainer().batches.rows_an_evaluation(32) == 256
    assert Trainer().batches.rows_an_evaluation(1024) == 2048
    assert Trainer(eval_batch_size=7).batches.rows_an_evaluation(1024) == 7


def test_defaults_are_the_published_recipe():
    filled = fill(Trainer, {}, "trainer")
    assert filled["optimizer"] == {
        "type": "adamw",
        "weight_decay": 0.0003,
        "betas": [0.9, 0.999],
        "eps": 1e-8,
        "amsgrad": False,
    }
    trainer = build(Trainer, **filled)
    assert (trainer.learning_rate, trainer.early_stop, trainer.clipping.clipglobalnorm) == (
        0.002,
        None,
        1.0,
    )
    assert trainer.schedule.factor(70, 100) == 1


def test_a_section_of_ludwigs_runs_as_it_is():
    given = {
        "epochs": 5,
        "batch_size": "auto",
        "eval_batch_size": None,
        "effective_batch_size": "auto",
        "gradient_accumulation_steps": "auto",
        "learning_rate": 0.001,
        "learning_rate_scheduler": {"decay": "exponential", "decay_rate": 0.9, "decay_steps": 100},
        "optimizer": {"type": "adam", "betas": [0.9, 0.99]},
        "gradient_clipping": {"clipglobalnorm": 0.5, "clipnorm": None, "clipvalue": None},
        "regularization_type": "l2",
        "regularization_lambda": 0.001,
        "early_stop": 5,
        "steps_per_checkpoint": 0,
        "checkpoints_per_epoch": 2,
        "evaluate_training_set": True,
        "compile": False,
    }
    trainer = build(Trainer, **fill(Trainer, given, "trainer"))
    assert (trainer.optimizer.betas, trainer.clipping.clipglobalnorm) == ((0.9, 0.99), 0.5)
    assert trainer.schedule.factor(100, 1000) == pytest.approx(0.9)


def test_every_mistake_is_named_at_once():
    with pytest.raises(ConfigError) as error:
        fill(
            Trainer,
            {"epoch": 3, "precision": 16, "optimizer": {"type": "adamw", "lr": 1}},
            "trainer",
        )
    where = [each.where.rstrip(".") for each in error.value.problems]
    assert where == ["trainer.epoch", "trainer.optimizer.lr", "trainer.precision"]
