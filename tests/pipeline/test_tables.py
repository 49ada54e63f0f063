"""Where a model's table is from, as its run tells it."""

import pytest

import crosstie
from crosstie.config.yaml import read_yaml
from crosstie.errors import ConfigError

QUERY = "SELECT i AS id, i % 7 AS n, i % 2 = 0 AS even FROM generate_series(1, 120) i WHERE i > :least ORDER BY i"


def test_a_password_is_in_no_file_of_a_run(postgres_server, tmp_path, monkeypatch):
    host = postgres_server.partition("host=")[2]
    monkeypatch.setenv("SECRET", "hush%20hush")
    (tmp_path / "model.yaml").write_text(
        "name: even\ntarget: even\nmodel_type: linear\ndata:\n"
        f"  connection: 'postgresql://ann:${{SECRET}}@/postgres?host={host}'\n"
        f"  query: '{QUERY}'\n  params: {{least: 20}}\n"
    )
    data = {"connection": postgres_server, "query": QUERY, "params": {"least": 20}}

    runs = [
        crosstie.train(tmp_path / "model.yaml", runs=tmp_path / "runs"),
        crosstie.train(data, target="even", model_type="linear", name="b", runs=tmp_path / "runs"),
    ]

    written = [read_yaml((each.path / "config.yaml").read_text(), "").value["data"] for each in runs]  # fmt: skip
    assert written == [
        {"connection": f"postgresql://ann:${{SECRET}}@/postgres?host={host}", "query": QUERY, "params": {"least": 20}},
        {"connection": f"postgresql://ann@/postgres?host={host}", "query": QUERY, "params": {"least": 20}},
    ]  # fmt: skip
    assert [each.manifest["data"]["train"]["rows"] for each in runs] == [100, 100]
    files = [each for each in tmp_path.rglob("*") if each.is_file()]
    assert [each for each in files if b"hush" in each.read_bytes()] == []


def test_a_password_that_stands_in_a_file_is_refused(tmp_path):
    (tmp_path / "model.yaml").write_text("target: a\ndata: {connection: 'postgresql://ann:hush@db/shop', query: SELECT 1 AS a}\n")  # fmt: skip

    with pytest.raises(ConfigError) as error:
        crosstie.train(tmp_path / "model.yaml")

    assert str(error.value) == (
        f"{tmp_path / 'model.yaml'}:2 data.connection: holds a password, which stands in the file; write ${{NAME}} in its place, and set the variable NAME"
    )


def test_an_option_of_reading_that_is_none_is_told_where_the_table_stands_elsewhere(few_customers):
    with pytest.raises(ConfigError) as error:
        crosstie.check(few_customers, target="Churn", set=["data.haeder=false"])
    assert str(error.value) == (
        "--set data.haeder: no option of reading is called 'haeder'; did you mean 'header'?"
    )
