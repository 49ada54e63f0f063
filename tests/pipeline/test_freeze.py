import pytest

import crosstie
from crosstie.errors import ConfigError


def refused(customers, *options):
    with pytest.raises(ConfigError) as caught:
        crosstie.check(customers, target="Churn", model_type="ecd", set=options)
    return str(caught.value).splitlines()


def test_a_part_that_is_not_there_is_told_with_the_nearest(few_customers):
    assert refused(few_customers, "trainer.freeze=[encoder, tenur]") == [
        "--set trainer.freeze[0]: no part of the network is called 'encoder'; did you mean 'encoders'?",
        "--set trainer.freeze[1]: no part of the network is called 'tenur'; did you mean 'tenure'?",
    ]


def test_a_column_is_not_frozen_without_those_that_share_its_encoder(few_customers):
    assert refused(few_customers, "trainer.freeze=[tenure]") == [
        (
            "--set trainer.freeze[0]: 'tenure' shares its encoder with 'MonthlyCharges', 'TotalCharges'; "
            "name them too, or give it encoder options of its own"
        )
    ]


def test_freezing_everything_is_refused(few_customers):
    assert refused(few_customers, "trainer.freeze=[encoders, combiner, Churn]") == [
        "--set trainer.freeze: leaves nothing to learn; take a part out"
    ]


def test_a_recipe_says_what_the_file_leaves_out(few_customers):
    trainer = crosstie.show(
        few_customers,
        target="Churn",
        model_type="ecd",
        set=["trainer.recipe=fine_tune", "trainer.epochs=3"],
    )["trainer"]
    found = {
        name: trainer[name] for name in ("epochs", "early_stop", "freeze_epochs", "rate_ratio")
    }
    assert found == {"epochs": 3, "early_stop": -1, "freeze_epochs": 1, "rate_ratio": 100.0}
    assert trainer["learning_rate_scheduler"]["type"] == "one_cycle"


def test_fine_tuning_from_earlier_weights_ends_in_a_run(few_customers, tmp_path):
    small = ["trainer.epochs=2", "combiner={type: concat, members: 1, output_size: 8}"]
    earlier = crosstie.train(
        few_customers, target="Churn", model_type="ecd", set=small, output=tmp_path / "earlier"
    )
    run = crosstie.train(
        few_customers,
        target="Contract",
        start_from=earlier.path,
        set=["trainer.recipe=fine_tune", "trainer.epochs=2", "trainer.learning_rate=auto"],
        output=tmp_path / "run",
    )
    assert run.manifest["exit"] == "done"
    assert run.evaluation["models"][0]["about"]["epochs"] == 2
    assert (run.path / "learning_rate.svg").read_text(encoding="utf-8").startswith("<svg")
