"""What a run says of rows, ids and moments that stand on both sides of its split."""

import numpy as np
import pytest

import crosstie


def table(rows=240):
    rng = np.random.default_rng(0)
    x = rng.normal(size=rows).round(4)
    return {
        "x": x.tolist(),
        "y": [["no", "yes"][int(each > 0.1)] for each in x + rng.normal(size=rows)],
    }


def said(data, tmp_path, **options):
    lines = []
    crosstie.train(
        data, target="y", model_type="linear", runs=tmp_path / "runs", say=lines.append, **options
    )
    return [
        each for each in lines if "rows share" in each or "cell for cell" in each or "split" in each
    ]


def test_rows_that_come_twice_are_told(tmp_path):
    once = table()
    lines = said({name: values * 2 for name, values in once.items()}, tmp_path)

    assert len(lines) == 1
    assert "of the validation and test rows are in the training rows too, cell for cell" in lines[0]
    assert lines[0] in (next((tmp_path / "runs").glob("*/*/log.txt"))).read_text()


def test_the_same_settings_measured_again_are_no_repeated_rows(tmp_path):
    rng = np.random.default_rng(0)
    settings = [i % 6 for i in range(240)]
    data = {"x": settings, "y": (rng.normal(size=240) + settings).round(4).tolist()}

    assert said(data, tmp_path) == []


@pytest.mark.parametrize("folds", [None, 2])
def test_ids_that_repeat_across_a_random_split_are_told_once(tmp_path, folds):
    data = table() | {
        "customer_id": [f"c{i % 90}" for i in range(240)],
        "shop_key": [f"s{i % 80}" for i in range(240)],
    }

    lines = said(
        data, tmp_path, folds=folds, types={"customer_id": "category", "shop_key": "category"}
    )

    assert len(lines) == 2
    assert lines[0].startswith("'customer_id' looks like an id and repeats (90 in 240 rows)")
    assert lines[1].startswith("column 'shop_key': ")
    assert "share an id with training rows" in lines[1]


def test_moments_that_repeat_across_a_random_split_are_told_once(tmp_path):
    data = table() | {"measured": [f"2016-01-{i % 28 + 1:02} 10:30" for i in range(240)]}

    lines = said(data, tmp_path)

    assert len(lines) == 1
    assert lines[0].startswith("rows have a time ('measured', 2016-01-01 10:30:00 to")


def test_a_split_by_group_needs_no_warning(tmp_path):
    data = table() | {"shop_key": [f"s{i % 80}" for i in range(240)]}

    assert (
        said(
            data,
            tmp_path,
            types={"shop_key": "category"},
            set=["preprocessing.split.type=group", "preprocessing.split.column=shop_key"],
        )
        == []
    )
