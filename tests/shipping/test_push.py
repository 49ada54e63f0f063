"""Publishing: what leaves a machine, what stays, and that it comes back as it was."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import local_hub as stand_in
import numpy as np
import pytest
from huggingface_hub import constants
from tiny import published

import crosstie
from crosstie.config.yaml import read_yaml
from crosstie.errors import ArtifactError, ConfigError, HubError, RunError

# the library's own, of how it calls another
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

SERVED = [
    "README.md",
    "config.yaml",
    "evaluation.json",
    "manifest.json",
    "metrics.json",
    "model/arrays.safetensors",
    "model/ensemble.json",
    "model/example.json",
    "model/features.json",
    "model/graph/0.onnx",
    "model/inference.json",
    "model/manifest.json",
    "model/schema.json",
]
NETWORK = [
    "network/arrays.safetensors",
    "network/config.json",
    "network/features.json",
    "network/weights.safetensors",
]


@pytest.fixture(scope="module")
def table(customers, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("data") / "few.csv"
    lines = customers.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:401]), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def run(table, tmp_path_factory) -> crosstie.Run:
    return crosstie.train(
        str(table),
        target="Churn",
        model_type="ecd",
        name="churn",
        set=["trainer.epochs=1", "combiner={type: concat, members: 1, num_fc_layers: 1}"],
        output=tmp_path_factory.mktemp("runs") / "secret-project",
    )


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A hub on this machine; this process has a token that may write to `acme`, and an empty cache."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.setenv("HF_TOKEN", stand_in.WRITES)
    with stand_in.serve() as served:
        monkeypatch.setenv("HF_ENDPOINT", served.url)
        yield served


def said_of(model, table: Path) -> list:
    found = crosstie.predict(model, str(table))
    return [list(found["Churn_prediction"]), list(found["Churn_probability_Yes"])]


def head(card: str) -> dict:
    return read_yaml(card.split("---\n")[1], "README.md").value


@pytest.mark.slow
def test_a_folder_holds_weights_model_figures_and_a_card(run, tmp_path):
    done = crosstie.push(run, tmp_path / "out")

    assert done.model == str(tmp_path / "out")
    assert done.url == ""
    assert sorted(done.files) == sorted(SERVED + NETWORK)
    assert done.files == {
        name: (tmp_path / "out" / name).stat().st_size for name in sorted(SERVED + NETWORK)
    }
    weights = "network/weights.safetensors"
    assert (tmp_path / "out" / weights).read_bytes() == (run.path / weights).read_bytes()


@pytest.mark.slow
def test_nothing_published_tells_of_rows_places_or_the_machine(run, table, tmp_path):
    crosstie.push(run, tmp_path / "out")

    rows = table.read_text(encoding="utf-8").splitlines()
    ids = {row.split(",")[0] for row in rows[1:]}
    facts = json.loads((run.path / "manifest.json").read_text())
    secrets = {
        str(table),
        str(run.path),
        "secret-project",
        "few.csv",
        str(Path.home()) + "/",
        facts["data"]["train"]["fingerprint"],
        facts["host"]["system"],
        *ids,
    }
    for path in (tmp_path / "out").rglob("*.*"):
        text = path.read_bytes().decode("utf-8", errors="replace")
        assert not [each for each in secrets if each in text], path
    config = read_yaml((tmp_path / "out" / "config.yaml").read_text(), "").value
    assert "data" not in config
    assert config["model_type"] == "ecd"


def test_the_card_says_what_the_model_is_for_and_how_good_it_is(run, tmp_path):
    crosstie.push(run, tmp_path / "out", license="apache-2.0")

    text = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    found = head(text)
    score = run.metrics["test"]["Churn"]["roc_auc"]
    low, high = run.evaluation["outputs"]["Churn"]["intervals"]["roc_auc"]
    assert {key: found[key] for key in ("library_name", "license", "pipeline_tag", "tags")} == {
        "library_name": "crosstie",
        "license": "apache-2.0",
        "pipeline_tag": "tabular-classification",
        "tags": ["crosstie", "onnx", "ecd"],
    }
    [result] = found["model-index"][0]["results"]
    assert result["metrics"][0] == {
        "type": "roc_auc",
        "name": "roc_auc",
        "value": round(score, 4),
    }
    assert f"| roc_auc | **{score:.4g}** | {low:.4g} to {high:.4g} |" in text
    assert "| Churn | binary | No, Yes |" in text
    assert "| tenure | number |" in text
    assert 'model = crosstie.load("out")' in text


def test_what_the_card_shows_in_python_runs(run, tmp_path, monkeypatch):
    crosstie.push(run, tmp_path / "out")
    text = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    code = text.split("```python\n")[1].split("```")[0]
    assert code.count("crosstie.load") == code.count("model.predict") == 1
    monkeypatch.chdir(tmp_path)

    names: dict = {}
    exec(code.replace("model.predict(", "answer = model.predict("), names)

    example = json.loads((tmp_path / "out" / "model" / "example.json").read_text())
    assert names["answer"]["Churn_prediction"] == example["predictions"][0]["Churn_prediction"]


@pytest.mark.slow
def test_a_published_folder_is_a_model_and_a_network_to_begin_with(run, table, tmp_path):
    crosstie.push(run, tmp_path / "out")

    plan = crosstie.check(str(table), target="Churn", start_from=tmp_path / "out")

    assert said_of(tmp_path / "out", table) == said_of(run.path, table)
    assert plan.earlier.folder == tmp_path / "out" / "network"


def test_a_published_folder_is_published_again_with_the_card_that_was_edited(run, tmp_path):
    crosstie.push(run, tmp_path / "out")
    card = tmp_path / "out" / "README.md"
    card.write_text(card.read_text(encoding="utf-8") + "Mine: out.\n", encoding="utf-8")

    again = crosstie.push(tmp_path / "out", tmp_path / "again")

    assert sorted(again.files) == sorted(SERVED + NETWORK)
    text = (tmp_path / "again" / "README.md").read_text(encoding="utf-8")
    assert text.endswith("ask before you use it\nMine: out.\n")
    assert 'crosstie.load("again")' in text
    assert "crosstie predict again table.csv" in text


def test_a_published_file_that_was_changed_is_told(run, table, tmp_path):
    crosstie.push(run, tmp_path / "out")
    path = tmp_path / "out" / "network" / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")

    with pytest.raises(ConfigError) as error:
        crosstie.check(str(table), target="Churn", start_from=tmp_path / "out")
    with pytest.raises(ArtifactError):
        crosstie.push(tmp_path / "out", tmp_path / "again")

    assert f"{path}: not the file that was published (its hash differs)" in str(error.value)
    assert not (tmp_path / "again").exists()


def test_a_dry_run_lists_the_same_files_and_writes_none(run, tmp_path, monkeypatch):
    monkeypatch.delenv("HF_TOKEN", raising=False)
    folder = crosstie.push(run, tmp_path / "out", dry_run=True)
    far = crosstie.push(run, "hf://acme/churn", dry_run=True)

    assert sorted(folder.files) == sorted(far.files) == sorted(SERVED + NETWORK)
    assert far.model == "hf://acme/churn"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_empty_is_left_alone(run, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")

    with pytest.raises(RunError) as error:
        crosstie.push(run, tmp_path)

    assert str(error.value) == (
        f"{tmp_path}: is not empty; give a new folder, or remove this one yourself"
    )
    assert [each.name for each in tmp_path.iterdir()] == ["mine.txt"]


def test_a_model_alone_is_not_what_is_published(run, tmp_path):
    with pytest.raises(RunError) as error:
        crosstie.push(run.model, tmp_path / "out")

    assert str(error.value) == f"{run.model}: is a model alone; give the run it came from"


@pytest.mark.slow
def test_options_of_the_hub_are_no_options_of_a_folder(run, tmp_path):
    with pytest.raises(ConfigError) as error:
        crosstie.push(run, str(tmp_path / "out"), private=True, message="first")

    assert str(error.value).splitlines() == [
        f"--private: is for the hub; '{tmp_path}/out' is a folder. Did you mean hf://ORG/NAME?",
        f"--message: is for the hub; '{tmp_path}/out' is a folder. Did you mean hf://ORG/NAME?",
    ]


@pytest.mark.parametrize("to", ["hf://churn", "hf://acme/churn/model", "hf://acme/churn@"])
def test_a_place_of_another_form_is_told(run, to):
    with pytest.raises(ConfigError) as error:
        crosstie.push(run, to)

    assert str(error.value) == f"{to}: is not of the form hf://ORG/NAME or hf://ORG/NAME@REVISION"


@pytest.mark.slow
def test_words_of_private_columns_are_published_only_when_allowed(table, tmp_path):
    run = crosstie.train(
        str(table),
        target="Churn",
        model_type="linear",
        set=["private=[Contract, tenure, Partner]"],
        output=tmp_path / "run",
    )

    with pytest.raises(RunError) as error:
        crosstie.push(run, tmp_path / "out")
    crosstie.push(run, tmp_path / "out", allow_private=True)

    assert str(error.value).splitlines() == [
        f"private column {name!r}: the model holds words of its cells, which it cannot be without. Train with "
        f"`exclude: [{name}]`, or say --allow-private"
        for name in ("Partner", "Contract")
    ]
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "| Contract | category | None |" in card


@pytest.mark.slow
def test_where_published_weights_are_from_travels_on_without_their_folder(tmp_path):
    (tmp_path / "home").mkdir()
    weights = published(tmp_path / "home", card="---\nlicense: mit\n---\nA card.")
    texts = ["free prize now", "how are you", "win cash call", "see you home"]
    run = crosstie.train(
        {
            "input_features": [
                {
                    "name": "text",
                    "type": "text",
                    "encoder": {"type": "pretrained", "model": str(weights)},
                }
            ],
            "output_features": [{"name": "kind", "type": "binary"}],
            "trainer": {"epochs": 1},
            "private": ["text"],
            "split": {"type": "random", "probabilities": [1, 0, 0]},
        },
        data={"text": texts * 5, "kind": ["ad", "no"] * 10},
        output=tmp_path / "run",
    )

    crosstie.push(run, tmp_path / "out")

    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    digest = run.manifest["published"]["text"]["sha256"]
    assert (
        f"- holds published weights: {weights.name} (folder, licence mit), SHA-256 {digest}\n"
        in card
    )
    for path in (tmp_path / "out").rglob("*.*"):
        assert str(tmp_path) not in path.read_bytes().decode("utf-8", errors="replace"), path
    facts = json.loads((tmp_path / "out" / "model" / "published.json").read_text())
    assert facts["text"]["card"] == "---\nlicense: mit\n---\nA card."
    assert head(card)["pipeline_tag"] == "text-classification"


@pytest.mark.slow
def test_the_hub_gets_one_commit_and_gives_the_model_back(run, table, hub):
    done = crosstie.push(run, "hf://acme/churn", message="First try")

    repository = hub.repositories["acme/churn"]
    assert repository.messages == ["initial commit", "First try"]
    assert done.model == f"hf://acme/churn@{repository.branches['main']}"
    assert sorted(repository.commits[repository.branches["main"]]) == sorted(SERVED + NETWORK)
    assert not repository.private

    for reference in ("hf://acme/churn", done.model):
        assert said_of(reference, table) == said_of(run.path, table)
    assert crosstie.evaluate("hf://acme/churn", str(table)) == crosstie.evaluate(
        run.path, str(table)
    )
    fetched = {path for method, path, _ in hub.requests if "/resolve/" in path}
    assert not [path for path in fetched if "/network/" in path]


@pytest.mark.slow
def test_a_run_begins_with_the_weights_of_a_commit_and_says_which(run, table, hub, tmp_path):
    done = crosstie.push(run, "hf://acme/churn")

    later = crosstie.train(
        str(table),
        target="Churn",
        start_from="hf://acme/churn",
        set=["trainer.epochs=1"],
        output=tmp_path / "later",
    )
    crosstie.push(later, tmp_path / "out")

    assert later.manifest["start"]["from"] == done.model
    assert f"start_from: {done.model}\n" in (later.path / "config.yaml").read_text()
    weights = later.manifest["start"]["weights"]
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert f"- began with the weights of {done.model} (SHA-256 {weights})\n" in card


@pytest.mark.slow
def test_a_later_commit_leaves_nothing_of_the_one_before(run, table, hub, tmp_path):
    crosstie.push(run, "hf://acme/churn")
    linear = crosstie.train(
        str(table), target="Churn", model_type="linear", output=tmp_path / "linear"
    )

    crosstie.push(linear, "hf://acme/churn")

    repository = hub.repositories["acme/churn"]
    files = sorted(repository.commits[repository.branches["main"]])
    assert files == sorted([*SERVED, "network/columns.json", "network/linear.safetensors"])
    with pytest.raises(ConfigError, match="is a linear model; only a network has weights"):
        crosstie.check(str(table), target="Churn", start_from="hf://acme/churn")


def test_a_branch_is_made_and_read(run, table, hub):
    done = crosstie.push(run, "hf://acme/churn", revision="next")

    repository = hub.repositories["acme/churn"]
    assert repository.commits[repository.branches["main"]] == {}
    assert done.model == f"hf://acme/churn@{repository.branches['next']}"
    assert len(crosstie.predict("hf://acme/churn@next", str(table))["Churn_prediction"]) == 400


@pytest.mark.slow
def test_a_private_model_is_made_private_and_never_put_where_all_can_see_it(run, hub):
    crosstie.push(run, "hf://acme/own", private=True)
    crosstie.push(run, "hf://acme/shown")

    with pytest.raises(HubError) as error:
        crosstie.push(run, "hf://acme/shown", private=True)

    assert hub.repositories["acme/own"].private
    assert len(hub.repositories["acme/shown"].messages) == 2
    assert str(error.value) == (
        "hf://acme/shown: is there already and public, which --private does not change. Make it private in its "
        "settings first, or give another name"
    )


@pytest.mark.slow
def test_each_refusal_of_the_hub_says_what_to_do(run, hub, monkeypatch):
    def said(to: str) -> str:
        with pytest.raises(HubError) as error:
            crosstie.push(run, to)
        return str(error.value)

    assert said("hf://nobody/churn") == (
        "hf://nobody/churn: there is no organisation or user 'nobody' that this token can write to"
    )
    refused = (
        "the hub refuses: You don't have the rights to create a model under this namespace. With a token that may "
        "write to {} type `hf auth login`, or set HF_TOKEN"
    )
    assert said("hf://others/churn") == "hf://others/churn: " + refused.format("'others'")
    monkeypatch.setenv("HF_TOKEN", stand_in.READS)
    assert said("hf://acme/churn") == "hf://acme/churn: " + refused.format("'acme'")
    monkeypatch.setenv("HF_TOKEN", "hf_" + "x" * 34)
    assert said("hf://acme/churn") == (
        "hf://acme/churn: the hub does not know this token. With a new one type `hf auth login`, or set HF_TOKEN"
    )
    monkeypatch.delenv("HF_TOKEN")
    before = len(hub.requests)
    assert said("hf://acme/churn") == (
        "hf://acme/churn: publishing needs a token that may write there: type `hf auth login`, or set HF_TOKEN"
    )
    assert len(hub.requests) == before
    assert hub.repositories == {}


def test_a_token_is_never_shown_even_when_the_hub_repeats_it(run, hub):
    hub.answer = (418, f"no tea for {stand_in.WRITES}")

    with pytest.raises(HubError) as error:
        crosstie.push(run, "hf://acme/churn")

    assert str(error.value) == (
        "hf://acme/churn: the hub answers 418: no tea for …. Try again later"
    )


@pytest.mark.slow
def test_a_hub_out_of_reach_leaves_what_was_fetched_before(run, table, hub, monkeypatch):
    crosstie.push(run, "hf://acme/churn")
    first = said_of("hf://acme/churn", table)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")

    with pytest.raises(HubError) as writing:
        crosstie.push(run, "hf://acme/churn")
    with pytest.raises(HubError) as reading:
        crosstie.load("hf://acme/other")

    assert said_of("hf://acme/churn", table) == first
    assert str(writing.value).startswith("hf://acme/churn: the hub cannot be reached (")
    assert str(writing.value).endswith("meanwhile publish to a folder: crosstie push RUN DIR")
    assert str(reading.value).startswith("hf://acme/other: the hub cannot be reached (")


def test_a_model_that_is_absent_hidden_or_of_another_kind_is_told(run, hub, monkeypatch):
    def said(reference: str) -> str:
        with pytest.raises(crosstie.CrosstieError) as error:
            crosstie.load(reference)
        return str(error.value)

    crosstie.push(run, "hf://acme/own", private=True)
    crosstie.push(run, "hf://acme/churn")
    absent = "there is no such model, or it is private. Check the name, or type `hf auth login`, or set HF_TOKEN"
    assert said("hf://acme/chrn") == f"hf://acme/chrn: {absent}"
    assert said("hf://acme/churn@v9") == (
        "hf://acme/churn@v9: has no revision 'v9'; leave it out for the newest"
    )
    other = hub.repositories["acme/bert"] = stand_in.Repository(private=False)
    other.commit("main", {"config.json": b"{}", "model.safetensors": b"12345678"}, "bert")
    assert said("hf://acme/bert") == (
        "hf://acme/bert: is no model that `crosstie push` wrote. Published weights of other kinds are an encoder's: "
        "encoder: {type: pretrained, model: acme/bert}"
    )
    monkeypatch.setenv("HF_TOKEN", stand_in.READS)
    assert said("hf://acme/own") == f"hf://acme/own: {absent}"


def test_a_file_that_changed_on_the_hub_is_refused(run, hub):
    crosstie.push(run, "hf://acme/churn")
    repository = hub.repositories["acme/churn"]
    files = dict(repository.commits[repository.branches["main"]])
    repository.commit("main", files | {"config.yaml": b"name: other\n"}, "edited")

    with pytest.raises(ArtifactError) as error:
        crosstie.load("hf://acme/churn")

    assert "config.yaml: not the file that was published (its hash differs). Remove " in str(
        error.value
    )


@pytest.mark.slow
def test_what_was_published_predicts_in_a_process_without_torch(run, table, hub, tmp_path):
    crosstie.push(run, "hf://acme/churn")
    crosstie.push(run, tmp_path / "out")
    shutil.copytree(tmp_path / "out" / "model", tmp_path / "alone")
    code = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "transformers", "sklearn", "scipy", "pandas", "lightgbm", "onnx"}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
import crosstie
for model in sys.argv[2:]:
    print(crosstie.predict(model, sys.argv[1])["Churn_probability_Yes"].tolist())
"""
    home = tmp_path / "home"

    done = subprocess.run(
        [
            sys.executable,
            "-c",
            code,
            table,
            "hf://acme/churn",
            tmp_path / "out",
            tmp_path / "alone",
        ],
        env={
            "HF_ENDPOINT": hub.url,
            "HF_HOME": str(home),
            "HF_HUB_DISABLE_XET": "1",
            "PYTHONPATH": str(Path(crosstie.__file__).parents[1]),
            "OMP_NUM_THREADS": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    then = str(np.asarray(said_of(run.path, table)[1]).tolist())
    assert done.stdout.splitlines() == [then] * 3
