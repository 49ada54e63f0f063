"""Runs that begin with the weights of an earlier one."""

import json
import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file

import crosstie
from crosstie.artifact.fitted import load_fitted
from crosstie.errors import ConfigError, RunError

SMALL = [
    "trainer.epochs=1",
    "combiner={type: concat, members: 1, num_fc_layers: 1, output_size: 8}",
]


@pytest.fixture(scope="module")
def messages(shared_data):
    """The first 400 text messages, each with its label."""
    path = shared_data / "text_sms_spam" / "sms.tsv"
    lines = path.read_text(encoding="utf-8").splitlines()[:400]
    return [line.split("\t", 1) for line in lines]


@pytest.fixture(scope="module")
def earlier(messages, tmp_path_factory):
    return crosstie.train(
        table(messages[:200]),
        target="label",
        model_type="ecd",
        set=SMALL,
        output=tmp_path_factory.mktemp("runs") / "earlier",
    )


def table(messages):
    return {
        "label": [label for label, _ in messages],
        "text": [text for _, text in messages],
    }


def test_the_vocabulary_grows_and_the_earlier_vectors_stay(messages, earlier, tmp_path):
    said = []
    run = crosstie.train(
        table(messages[200:]),
        target="label",
        start_from=earlier.path,
        set=["trainer.learning_rate=1e-12"],
        output=tmp_path / "run",
        say=said.append,
    )

    then, now = (load_fitted(each.path / "network").inputs[0].words for each in (earlier, run))
    assert now[: len(then)] == then
    assert len(now) > len(then)
    vectors = "inputs.groups.0.encoder.tokens.weight"
    before, after = (
        load_file(each.path / "network" / "weights.safetensors")[vectors] for each in (earlier, run)
    )
    np.testing.assert_allclose(after[: len(before)], before, atol=1e-8)
    [line] = [each for each in said if each.startswith("weights")]
    assert line.startswith(f"weights taken: encoder of 'text' ({len(then)} of {len(now)}; new: ")
    assert line.endswith("combiner; decoder of 'label'")
    facts = run.evaluation["models"][0]["about"]["start"]
    assert facts["new"] == facts["unused"] == []
    assert run.manifest["start"]["from"] == str(earlier.path / "network")


def test_what_the_file_leaves_open_is_as_in_the_earlier_run(messages, earlier, tmp_path):
    plan = crosstie.check(
        table(messages[200:]), target="label", start_from=earlier.path / "network"
    )

    assert plan.model_type == "ecd"
    assert plan.config["combiner"]["members"] == 1
    assert plan.config["combiner"]["output_size"] == 8
    assert plan.inferred[0].why == "as in the run it starts from"


def test_a_network_begins_elsewhere_without_the_run_it_came_from(messages, earlier, tmp_path):
    shutil.copytree(earlier.path / "network", tmp_path / "stranger")

    run = crosstie.train(
        {
            "target": "label",
            "start_from": str(tmp_path / "stranger"),
            "trainer": {"epochs": 1},
            "model_type": "ecd",
        },
        data=table(messages[200:]),
        output=tmp_path / "run",
    )

    assert run.evaluation["models"][0]["about"]["start"]["new"] == []


def test_a_class_that_is_new_gets_a_row_of_its_own(messages, earlier, tmp_path):
    rows = table(messages[200:])
    rows["label"] = ["news" if i % 5 == 0 else each for i, each in enumerate(rows["label"])]
    said = []

    crosstie.train(
        rows,
        target="label",
        start_from=earlier.path,
        set=["trainer.epochs=1"],
        types={"label": "category"},
        output=tmp_path / "run",
        say=said.append,
    )

    # two classes were one number, three are three scores
    new = "weights that are new: decoder of 'label' (the earlier one is of another type or shape)"
    assert new in said
    assert not [line for line in said if "not used" in line]


@pytest.mark.parametrize(
    ("learner", "said"),
    [
        ("linear", "is a linear model; only a network has weights to start from"),
        ("gbm", "is a gbm model; only a network has weights to start from"),
    ],
)
def test_only_a_network_has_weights_to_start_from(few_customers, tmp_path, learner, said):
    run = crosstie.train(few_customers, target="Churn", model_type=learner, output=tmp_path / "run")
    with pytest.raises(ConfigError) as caught:
        crosstie.check(few_customers, target="Churn", start_from=run.path)
    assert str(caught.value) == f"--from: {run.path}: {said}"


def test_only_a_network_begins_with_weights(few_customers, earlier):
    with pytest.raises(ConfigError) as caught:
        crosstie.check(few_customers, target="Churn", start_from=earlier.path, model_type="gbm")
    assert (
        str(caught.value) == "--from: a gbm model does not begin with weights; set model_type: ecd"
    )


def test_a_network_that_is_not_there_or_lacks_a_file_is_told(few_customers, earlier, tmp_path):
    part = tmp_path / "part"
    shutil.copytree(earlier.path / "network", part)
    (part / "features.json").unlink()

    for reference, said in {
        "no/run": "no/run: no such run; there are no runs in runs",
        str(part): f"{part}: lacks features.json; copy the whole folder again",
    }.items():
        with pytest.raises(ConfigError) as caught:
            crosstie.check(few_customers, target="Churn", start_from=reference)
        assert str(caught.value) == f"--from: {said}"


def test_a_resume_is_refused_once_the_earlier_weights_are_others(messages, earlier, tmp_path):
    own = tmp_path / "network"
    shutil.copytree(earlier.path / "network", own)
    data = tmp_path / "data.jsonl"
    lines = [json.dumps({"label": label, "text": text}) for label, text in messages[200:]]
    data.write_text("\n".join(lines), encoding="utf-8")
    run = crosstie.train(
        data, target="label", start_from=own, set=["trainer.epochs=1"], output=tmp_path / "run"
    )
    run.note(exit="interrupted")
    weights = own / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\0\0\1")

    with pytest.raises(RunError) as caught:
        crosstie.train(resume=run.path)
    assert "began with the weights in" in str(caught.value)
