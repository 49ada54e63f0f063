import http.server
import io
import json
import threading

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import crosstie
from crosstie.data.read import open_source
from crosstie.datasets.shipped import FILES, SHIPPED
from crosstie.errors import ConfigError, DataError

SHAPES = {"penguins": (344, 8), "sms_spam": (5574, 2), "telco_churn": (7043, 21)}


@pytest.mark.slow
@pytest.mark.parametrize("name", SHAPES)
def test_a_shipped_set_is_whole_and_asks_its_question(name):
    found = crosstie.datasets.load(name)
    table = found.read()
    assert (len(table), len(table.columns)) == SHAPES[name]
    assert found.target in table.columns

    plan = crosstie.check(found)
    assert plan.name == name
    assert [each.name for each in plan.outputs] == [found.target]
    assert plan.metrics == {found.target: found.metric}
    assert plan.warnings == () or name != "penguins"


def test_the_messages_are_those_of_the_original(shared_data):
    lines = (shared_data / "text_sms_spam" / "sms.tsv").read_text(encoding="utf-8").splitlines()
    table = crosstie.datasets.load("sms_spam").read()
    assert table.column("message", "text").values == [
        line.split("\t", 1)[1].strip() for line in lines
    ]


def test_each_shipped_file_says_whose_it_is():
    notice = (FILES / "NOTICE.md").read_text(encoding="utf-8")
    for path in FILES.glob("*.gz"):
        assert path.name in notice
    assert all(each.licence.split()[0] in notice for each in SHIPPED)
    assert sum(path.stat().st_size for path in FILES.iterdir()) < 400_000


@pytest.mark.slow
def test_a_set_trains_by_its_name_and_judges_by_it(tmp_path):
    run = crosstie.train("dataset:penguins", model_type="linear", output=tmp_path / "run")
    assert run.manifest["watched"] == "validation/species/accuracy"
    assert run.metrics["test"]["species"]["accuracy"] > 0.95
    assert crosstie.evaluate(run.path, "dataset:penguins")["species"]["accuracy"] > 0.95


def test_a_model_file_names_a_set_as_its_data_and_another_target(tmp_path):
    file = tmp_path / "model.yaml"
    file.write_text("data: dataset:penguins\ntarget: body_mass_g\n", encoding="utf-8")
    plan = crosstie.check(file)
    assert plan.outputs[0].type == "number"
    assert plan.config["data"] == "dataset:penguins"
    assert crosstie.check("dataset:penguins", target="sex").outputs[0].name == "sex"


def test_a_misspelled_set_is_told_with_the_nearest(tmp_path):
    said = "pengins: no dataset of that name, and no folder; did you mean 'penguins'?"
    with pytest.raises(DataError) as caught:
        crosstie.train("dataset:pengins")
    assert str(caught.value) == said
    file = tmp_path / "model.yaml"
    file.write_text("data: dataset:pengins\ntarget: y\n", encoding="utf-8")
    with pytest.raises(ConfigError) as wrong:
        crosstie.check(file)
    assert f"model.yaml:1 data: {said}" in str(wrong.value)


def test_a_folder_of_ones_own_is_a_set(tmp_path):
    folder = tmp_path / "flowers"
    folder.mkdir()
    for part in ("train", "test"):
        (folder / f"{part}.csv").write_text("size,kind\n1,a\n2,b\n", encoding="utf-8")
    (folder / "dataset.yaml").write_text("target: kind\nmetric: accuracy\n", encoding="utf-8")

    found = crosstie.datasets.load(folder)
    assert (found.name, found.target, found.metric, set(found.data)) == (
        "flowers",
        "kind",
        "accuracy",
        {"train", "test"},
    )
    assert len(found.read("test")) == 2
    with pytest.raises(DataError, match="has no part 'tst'; did you mean 'test'"):
        found.read("tst")

    (folder / "dataset.yaml").write_text("targt: kind\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        crosstie.datasets.load(folder)
    assert str(caught.value).endswith("targt: unknown option; did you mean 'target'?")


def test_a_folder_of_several_tables_is_none(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text("x\n1\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        crosstie.datasets.load(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: holds 'a.csv', 'b.csv'. Give a folder with one table, or with tables called train, validation, test"
    )


@pytest.fixture
def hub(monkeypatch):
    """A stand-in for the hub: one set of two parts, and what was asked for."""
    asked = []
    file = io.BytesIO()
    pq.write_table(pa.table({"text": ["a", "b", "a", "b"], "label": [0, 1, 0, 1]}), file)

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            home = f"http://127.0.0.1:{server.server_port}"
            found = {
                "/api/datasets/me/words": {"sha": "c0ffee" * 5, "cardData": {"license": "mit"}},
                "/api/datasets/me/words/parquet": {
                    "default": {part: [f"{home}/{part}.parquet"] for part in ("train", "test")},
                    "other": {"train": [f"{home}/other.parquet"]},
                },
            }
            body = json.dumps(found[self.path]).encode() if self.path in found else b""
            body = file.getvalue() if self.path.endswith(".parquet") else body
            self.send_response(200 if body else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    yield asked
    server.shutdown()
    server.server_close()


def test_a_set_of_the_hub_is_fetched_once_and_kept_by_its_revision(hub, tmp_path, monkeypatch):
    found = crosstie.datasets.load("hf://me/words", cache=tmp_path)
    assert set(found.data) == {"train", "test"}
    assert (found.target, found.licence) == ("label", "mit")
    assert open_source(found.data["test"]).rows == 4
    assert "c0ffeec0ffee" in found.data["train"][0]
    assert found.file()["name"] == "words"

    fetched = [path for path in hub if path in ("/train.parquet", "/test.parquet")]
    crosstie.datasets.load("hf://me/words", cache=tmp_path)
    assert [path for path in hub if path in ("/train.parquet", "/test.parquet")] == fetched

    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody is there
    assert crosstie.datasets.load("hf://me/words", cache=tmp_path).data == found.data


def test_what_the_hub_has_not_is_told(hub, tmp_path, monkeypatch):
    said = {
        "hf://me/none": "hf://me/none: there is none of that name at ",
        "hf://me/words:othr": "hf://me/words:othr: no subset is called 'othr'; did you mean 'other'?",
        "hf://words": "hf://words: is not of the form hf://OWNER/NAME or hf://OWNER/NAME:SUBSET",
    }
    for name, start in said.items():
        with pytest.raises(DataError) as caught:
            crosstie.datasets.load(name, cache=tmp_path)
        assert str(caught.value).startswith(start)

    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(DataError) as caught:
        crosstie.datasets.load("hf://you/words", cache=tmp_path)
    assert str(caught.value).startswith("hf://you/words: http://127.0.0.1:9 cannot be reached (")
    assert str(caught.value).endswith(
        "These need no connection: penguins, sms_spam, telco_churn. Or fetch its Parquet files elsewhere and train "
        "on them: crosstie train FILE --target COLUMN"
    )
