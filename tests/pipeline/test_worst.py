import csv
import json

import crosstie


def test_the_worst_rows_are_kept_by_their_number_with_their_cells(tmp_path, shared_data):
    table = shared_data / "tab_penguins" / "penguins.csv"
    rows = list(csv.DictReader(table.read_text().splitlines()))

    run = crosstie.train(
        table,
        target="body_mass_g",
        model_type="linear",
        set=["private=[island]"],
        runs=tmp_path,
    )
    worst = json.loads((run.path / "top_losses.json").read_text())

    assert len(worst) == 10
    assert [each["loss"] for each in worst] == sorted(
        (each["loss"] for each in worst), reverse=True
    )
    for each in worst:
        row = rows[each["row"] - 1]
        assert each["truth"] == row["body_mass_g"]
        assert round(abs(float(each["truth"]) - float(each["prediction"])), 1) == round(
            each["loss"], 1
        )
        for name, cell in each["cells"].items():
            wanted = (
                "(private)" if name == "island" else None if row[name] in {"", "NA"} else row[name]
            )
            assert cell == wanted
