import numpy as np
import pytest

from crosstie.data.profile import ColumnProfile
from crosstie.data.profile import profile as profiles
from crosstie.data.read import open_source
from crosstie.features.binary import Binary
from crosstie.features.infer import Inference, infer


def profile(**facts):
    return ColumnProfile(
        **{"name": "x", "rows": 1000, "total_rows": 1000, "distinct": 500, **facts}
    )


@pytest.mark.parametrize(
    ("facts", "type_", "why"),
    [
        ({"numbers": 1.0}, "number", "all cells are numbers"),
        ({"numbers": 0.953}, "number", "95.3% of its cells are numbers"),
        ({"numbers": 1.0, "integers": 1.0, "distinct": 3}, "number", "all cells are numbers"),
        (
            {"distinct": 2, "numbers": 1.0, "top": (("0", 600), ("1", 400))},
            "binary",
            "two levels, '0' and '1'",
        ),
        (
            {"distinct": 2, "top": (("no", 600), ("yes", 400))},
            "binary",
            "two levels, 'no' and 'yes'",
        ),
        ({"distinct": 7, "words": 1.2}, "category", "7 levels"),
        (
            {"distinct": 1, "missing": 600, "top": (("A lot", 400),)},
            "category",
            "one level or nothing",
        ),
        ({"distinct": 900, "words": 1.0}, "category", "900 levels"),
        ({"distinct": 400, "words": 3.6}, "category", "400 levels"),
        ({"distinct": 900, "words": 4.1}, "text", "4 words a cell, 900 different cells"),
        ({"distinct": 60, "words": 9.0}, "text", "9 words a cell, 60 different cells"),
        (
            {"dates": 1.0, "earliest": "1912-04-10", "latest": "1912-04-15"},
            "date",
            "its cells are dates, 1912-04-10 to 1912-04-15",
        ),
        ({"lists": 1.0, "words": 3.0}, "set", "its cells are lists"),
        ({"lists": 1.0, "vectors": 1.0, "width": 8}, "vector", "every cell holds 8 numbers"),
        (
            {"top": (("a", 9), ("b", 5), ("a|b", 3), ("b|c", 2), ("a|c", 1))},
            "set",
            "its cells hold several of the same items",
        ),
        (
            {"top": (("Austin, TX", 9), ("Dallas, TX", 5), ("Reno, NV", 3))},
            "category",
            "500 levels",
        ),
    ],
)
def test_the_type_fits_the_cells_and_says_why(facts, type_, why):
    assert infer(profile(**facts), output=False) == Inference(type_, why)


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"rows": 5, "missing": 5, "distinct": 0, "stored": "empty"}, "no cell holds anything"),
        (
            {"missing": 998, "distinct": 2, "numbers": 1.0},
            "only 2 of 1000 cells hold anything",
        ),
        ({"distinct": 1, "top": (("Anvers", 1000),)}, "always 'Anvers'"),
        ({"distinct": 1000, "words": 1.0}, "an id, different in every row"),
        ({"distinct": 990, "words": 1.0}, "an id, 990 different ones in 1000 rows"),
        (
            {"distinct": 1000, "numbers": 1.0, "integers": 1.0, "minimum": 1.0, "maximum": 1000.0},
            "a running number, different in every row",
        ),
        (
            {
                "name": "RespondentID",
                "distinct": 1000,
                "numbers": 1.0,
                "integers": 1.0,
                "minimum": 3e9,
                "maximum": 4e9,
            },
            "an id, different in every row",
        ),
    ],
)
def test_what_says_nothing_is_no_input(facts, why):
    found = infer(profile(**facts), output=False)
    assert (found.why, found.exclude) == (why, True)
    assert not infer(profile(**facts), output=True).exclude


@pytest.mark.parametrize(
    "facts",
    [
        {"distinct": 1000, "numbers": 1.0, "minimum": 0.5, "maximum": 9.5},
        {"distinct": 1000, "numbers": 1.0, "integers": 1.0, "minimum": 3e3, "maximum": 9e9},
        {"distinct": 1000, "words": 6.0},
        {"distinct": 1000, "dates": 1.0},
        {"rows": 10, "distinct": 10, "words": 1.0},
        {"distinct": 940, "words": 1.0},
        {"distinct": 990, "words": 6.0},
    ],
)
def test_a_measurement_a_text_or_a_date_may_differ_in_every_row(facts):
    assert not infer(profile(**facts), output=False).exclude


@pytest.mark.parametrize(
    ("facts", "type_"),
    [
        ({"numbers": 1.0}, "number"),
        (
            {"numbers": 1.0, "integers": 1.0, "distinct": 7, "minimum": 1.0, "maximum": 7.0},
            "category",
        ),
        (
            {"numbers": 1.0, "integers": 1.0, "distinct": 7, "minimum": 0.0, "maximum": 9e5},
            "number",
        ),
        (
            {"numbers": 1.0, "integers": 1.0, "distinct": 40, "minimum": 1.0, "maximum": 40.0},
            "number",
        ),
        (
            {"numbers": 1.0, "integers": 0.9, "distinct": 7, "minimum": 1.0, "maximum": 7.0},
            "number",
        ),
        (
            {
                "rows": 20,
                "numbers": 1.0,
                "integers": 1.0,
                "distinct": 7,
                "minimum": 1.0,
                "maximum": 7.0,
            },
            "number",
        ),
        (
            {"distinct": 2, "numbers": 1.0, "integers": 1.0, "minimum": 1.0, "maximum": 2.0},
            "binary",
        ),
        ({"distinct": 77, "words": 1.0}, "category"),
        ({"distinct": 77, "words": 9.0}, "category"),
        ({"lists": 1.0}, "set"),
    ],
)
def test_a_target_of_few_whole_numbers_is_a_class(facts, type_):
    assert infer(profile(**facts), output=True).type == type_


def test_a_class_of_whole_numbers_says_how_to_make_it_an_amount():
    facts = {"numbers": 1.0, "integers": 1.0, "distinct": 7, "minimum": 1.0, "maximum": 7.0}
    assert infer(profile(**facts), output=True) == Inference(
        "category",
        "7 small whole numbers that repeat look like classes; say type: number if they are an amount",
    )


LETTERS = {
    "n": "number",
    "c": "category",
    "b": "binary",
    "t": "text",
    "d": "date",
    "s": "set",
    "-": "left out",
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "letters", "output", "output_type"),
    [
        ("tab_titanic/train.csv", "-bntbnnncncc", "Survived", "binary"),
        ("tab_adult/adult-train.csv.gz", "ncncnccccbnnncb", "column_15", "binary"),
        (
            "tab_telco_churn/Telco-Customer-Churn.csv",
            "-bbbbnb" + 9 * "c" + "bcnnb",
            "Churn",
            "binary",
        ),
        ("tab_diamonds/diamonds.csv.gz", "ncccnnnnnn", "price", "number"),
        ("tab_california_housing/housing.csv", "nnnnnnnnnc", "median_house_value", "number"),
        ("tab_bike_sharing/bike_sharing.zip", "d-bnnnnnnnn", "cnt", "number"),
        ("tab_bike_sharing/day.csv", "-dnbnbnbnnnnnnnn", "cnt", "number"),
        (
            "tab_employee_salaries/employee_salaries.zip",
            "bcccbcdnn",
            "current_annual_salary",
            "number",
        ),
        ("tab_penguins/penguins.csv", "ccnnnnbn", "species", "category"),
        (
            "tab_birdstrikes/birdstrikes.csv",
            "cccdccccccnnnn",
            "Effect Amount of damage",
            "category",
        ),
        ("tab_german_credit/german.csv", "cnccnccnccncnccncbbbb", "column_21", "binary"),
        ("tab_wine_quality/winequality-white.csv", "nnnnnnnnnnnn", "column_12", "category"),
        ("text_sms_spam/sms.tsv", "bt", "column_1", "binary"),
        ("text_banking77/train.csv", "tc", "category", "category"),
        ("text_goemotions/dev.tsv", "ts-", "column_2", "set"),
    ],
)
def test_real_columns_get_the_types_a_person_would_give(
    file, letters, output, output_type, shared_data
):
    headless = ("adult", "german", "wine", "sms", "goemotions")
    source = open_source(
        {"path": file, "header": not any(each in file for each in headless)}, base=shared_data
    )
    found = {name: infer(each, output=False) for name, each in profiles(source).items()}
    given = {name: "left out" if each.exclude else each.type for name, each in found.items()}
    assert given == dict(zip(found, map(LETTERS.__getitem__, letters), strict=True))
    assert infer(profiles(source)[output], output=True).type == output_type


def test_amounts_with_a_decimal_comma_are_no_vectors_though_a_cell_is_odd():
    cells = [f"{i}.{100 + i},{10 + i}" for i in range(1, 41)]
    looks = profiles(open_source({"price": [*cells, "gratis"]}))["price"]
    assert infer(looks, output=False) == Inference("number", "97.6% of its cells are numbers")


@pytest.mark.parametrize(
    ("levels", "why"),
    [
        (("yes", "no"), "two levels, 'no' and 'yes' (positive)"),
        (("1", "0"), "two levels, '0' and '1' (positive)"),
        (("10", "9"), "two levels, '9' and '10' (positive)"),
        (("<=50K", ">50K"), "two levels, '<=50K' and '>50K' (positive)"),
    ],
)
def test_which_level_of_a_target_is_positive_is_said(levels, why):
    looks = profile(distinct=2, top=((levels[0], 600), (levels[1], 400)))
    assert infer(looks, output=True) == Inference("binary", why)
    feature = Binary("x")
    feature.predicted = True
    feature.observe(open_source({"x": list(levels)}).table().column("x", "levels"))
    feature.finish()
    assert why == f"two levels, {feature.labels[0]!r} and {feature.labels[1]!r} (positive)"


@pytest.mark.parametrize(
    ("cell", "steps"),
    [
        ("[[3], [3], [{}]]", 3),
        ("[[3, 1], [{}, 1]]", 2),
    ],
)
def test_whole_numbers_are_a_series_where_they_are_steps(cell, steps):
    looks = profiles(open_source({"wave": [cell.format(row) for row in range(40)]}))["wave"]
    why = f"every cell holds numbers one after the other, up to {steps}"
    assert infer(looks, output=False) == Inference("timeseries", why)


def test_a_measurement_may_come_twice():
    rows = [[0.5, 0.5, row + 0.25, *[1.5] * (row % 3)] for row in range(40)]
    looks = profiles(open_source({"wave": rows}))["wave"]
    assert infer(looks, output=False).type == "timeseries"


def test_lists_of_whole_numbers_that_repeat_may_be_ids():
    looks = profiles(open_source({"pages": [f"[3, 3, {row}]" for row in range(40)]}))["pages"]
    assert infer(looks, output=False).type == "sequence"


@pytest.mark.parametrize(
    ("shape", "type_"), [((8, 8), "image"), ((28, 28, 1), "image"), ((30, 3), "timeseries")]
)
def test_arrays_of_floats_are_pictures_or_series_by_their_shape(shape, type_):
    rng = np.random.default_rng(0)
    arrays = [np.floor(rng.uniform(0, 17, shape)) for _ in range(30)]
    looks = profiles(open_source({"cell": arrays}))["cell"]
    assert infer(looks, output=False).type == type_


def test_wide_rows_of_whole_numbers_are_vectors():
    rng = np.random.default_rng(0)
    rows = [rng.integers(0, 9, 20).tolist() for _ in range(40)]
    looks = profiles(open_source({"counts": rows}))["counts"]
    assert infer(looks, output=False) == Inference("vector", "every cell holds 20 numbers")
