import json
import shutil
from pathlib import Path

import pytest

import crosstie
from crosstie.cli.report import report
from crosstie.cli.runs import diff, list_


@pytest.fixture(scope="module")
def folder(tmp_path_factory, customers) -> Path:
    folder = tmp_path_factory.mktemp("told")
    rows = customers.read_text().splitlines()[:600]
    (folder / "customers.csv").write_text("\n".join(rows) + "\n")
    for seed in (1, 2):
        crosstie.train(
            folder / "customers.csv",
            target="Churn",
            model_type="linear",
            name="churn",
            seed=seed,
            runs=folder / "runs",
        )
    return folder


def test_a_report_says_its_verdict_and_where_it_is(folder, tmp_path, capsys):
    report("churn/latest", runs=folder / "runs", output=tmp_path / "page.html", card=True)

    verdict = json.loads((tmp_path / "page.json").read_text())["verdict"]
    assert capsys.readouterr().out.splitlines() == [
        *verdict,
        f"Written: {tmp_path / 'page.html'}",
        f"Written: {tmp_path / 'MODEL_CARD.md'}",
    ]
    card = (tmp_path / "MODEL_CARD.md").read_text()
    assert f"## Limits\n\n- {verdict[2]}\n" in card
    assert str(folder) not in card


def test_a_report_as_json_is_one_line(folder, tmp_path, capsys):
    report("churn", runs=folder / "runs", output=tmp_path / "page.html", json=True)

    line = capsys.readouterr().out
    assert line.count("\n") == 1
    found = json.loads(line)
    assert found["report"] == str(tmp_path / "page.html")
    assert {key: found[key] for key in found if key != "report"} == json.loads(
        (tmp_path / "page.json").read_text()
    )


def test_what_cannot_be_reported_is_said(folder, tmp_path):
    runs = folder / "runs"
    with pytest.raises(crosstie.CrosstieError, match="report: no run is given; name one"):
        report(runs=runs)
    with pytest.raises(crosstie.CrosstieError, match="a card is of one model, got 2 runs"):
        report("churn", "churn", card=True, runs=runs)
    with pytest.raises(crosstie.CrosstieError, match="chrun: no such run; did you mean 'churn'"):
        report("chrun", runs=runs)
    with pytest.raises(crosstie.CrosstieError, match="is a folder; give the file to write"):
        report("churn", runs=runs, output=tmp_path)


def test_runs_differ_in_options_and_in_figures_of_the_part_that_judges(folder, capsys):
    first, second = (run.path for run in crosstie.runs(folder / "runs"))

    diff(str(first), str(second), json=True)
    found = json.loads(capsys.readouterr().out)
    assert found["options"] == {"seed": [1, 2]}
    assert {key.split(".")[0] for key in found["metrics"]} == {"train", "validation", "test"}

    diff(str(first), str(second))
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [f"1  churn/{first.name}", f"2  churn/{second.name}"]
    words = [line.split() for line in lines]
    assert ["seed", "1", "2"] in words
    metrics = [row[0] for row in words if row and row[0].endswith("roc_auc")]
    assert metrics == ["test/Churn/roc_auc"]


def test_an_option_that_differs_is_told_as_the_file_has_it(folder, tmp_path, capsys):
    run = crosstie.runs(folder / "runs")[0].path
    other = tmp_path / "other"
    shutil.copytree(run, other)
    config = (other / "config.yaml").read_text().replace("tolerance: 1e-05", "tolerance: 0.05")
    (other / "config.yaml").write_text(config)

    diff(str(run), str(other))
    words = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["trainer.tolerance", "1e-05", "0.05"] in words


def test_runs_are_listed_in_the_order_asked_for_with_that_column(folder, capsys):
    list_(runs=folder / "runs", sort="test/Churn/f1", where=["seed<3"])

    rows = [line.split() for line in capsys.readouterr().out.splitlines() if "churn/" in line]
    scores = {f"churn/{run.path.name}": run.metrics["test"]["Churn"]["f1"] for run in crosstie.runs(folder / "runs")}  # fmt: skip
    assert [row[0] for row in rows] == sorted(scores, key=scores.__getitem__)
    assert [row[-1] for row in rows] == [f"{value:.4f}" for value in sorted(scores.values())]
