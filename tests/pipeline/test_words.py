"""Words of other tools in `trainer:` are answered with ours, not with the nearest spelling."""

import pytest

import crosstie
from crosstie.errors import ConfigError


def answers(customers, learner, trainer):
    with pytest.raises(ConfigError) as caught:
        crosstie.check(
            {"target": "Churn", "model_type": learner, "trainer": trainer}, data=customers
        )
    return [str(each) for each in caught.value.problems]


def test_words_of_allennlp_and_lightning_are_answered_with_ours(few_customers):
    said = answers(
        few_customers,
        "ecd",
        {"num_epochs": 3, "patience": 5, "grad_clipping": 1.0, "cuda_devices": [0, 1]},
    )
    assert said == [
        "trainer.num_epochs: is called 'epochs' here",
        "trainer.patience: is called 'early_stop' here",
        "trainer.grad_clipping: is called 'gradient_clipping' here",
        "trainer.cuda_devices: is called 'devices' here",
    ]


@pytest.mark.parametrize(
    ("learner", "word", "said"),
    [
        ("ecd", "lr", "is called 'learning_rate' here"),
        ("ecd", "accumulate_grad_batches", "is called 'gradient_accumulation_steps' here"),
        ("ecd", "unfreeze_at_epoch", "is called 'freeze_epochs' here"),
        ("ecd", "no_grad", "is called 'freeze' here"),
        ("ecd", "gpus", "is called 'devices' here"),
        ("ecd", "accelerator", "is called 'device' here"),
        ("ecd", "clipnorm", "write `gradient_clipping: {clipglobalnorm: …}`"),
        ("ecd", "fit_one_cycle", "write `learning_rate_scheduler: one_cycle`"),
        ("ecd", "strategy", "write `devices: …`, which is all that several devices need"),
        ("ecd", "resume_from_checkpoint", "write `crosstie train --resume RUN`"),
        ("ecd", "random_state", "belongs to the top of the file, as `seed: …`"),
        ("gbm", "n_iter", "is called 'n_estimators' here"),
        ("gbm", "thread_count", "write `--threads N` on the command line"),
        ("gbm", "one_hot_max_size", "is called 'max_cat_to_onehot' here"),
        ("gbm", "colsample_bylevel", "columns are drawn once a tree: write `feature_fraction: …`"),
        ("linear", "tol", "is called 'tolerance' here"),
        ("linear", "l1_ratio", "is always l2; how strong, says `l2: …`"),
    ],
)
def test_a_word_of_another_tool_is_answered(few_customers, learner, word, said):
    assert answers(few_customers, learner, {word: 7}) == [f"trainer.{word}: {said}"]
