import gzip

import pytest

from crosstie.config.source import load
from crosstie.errors import ConfigError
from crosstie.pipeline.check import make_plan

ROWS = 60


def table(folder, **columns):
    """A small real-looking CSV: an amount, a category, a binary target; `columns` replaces or adds."""
    found = {
        "age": [20 + (i * 7) % 50 + i / 100 for i in range(ROWS)],
        "sex": ["male" if i % 3 else "female" for i in range(ROWS)],
        "city": ["ABC"[(i // 2) % 3] for i in range(ROWS)],
        "survived": ["yes" if (i * 5) % 7 < 3 else "no" for i in range(ROWS)],
        **columns,
    }
    rows = zip(*found.values(), strict=True)
    text = "\n".join(",".join(map(str, row)) for row in [found, *rows])
    (folder / "data.csv").write_text(text + "\n")


def plan(folder, text, **options):
    (folder / "model.yaml").write_text(text)
    return make_plan(load("model.yaml"), **options)


def problems(folder, text, **options):
    with pytest.raises(ConfigError) as caught:
        plan(folder, text, **options)
    return [str(problem) for problem in caught.value.problems]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table(tmp_path)
    return tmp_path


def test_target_is_enough(here):
    made = plan(here, "data: data.csv\ntarget: survived\n")
    assert made.model_type == "auto"
    assert [(each.name, each.type) for each in made.inputs] == [
        ("age", "number"),
        ("sex", "binary"),
        ("city", "category"),
    ]
    assert [(each.name, each.type) for each in made.outputs] == [("survived", "binary")]
    assert made.metrics == {"survived": "roc_auc"}


def test_every_mistake_is_told_at_once_in_the_order_of_the_file(here):
    text = """\
data: data.csv
target: survived
exclude: [cityy]
traner: {epochs: 3}
input_features:
  - name: aeg
  - name: sex
    type: numerical
    preprocessing: {normalisation: zscore}
model_type: gmb
preprocessing:
  split: {type: random, probabilites: [1, 0, 0]}
"""
    assert problems(here, text) == [
        "model.yaml:3 exclude[0]: data.csv has no column 'cityy'; did you mean 'city'?",
        "model.yaml:4 traner: unknown option; did you mean 'trainer'?",
        "model.yaml:6 input_features[0].name: data.csv has no column 'aeg'; did you mean 'age'?",
        "model.yaml:8 input_features[1].type: 'numerical' is the old word; write 'number'",
        (
            "model.yaml:8 input_features[1].type: column 'sex' cannot be a number: 100% of its 60 cells are none, "
            "for example 'male', 'female'. Use type: category"
        ),
        "model.yaml:9 input_features[1].preprocessing.normalisation: unknown option; did you mean 'normalization'?",
        "model.yaml:10 model_type: 'gmb' is no model_type; did you mean 'gbm'?",
        "model.yaml:12 preprocessing.split.probabilites: unknown option; did you mean 'probabilities'?",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("target: y\n", "model.yaml:1: no table to learn from. Write `data: FILE`"),
        (
            "data: data.csv\n",
            (
                "model.yaml:1: no column is to be predicted. Write `target: COLUMN`. "
                "The table has age, sex, city, survived."
            ),
        ),
        (
            "data: data.csv\ntarget: survivd\n",
            "model.yaml:2 target: data.csv has no column 'survivd'; did you mean 'survived'?",
        ),
        (
            "data: data.csv\ntarget: survived\nexclude: [survived]\n",
            "model.yaml:3 exclude[0]: 'survived' is to be predicted and cannot be excluded too",
        ),
        (
            "data: data.csv\ntarget: survived\ninput_features: [{name: survived}]\nmodel_type: auto\n",
            "model.yaml:3 input_features[0].name: 'survived' is the target, so it cannot be an input too",
        ),
        (
            "data: data.csv\ntarget: survived\nhyperopt: {}\n",
            "model.yaml:3 hyperopt: needs 'parameters': a section of options",
        ),
        (
            "data: data.csv\ntarget: survived\nbackend: {type: ray}\n",
            "model.yaml:3 backend: the backend 'ray' is not part of this version; there is 'local'",
        ),
        (
            "data: data.csv\ntarget: survived\ntraining: {epochs: 3}\n",
            "model.yaml:3 training: the section is called 'trainer'",
        ),
        (
            "data: data.csv\ntarget: survived\ntrainer: {epochs: 3}\n",
            (
                "model.yaml:3 trainer.epochs: is an option of ecd, and model_type auto leaves it open what learns; "
                "set model_type: ecd"
            ),
        ),
        (
            "data: data.csv\ntarget: survived\ncombiner: concat\n",
            "model.yaml:3 combiner: model_type auto chooses what learns and takes no combiner; set model_type: ecd",
        ),
        (
            "data: data.csv\ntarget: survived\nmodel_type: gbm\ncombiner: {type: concat}\n",
            "model.yaml:4 combiner: a gbm model has no combiner; leave it out, or set model_type: ecd",
        ),
        (
            "data: data.csv\ntarget: [survived, sex]\nmodel_type: gbm\n",
            "model.yaml:2 target: a gbm model predicts one column, got 2; set model_type: ecd",
        ),
        (
            "data: data.csv\ntarget: survived\nmodel_type: auto\ninput_features: [{name: age, type: h3}]\n",
            (
                "model.yaml:4 input_features[0].type: the type 'h3' is not part of this version; there are "
                "audio, bag, binary, category, date, image, number, sequence, set, text, timeseries, vector"
            ),
        ),
        (
            "data: data.csv\ntarget: survived\nseed: -1\n",
            "model.yaml:3 seed: must be at least 0, got -1",
        ),
        (
            "data: data.csv\ntarget: survived\nweight: sex\n",
            (
                "model.yaml:3 weight: row weights must be numbers of at least 0 in every row, but 'sex' has "
                "0 missing, a smallest of None, and 0% numbers"
            ),
        ),
        (
            "data: data.csv\ntarget: survived\npreprocessing: {force_split: true}\n",
            (
                "model.yaml:3 preprocessing.force_split: write `split: {type: random}`; a column named 'split' is "
                "used only by `split: {type: fixed}`"
            ),
        ),
        (
            "data: data.csv\ntarget: city\npreprocessing: {oversample_minority: 0.5}\n",
            (
                "model.yaml:3 preprocessing.oversample_minority: balances the two classes of a binary output, "
                "but 'city' is a category; leave it out"
            ),
        ),
        (
            "data: data.csv\ntarget: survived\nmodel_type: ecd\ntrainer: {warmup_steps: 9}\n",
            "model.yaml:4 trainer.warmup_steps: write `learning_rate_scheduler: {…, warmup_fraction: …}`",
        ),
        (
            "data: data.csv\ntarget: survived\ndefaults: {numer: {preprocessing: {}}}\n",
            "model.yaml:3 defaults.numer: unknown type 'numer'; did you mean 'number'?",
        ),
        (
            "data: data.csv\noutput_features: [{name: survived, metric: roc_auk}]\n",
            (
                "model.yaml:2 output_features[0].metric: no metric of a binary output is called 'roc_auk'; "
                "did you mean 'roc_auc'?"
            ),
        ),
        (
            "data: data.csv\noutput_features: [{name: age, threshold: 0.3}]\n",
            "model.yaml:2 output_features[0].threshold: a number output has no threshold; leave it out",
        ),
        (
            (
                "data: data.csv\ntarget: survived\nmodel_type: auto\n"
                "input_features: [{name: age, normalization: minmax}]\n"
            ),
            (
                "model.yaml:4 input_features[0].normalization: belongs into 'preprocessing', as in "
                "`preprocessing: {normalization: …}`"
            ),
        ),
        (
            (
                "data: data.csv\ntarget: survived\nmodel_type: auto\n"
                "input_features: [{name: age, type: number, normalization: minmax}]\n"
            ),
            (
                "model.yaml:4 input_features[0].normalization: belongs into 'preprocessing', as in "
                "`preprocessing: {normalization: …}`"
            ),
        ),
        (
            "data: data.csv\ntarget: survived\nsplit: {type: fixed, column: part}\n",
            (
                "model.yaml:3 split.column: data.csv has no column 'part'; choose one of "
                "'age', 'city', 'sex', 'survived'"
            ),
        ),
    ],
)
def test_a_mistake_names_its_place_and_a_remedy(here, text, expected):
    assert problems(here, text) == [expected]


def test_a_table_that_cannot_be_read_is_told_beside_the_other_mistakes(here):
    found = problems(here, "data: no.csv\ntarget: y\nseeed: 3\n")
    assert found[0].startswith("model.yaml:1 data: ")
    assert "no.csv" in found[0]
    assert found[1] == "model.yaml:3 seeed: unknown option; did you mean 'seed'?"


def test_what_the_command_line_says_goes_before_the_file(here):
    made = plan(
        here,
        "data: data.csv\ntarget: survived\n",
        target="sex",
        types={"age": "category"},
        overrides=["model_type=linear", "seed=7"],
    )
    assert [each.name for each in made.outputs] == ["sex"]
    assert made.inputs[0].type == "category"
    assert (made.model_type, made.seed) == ("linear", 7)


def test_mistakes_of_the_command_line_name_it(here):
    text = "data: data.csv\ntarget: survived\n"
    assert problems(here, text, overrides=["sead=1"]) == [
        "--set sead: unknown option; did you mean 'seed'?"
    ]
    assert problems(here, text, types={"agee": "number", "age": "numbr"}) == [
        "--type agee: data.csv has no column 'agee'; did you mean 'age'?",
        "--type age: unknown type 'numbr'; did you mean 'number'?",
    ]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([""] * ROWS, "column 'survived' is empty, so there is nothing to learn"),
        (["no"] * ROWS, "column 'survived' is 'no' in all 60 rows, so there is nothing to learn"),
    ],
)
def test_a_target_without_information_is_an_error(here, values, expected):
    table(here, survived=values)
    assert problems(here, "data: data.csv\ntarget: survived\n") == [
        f"model.yaml:2 target: {expected}"
    ]


def test_too_few_rows_are_an_error(here):
    (here / "data.csv").write_text("a,y\n1,0\n2,1\n3,0\n")
    assert problems(here, "data: data.csv\ntarget: y\n") == [
        "data.csv: has 3 rows; give at least 20"
    ]


def test_a_test_table_must_have_the_columns(here):
    (here / "test.csv").write_text("age,survived\n" + "3,no\n" * 20)
    text = "data: {train: data.csv, test: test.csv}\ntarget: survived\n"
    assert problems(here, text) == [
        "model.yaml:1 data.test: test.csv lacks the columns 'sex', 'city'"
    ]


def test_a_column_that_gives_the_answer_away_is_a_warning(here):
    answers = ["yes" if (i * 5) % 7 < 3 else "no" for i in range(ROWS)]
    table(here, alive=["1" if each == "yes" else "0" for each in answers], survived=answers)
    made = plan(here, "data: data.csv\ntarget: survived\n")
    assert made.warnings == (
        (
            "'alive' gives 'survived' away: it alone is right in 100.0% of rows. "
            "If it is not known when predicting, exclude it"
        ),
    )


def test_a_number_that_gives_a_number_away_is_a_warning(here):
    table(here, months=[12 * (20 + (i * 7) % 50 + i / 100) for i in range(ROWS)])
    warnings = plan(here, "data: data.csv\ntarget: age\n").warnings
    assert [each for each in warnings if "gives" in each] == [
        (
            "'months' gives 'age' away: it alone explains 100.0% of its variance. "
            "If it is not known when predicting, exclude it"
        )
    ]


def test_rare_classes_are_a_warning(here):
    table(here, survived=["yes" if i in {3, 40, 41} else "no" for i in range(ROWS)])
    assert plan(here, "data: data.csv\ntarget: survived\n").warnings == (
        (
            "the classes of 'survived' are unbalanced: 'yes' is 3 of 60 rows, too few to measure well. "
            "Look at average_precision rather than accuracy"
        ),
    )


def test_ids_and_times_under_a_random_split_are_warnings(here):
    table(
        here,
        patient_id=[f"p{i // 4}" for i in range(ROWS)],
        day=[f"2024-{1 + i // 28:02}-{1 + i % 28:02}" for i in range(ROWS)],
    )
    text = "data: data.csv\ntarget: survived\n"
    assert plan(here, text).warnings == (
        (
            "'patient_id' looks like an id and repeats (15 in 60 rows): a random split puts rows of one into training "
            "and test. If rows of one belong together: preprocessing.split: {type: group, column: patient_id}"
        ),
        (
            "rows are in the order of time ('day', 2024-01-01 to 2024-03-04) and are split at random. If the model is "
            "to predict what comes later: preprocessing.split: {type: datetime, column: day}"
        ),
    )
    assert plan(here, text + "split: {type: datetime, column: day}\n").warnings == ()


def test_old_and_short_forms_are_understood(here):
    made = plan(
        here,
        "data: data.csv\nmodel_type: gbm\nrandom_seed: 3\n"
        "input_features: [age, {name: s, column: sex, type: binary}]\noutput_features: [survived]\n",
    )
    assert made.seed == 3
    assert [(each.name, each.column) for each in made.inputs] == [("age", "age"), ("s", "sex")]


def test_a_gzipped_table_in_a_folder_of_its_own_is_relative_to_the_file(here, monkeypatch):
    (here / "project").mkdir()
    with gzip.open(here / "project" / "table.csv.gz", "wt") as file:
        file.write((here / "data.csv").read_text())
    (here / "project" / "model.yaml").write_text("data: table.csv.gz\ntarget: survived\n")
    made = make_plan(load("project/model.yaml"))
    assert made.data == {"train": str(here / "project" / "table.csv.gz")}
    assert made.name == "table"


def test_columns_that_add_up_to_the_target_are_a_warning(here):
    young, old = [(i * 7) % 23 for i in range(ROWS)], [(i * i) % 31 for i in range(ROWS)]
    table(here, young=young, old=old, both=[a + b for a, b in zip(young, old, strict=True)])
    assert plan(here, "data: data.csv\ntarget: both\n").warnings == (
        (
            "'young' and 'old' give 'both' away: it is their weighted sum. "
            "If they are not known when predicting, exclude them"
        ),
    )


def test_numbers_too_large_to_square_do_not_stop_the_look_for_answers(here):
    large = [1e300 if i == 7 else (i * i) % 31 for i in range(ROWS)]
    table(here, large=large, other=[(i * 7) % 23 for i in range(ROWS)], price=large[::-1])
    assert plan(here, "data: data.csv\ntarget: price\n").warnings == ()


def test_a_target_with_too_few_values_is_an_error(here):
    table(here, survived=["yes" if i % 2 else "no" for i in range(19)] + [""] * (ROWS - 19))
    assert problems(here, "data: data.csv\ntarget: survived\n") == [
        "model.yaml:2 target: column 'survived' holds something in 19 of 60 rows; give at least 20 that do"
    ]


def test_a_rare_class_of_many_rows_is_a_share(here):
    many = {name: [f"{name}{i % 7}" for i in range(250)] for name in ("age", "sex", "city")}
    table(here, **many, survived=["yes" if i % 20 == 0 else "no" for i in range(250)])
    assert plan(here, "data: data.csv\ntarget: survived\n").warnings == (
        (
            "the classes of 'survived' are unbalanced: 'yes' is 5.2% of rows. "
            "Look at average_precision rather than accuracy"
        ),
    )


def test_classes_that_differ_only_in_capitals_are_told(here):
    table(
        here, survived=[["Yes", "yes", "No", "no", "lost"][(i * i) % 13 % 5] for i in range(ROWS)]
    )
    assert plan(here, "data: data.csv\ntarget: survived\n").warnings == (
        (
            "classes of 'survived' differ only in capitals and are learned apart: 'Yes' and 'yes', 'no' and 'No'. If "
            "they are the same, spell them alike"
        ),
    )


def test_several_dates_are_told_of_once(here):
    days = [f"2016-{i % 12 + 1:02}-{i % 28 + 1:02}" for i in range(ROWS)]
    seen, sold = days[::-1], [f"{2000 + i}-01-01" for i in range(ROWS)]
    table(here, ordered=days, seen=seen, sold=sold)
    assert plan(here, "data: data.csv\ntarget: survived\n").warnings == (
        (
            "rows are in the order of time ('sold', 2000-01-01 to 2059-01-01 and 2 more dates) and are split at random. "
            "If the model is to predict what comes later: preprocessing.split: {type: datetime, column: sold}"
        ),
    )


def test_what_reading_changed_is_said(here):
    lines = (here / "data.csv").read_text().splitlines()
    (here / "data.csv").write_text("\n".join(["age,age,city,survived", *lines[1:]]))
    assert plan(here, "data: data.csv\ntarget: survived\n").warnings == (
        "data.csv: column names that were empty or there twice: 'age' at place 2 is now 'age_2'",
    )


def test_a_mistake_in_the_defaults_is_told_once_and_there(here):
    text = (
        "data: data.csv\ntarget: survived\nmodel_type: ecd\ndefaults: {number: {encoder: plee}}\n"
    )
    assert problems(here, text) == [
        "model.yaml:4 defaults.number.encoder: 'plee' is no encoder of a number feature; did you mean 'ple'?"
    ]


def test_shares_alone_are_a_random_split(here):
    made = plan(
        here,
        "data: data.csv\ntarget: survived\npreprocessing: {split: {probabilities: [0.6, 0.2, 0.2]}}\n",
    )
    assert made.config["preprocessing"]["split"] == {
        "type": "random",
        "probabilities": [0.6, 0.2, 0.2],
    }


def test_why_no_column_is_left_is_said(here):
    table(here, age=[7] * ROWS, sex=[""] * ROWS, city=["A"] * ROWS)
    assert problems(here, "data: data.csv\ntarget: survived\n") == [
        (
            "model.yaml:1 input_features: no column is left to predict from. 'age' is left out: always '7'; "
            "'sex' is left out: no cell holds anything; 'city' is left out: always 'A'"
        )
    ]


def test_a_class_for_every_other_row_is_an_error(here):
    table(here, survived=[f"p{i % 40}" for i in range(ROWS)])
    assert problems(here, "data: data.csv\ntarget: survived\n") == [
        (
            "model.yaml:2 target: column 'survived' has 40 classes in 60 rows, too few of each to learn. "
            "Predict another column"
        )
    ]


def test_a_column_of_numbers_with_some_words_is_a_warning(here):
    table(here, age=["n/k" if i % 4 == 0 else i * 3 for i in range(ROWS)])
    assert plan(here, "data: data.csv\ntarget: survived\n").warnings == (
        (
            "'age' is taken for a category, though 75% of its cells are numbers: 'n/k' is none. If such cells mean "
            "that nothing is known, say type: number; they then count as missing"
        ),
    )
    table(here, age=[f"n{i}" if i % 4 == 0 else i * 3 for i in range(ROWS)])
    assert plan(here, "data: data.csv\ntarget: survived\n").warnings == ()


def test_column_names_at_the_top_level_must_be_there(here):
    assert problems(
        here, "data: data.csv\ntarget: survived\nweight: ags\nbackend: {typ: local}\n"
    ) == [
        "model.yaml:3 weight: data.csv has no column 'ags'; did you mean 'age'?",
        "model.yaml:4 backend.typ: unknown option; did you mean 'type'?",
    ]


def test_a_title_above_the_names_is_recalled_when_a_column_is_not_there(here):
    lines = [f"{20 + i % 30},{'ab'[i % 2]}" for i in range(ROWS)]
    (here / "data.csv").write_text("\n".join(["Passengers of 1912", "age,sex", *lines]) + "\n")
    assert problems(here, "data: data.csv\ntarget: sex\n")[-1] == (
        "data.csv: the first line holds a single cell ('Passengers of 1912'), above lines of 2 cells. If it is a "
        "title, take it out: the line with the columns' names comes first"
    )


def test_a_header_that_may_be_none_is_recalled_when_a_column_is_not_there(here):
    lines = "\n".join(f"{20 + i % 30},{'ab'[i % 2]}" for i in range(ROWS))
    (here / "data.csv").write_text(lines + "\n")
    assert problems(here, "data: data.csv\ntarget: sex\n") == [
        "model.yaml:2 target: data.csv has no column 'sex'; choose one of '20', 'a'",
        (
            "data.csv: the first line looks like data, not like names of columns ('20', 'a'). If there is no header "
            "line, say `data: {path: …, header: false, columns: […]}` in the file, or --set data.header=false"
        ),
    ]
    made = plan(
        here,
        "data: data.csv\ntarget: sex\n",
        overrides=["data.header=false", "data.columns=[age, sex]"],
    )
    assert [each.name for each in made.inputs] == ["age"]
    assert made.config["data"] == {
        "path": str(here / "data.csv"),
        "header": False,
        "columns": ["age", "sex"],
    }


def test_how_a_table_of_the_command_line_is_read_can_be_set(here):
    (here / "data.csv").write_text("".join(f"{20 + i % 30},{'ab'[i % 2]}\n" for i in range(ROWS)))
    made = plan(here, "target: column_2\n", source="data.csv", overrides=["data.header=false"])
    assert [each.name for each in made.inputs] == ["column_1"]
    assert made.config["data"] == {"path": str(here / "data.csv"), "header": False}


def test_a_plan_prints_what_it_predicts_from_how_much(here):
    assert repr(plan(here, "name: small\ndata: data.csv\ntarget: survived\n")) == (
        "Plan('small': survived (binary) from 3 columns, model_type auto)"
    )


def test_a_plan_shows_in_a_notebook_what_every_column_is_and_why(here):
    table(here, city=["<b>"] * ROWS)
    text = "name: small\ndata: data.csv\ntarget: survived\ninput_features: [{name: age, type: number}]\n"
    shown = plan(here, text)._repr_html_()
    assert "<tr><td>age</td><td>input</td><td>number</td><td>as written</td></tr>" in shown
    shown = plan(here, "data: data.csv\ntarget: survived\n")._repr_html_()
    assert (
        "<tr><td>city</td><td>left out</td><td></td><td>always &#x27;&lt;b&gt;&#x27;</td></tr>"
        in shown
    )


def test_a_plan_shows_no_cell_of_a_private_column(here):
    table(here, city=["secret"] * ROWS)
    text = "data: data.csv\ntarget: survived\nprivate: [city, sex]\n"
    shown = plan(here, text)._repr_html_()
    assert "<tr><td>city</td><td>left out</td><td></td><td>private</td></tr>" in shown
    assert "<tr><td>sex</td><td>input</td><td>binary</td><td>private</td></tr>" in shown
    assert "secret" not in shown
    assert "female" not in shown


def test_where_scratch_arrays_lie_is_relative_to_the_file(here):
    text = "data: data.csv\ntarget: survived\nbackend: {type: local, cache_dir: scratch}\n"
    made = plan(here, text)
    assert made.cache == here / "scratch"
    assert made.config["backend"] == {"type": "local", "cache_dir": str(here / "scratch")}
    assert (
        plan(here, "data: data.csv\ntarget: survived\nbackend: local\n").cache.name == ".crosstie"
    )


def test_a_metric_that_only_compares_runs_is_told(tmp_path):
    (tmp_path / "a.csv").write_text(
        "x,y\n" + "".join(f"{i % 11}.25,{i % 7}.5\n" for i in range(60))
    )
    outputs = "output_features=[{name: y, type: number, metric: wape}]"
    given = load({"model_type": "ecd"})
    plan = make_plan(given, source=tmp_path / "a.csv", target="y", overrides=[outputs])
    assert plan.metrics == {"y": "wape"}
    assert [each for each in plan.warnings if "wape" in each] == [
        (
            "--set output_features[0].metric: 'wape' is measured when training has ended: runs are compared by it, and "
            "training goes by the loss"
        )
    ]
