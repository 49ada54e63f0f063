"""Published weights from the file to the served model."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from tiny import WORDS, published

import crosstie
from crosstie.config.document import dump
from crosstie.errors import ConfigError
from crosstie.pipeline.run import Run

CARD = "---\nlicense: mit\n---\nA card."


def table(folder: Path, rows: int = 120) -> None:
    rng = np.random.default_rng(0)
    with (folder / "texts.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "y"])
        for i in range(rows):
            words = [*rng.choice(WORDS[3:], rng.integers(2, 8)), *(["free", "win"] * (i % 2))]
            writer.writerow([" ".join(words), ["no", "yes"][i % 2]])


def model(encoder: dict[str, object], **trainer: object) -> dict[str, object]:
    return {
        "name": "texts",
        "data": "texts.csv",
        "input_features": [{"name": "text", "type": "text", "encoder": encoder}],
        "output_features": [{"name": "y", "type": "category"}],
        "combiner": {"type": "concat", "members": 1, "output_size": 8},
        "trainer": {"epochs": 3, **trainer},
    }


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    published(tmp_path / "tiny", card=CARD)
    table(tmp_path)
    return tmp_path


def trained(folder: Path, encoder: dict[str, object], **trainer: object) -> Run:
    (folder / "model.yaml").write_text(dump(model(encoder, **trainer)))
    return crosstie.train(folder / "model.yaml", runs=folder / "runs")


def test_a_run_keeps_where_its_weights_are_from(folder: Path) -> None:
    run = trained(folder, {"type": "pretrained", "model": "tiny"})
    kept = run.manifest["published"]["text"]
    assert {**kept, "sha256": len(kept["sha256"])} == {
        "source": "tiny",
        "kind": "folder",
        "revision": None,
        "licence": "mit",
        "sha256": 64,
    }
    travelling = json.loads((run.model / "published.json").read_text())
    assert travelling == {"text": {**kept, "card": CARD}}
    assert "card" not in json.dumps(run.evaluation["models"])
    loaded = crosstie.load(run.path)
    found = loaded.predict([{"text": "free win now"}, {"text": "hello you"}, {"text": ""}])
    alone = loaded.predict({"text": "hello you"})
    assert alone["y_probability_yes"] == pytest.approx(found[1]["y_probability_yes"], abs=1e-6)
    assert str(folder) not in (run.model / "features.json").read_text()
    pieces = list((folder / ".crosstie" / "vectors").glob("*/*.safetensors"))
    assert len(pieces) == 2  # of training and of validation rows
    again = trained(folder, {"type": "pretrained", "model": "tiny"})
    assert again.metrics == run.metrics
    assert list((folder / ".crosstie" / "vectors").glob("*/*.safetensors")) == pieces


@pytest.mark.slow
def test_training_all_layers_learns_more_than_none(folder: Path) -> None:
    run = trained(
        folder,
        {"type": "pretrained", "model": "tiny", "trainable": "all", "layer_decay": 0.9},
        epochs=25,
        learning_rate=0.01,
    )
    assert run.metrics["test"]["y"]["accuracy"] == 1.0


@pytest.mark.slow
def test_an_adapter_is_one_line_and_leaves_no_trace(folder: Path) -> None:
    run = trained(folder, {"type": "pretrained", "model": "tiny", "adapter": "lora"})
    config = json.loads((run.path / "network" / "config.json").read_text())
    assert config["architecture"]["inputs"]["text"]["encoder"]["adapter"] is None


def test_ludwigs_family_names_are_understood(folder: Path) -> None:
    encoder = {
        "type": "bert",
        "pretrained_model_name_or_path": "tiny",
        "use_pretrained": True,
        "trainable": False,
        "reduce_output": "cls_pooled",
    }
    (folder / "model.yaml").write_text(dump(model(encoder)))
    plan = crosstie.check(folder / "model.yaml")
    filled = plan.config["input_features"][0]
    assert filled["encoder"]["type"] == "pretrained"
    assert filled["encoder"]["model"] == str(folder / "tiny")
    assert filled["encoder"]["pooling"] == "cls_pooled"
    assert filled["preprocessing"]["tokenizer"] == "pretrained"


def test_a_misspelt_option_is_answered(folder: Path) -> None:
    encoder = {"type": "pretrained", "model": "./nowhere", "poling": "mean"}
    (folder / "model.yaml").write_text(dump(model(encoder)))
    with pytest.raises(ConfigError) as caught:
        crosstie.check(folder / "model.yaml")
    found = [str(each).partition(" ")[2] for each in caught.value.problems]
    assert "input_features[0].encoder.poling: unknown option; did you mean 'pooling'?" in found


def test_a_model_that_is_not_there_is_told_with_its_line(folder: Path) -> None:
    encoder = {"type": "pretrained", "model": "./nowhere"}
    (folder / "model.yaml").write_text(dump(model(encoder)))
    with pytest.raises(ConfigError) as caught:
        crosstie.check(folder / "model.yaml")
    (problem,) = caught.value.problems
    assert str(problem).endswith("[0].encoder.model: there is no folder './nowhere'")
