"""`features.sql`: what is taken, what is refused, and that a row is one and the same alone and among others."""

import json

import numpy as np
import pytest

from crosstie.data.profile import look
from crosstie.data.read import open_source
from crosstie.data.rowwise.engine import AS_TEXT
from crosstie.data.rowwise.raw_column import RawColumn
from crosstie.data.rowwise.revive import revived
from crosstie.data.rowwise.sql import RowwiseSql
from crosstie.data.rowwise.statement import read_statement
from crosstie.data.table import Table
from crosstie.errors import DataError

TITANIC = r"""
SELECT
  * EXCLUDE (Name, Ticket) REPLACE (round(Fare) AS fare),
  sex AS gender,
  upper(gender) AS loud,
  ln(Fare + 1e0) AS log_fare,
  CASE WHEN age < 16 THEN 'child' ELSE 'adult' END AS who,
  sibsp + parch + 1 AS family,
  regexp_extract(name, '(\w+)\.', 1) AS title,
  fare / family AS each,
  embarked IN ('S', 'C') AS large
FROM input
"""


@pytest.fixture(scope="module")
def titanic(shared_data):
    return open_source(shared_data / "tab_titanic" / "train.csv").table()


def raw_columns(table):
    found = {
        name: RawColumn.of(look(table, name), table.distinct(name)[1]) for name in table.columns
    }
    return {name: each for name, each in found.items() if each is not None}


def features(text, table, **options):
    statement = read_statement(text, table.columns, where="features.sql")
    return RowwiseSql(statement, raw_columns(table), **options)


def said(text, columns=("age", "fare", "sex"), **options):
    with pytest.raises(DataError) as caught:
        read_statement(text, columns, where="features.sql", **options)
    return [str(each) for each in caught.value.problems]


def test_what_a_select_makes_of_a_row(titanic):
    made, _ = features(TITANIC, titanic).of(titanic, strict=True)
    row = {name: made.cells(name)[0] for name in made.columns}
    assert row == {
        "PassengerId": "1",
        "Survived": "0",
        "Pclass": "3",
        "Sex": "male",
        "Age": "22.0",
        "SibSp": "1",
        "Parch": "0",
        "Fare": "7",
        "Cabin": None,
        "Embarked": "S",
        "gender": "male",
        "loud": "MALE",
        "log_fare": "2.1102132003465894",
        "who": "adult",
        "family": "2",
        "title": "Mr",
        "each": "3.625",
        "large": "true",
    }


def test_a_request_holds_no_more_columns_than_its_features_mention(titanic):
    found = features(TITANIC, titanic).only(["log_fare", "who", "gender"])
    assert found.reads == ("Sex", "Age", "Fare")
    assert found.columns == ("gender", "log_fare", "who")


def test_a_row_alone_is_what_it_is_among_others(titanic):
    one = features(TITANIC, titanic)
    together, _ = one.of(titanic, strict=True)
    expected = {name: together.cells(name) for name in together.columns}
    for row in range(0, len(titanic), 40):
        cells = {name: titanic.cells(name)[row] for name in titanic.columns}
        alone, _ = one.of(Table.from_rows([cells]))
        assert {name: alone.cells(name)[0] for name in alone.columns} == {
            name: values[row] for name, values in expected.items()
        }


def test_many_rows_go_another_way_to_the_same_values(titanic):
    times = AS_TEXT // len(titanic) + 1
    one = features(TITANIC, titanic)
    few, _ = one.of(titanic)
    many, _ = one.of(Table.concat([titanic] * times, titanic.columns))
    for name in few.columns:
        assert many.cells(name) == few.cells(name) * times


def test_texts_of_all_kinds_arrive_as_they_are():
    texts = [
        "it's",
        'say "so"',
        "back\\slash",
        "line\nbreak",
        "snow ☃",
        "zero\0byte",
        "",
        "NA",
        None,
        "\ud800",
    ]
    table = Table.from_columns({"text": texts})
    one = RowwiseSql(
        read_statement(
            "SELECT concat('<', text, '>') AS held, length(text) AS n FROM input",
            ["text"],
            where="f",
        ),
        {"text": RawColumn("text", "VARCHAR")},
    )
    together, _ = one.of(table)
    assert together.cells("held") == [
        "<it's>", '<say "so">', "<back\\slash>", "<line\nbreak>", "<snow ☃>", "<zero\0byte>", "<>", "<>", "<>", "<?>",
    ]  # fmt: skip
    assert together.cells("n") == ["4", "8", "10", "10", "6", "9", None, None, None, "1"]
    for row, text in enumerate(texts):
        alone, _ = one.of(Table.from_rows([{"text": text}]))
        assert alone.cells("held")[0] == together.cells("held")[row]


def test_types_are_those_of_the_training_table_and_not_of_a_request():
    training = Table.from_columns(
        {
            "whole": ["1", "2", "30"],
            "broken": ["1,5", "2,25", "3"],
            "code": ["01307", "99999", "10115"],
            "when": ["31.01.2016", "01.02.2016", None],
            "flag": ["True", "False", "True"],
            "list": [[1], [2], [3]],
        }
    )
    raw = raw_columns(training)
    assert {name: (each.type, each.nullable) for name, each in raw.items()} == {
        "whole": ("BIGINT", False),
        "broken": ("DOUBLE", False),
        "code": ("VARCHAR", False),
        "when": ("TIMESTAMP", True),
        "flag": ("BOOLEAN", False),
    }
    row = Table.from_rows(
        [{"whole": "1.5", "broken": "4,75", "code": "007", "when": "05.03.2016", "flag": "yes"}]
    )
    read = {name: each.read(row) for name, each in raw.items()}
    assert {name: each.cells(read[name])[0] for name, each in raw.items()} == {
        "whole": None,
        "broken": 4.75,
        "code": "007",
        "when": 1457136000_000000,
        "flag": True,
    }
    assert (read["whole"].unparsed, read["whole"].unparsed_examples) == (1, ("1.5",))


def test_dates_and_lists_can_be_made_and_worked_with():
    table = Table.from_columns({"day": ["2016-01-31", "2016-03-01"], "words": ["a b", "c"]})
    text = """SELECT day + INTERVAL 1 DAY AS next, date_part('dow', day) AS weekday,
        datediff('day', DATE '2016-01-01', day) AS since, string_split(words, ' ') AS parts FROM input"""
    made, _ = features(text, table).of(table, strict=True)
    assert {name: made.cells(name) for name in made.columns} == {
        "next": ["2016-02-01 00:00:00", "2016-03-02 00:00:00"],
        "weekday": ["0", "2"],
        "since": ["30", "60"],
        "parts": ['["a","b"]', '["c"]'],
    }
    assert [made.stored(name) for name in made.columns] == ["date", "integer", "integer", "list"]


@pytest.mark.slow
def test_a_state_gives_the_same_features_back(titanic):
    one = features(TITANIC, titanic)
    again = revived(json.loads(json.dumps(one.state())), None)
    assert again.state() == one.state()
    assert again.fingerprint == one.fingerprint
    for name in one.columns:
        assert again.of(titanic)[0].cells(name) == one.of(titanic)[0].cells(name)


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("read_text('/etc/passwd')", "read_text: reads files"),
        ("getenv('HOME')", "getenv: depends on where it runs"),
        ("(SELECT 1)", "a query within the query is not row-wise"),
        ("1 AS x FROM (SELECT 1) --", "reads something other than `input`"),
        ("1 AS x FROM input; DROP TABLE y --", "only a SELECT works row by row"),
        ("current_setting('memory_limit')", "current_setting: depends on where it runs"),
        ("1 AS x, 2", "makes the column 'x' twice"),
    ],
)
def test_a_strangers_state_is_refused_where_it_asks_for_more(sql, told, titanic):
    state = features("SELECT Fare + 1 AS x FROM input", titanic).state()
    state["expressions"]["x"] = sql
    with pytest.raises((DataError, ValueError)) as caught:
        revived(state, None)
    assert told in str(caught.value)


def test_a_comment_in_a_strangers_state_is_not_run(titanic):
    state = features("SELECT Fare + 1 AS x FROM input", titanic).state()
    state["expressions"]["x"] = '2 AS "x" FROM input -- '
    assert revived(state, None).expressions == {"x": "CAST(2 AS BIGINT)"}


def test_the_engine_is_locked():
    from crosstie.data.rowwise.engine import connection

    for refused in (
        "SELECT * FROM read_text('/etc/hostname')",
        "SET threads = 4",
        "INSTALL httpfs",
        "ATTACH 'x.db'",
    ):
        with pytest.raises(Exception, match=r"disabled|locked|Cannot change"):
            connection().execute(refused)


def test_everything_wrong_is_said_at_once_with_its_line():
    text = """SELECT agee, ln(fare),
      random() AS r, now() AS n, current_date AS d,
      sum(fare) AS s, row_number() OVER () AS rn, avg(fare) OVER () AS a,
      lnn(fare) AS l, Survived + 1 AS y, (SELECT 1) AS q,
      age + 1 AS sex, sex, x.y AS z, fare::TIMESTAMPTZ AS tz
    FROM input WHERE age > 1
    GROUP BY age HAVING true ORDER BY 1 LIMIT 3"""
    hidden = {"survived": "is what is predicted"}
    once = "write `* REPLACE (… AS sex)` or `* EXCLUDE (sex)` or call it otherwise"
    types = "use BOOLEAN, BIGINT, DOUBLE, VARCHAR, DATE or TIMESTAMP"
    across = (
        "looks at other rows; a request is one row. Work it out in a step, or learn it in training"
    )
    assert said(text, hidden=hidden) == [
        "features.sql:1: the table has no column 'agee'; did you mean 'age'?",
        "features.sql:1: ln(fare) has no name; write `ln(fare) AS name`",
        "features.sql:2: random: gives another value each time; a row must always give the same",
        "features.sql:2: now: gives another value tomorrow; give the date as a column",
        "features.sql:2: current_date: gives another value tomorrow; give the date as a column",
        f"features.sql:3: sum: {across}",
        f"features.sql:3: {across}",
        "features.sql:4: lnn: is no function that row-wise features may call; did you mean 'ln'?",
        "features.sql:4: 'survived' is what is predicted",
        "features.sql:4: a query within the query is not row-wise; work it out in a step",
        f"features.sql:5: makes the column 'sex' twice (also on line 5); {once}",
        "features.sql:5: x.y: there is no other table than `input`",
        f"features.sql:5: the type TIMESTAMP WITH TIME ZONE depends on time zones; {types}",
        "features.sql:6: WHERE leaves rows out, and a request must get an answer; leave rows out in a step",
        "features.sql:7: HAVING is for groups, and features are row by row; take it out",
        "features.sql:7: GROUP BY makes one row of many, and a request is one row; group in a step",
        "features.sql:7: ORDER BY moves rows, and a request is one row; take it out",
        "features.sql:7: LIMIT leaves rows out; take it out",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "holds no statement; write one `SELECT … FROM input`"),
        ("SELECT * FROM input; SELECT 1", "holds 2 statements; write one `SELECT … FROM input`"),
        ("SELEC * FROM input", 'syntax error at or near "SELEC"'),
        ("DROP TABLE x", "only a SELECT works row by row; write one `SELECT … FROM input`"),
        ("SELECT 1 AS one", "has no FROM; write one `SELECT … FROM input`"),
        ("SELECT * FROM other", "reads 'other'; the row is called `input`: write `FROM input`"),
        ("SELECT * FROM input JOIN b ON true", "a join needs other rows; a request is one row. Join in a step"),
        ("SELECT * FROM 'data.csv'", "reads 'data.csv'; the row is called `input`: write `FROM input`"),
        ("SELECT * FROM read_csv('x')", "reads something other than `input`; write `FROM input`"),
        ("SELECT age FROM input UNION SELECT 1", "joins the rows of several SELECTs (UNION and the like); write one"),
        ("SELECT DISTINCT age FROM input", "DISTINCT leaves rows out; take it out"),
        ("SELECT age FROM input USING SAMPLE 3", "SAMPLE leaves rows out, and a request must get an answer; take it out"),
        ("WITH x AS (SELECT 1) SELECT age FROM input", "WITH is not part of this version; write the expressions in one SELECT"),
        ("SELECT * EXCLUDE (agee) FROM input", "the table has no column 'agee'; did you mean 'age'?"),
        ("SELECT count(*) AS n FROM input", "count_star: looks at other rows; a request is one row. Work it out in a step, or learn it in training"),
    ],
)  # fmt: skip
def test_what_is_no_row_wise_select_is_refused(text, told):
    assert said(text) == [f"features.sql:1: {told}"]


def test_an_expression_that_does_not_fit_its_columns_is_told_with_their_types(titanic):
    with pytest.raises(DataError) as caught:
        features("SELECT Name + 1 AS x,\n INTERVAL 3 DAYS AS d FROM input", titanic)
    assert str(caught.value) == (
        "features.sql:1: x: No function matches the given name and argument types '+(VARCHAR, INTEGER_LITERAL)'. "
        "(Name is VARCHAR)\n"
        "features.sql:2: d is of the type INTERVAL, which no feature can be; make a number, a text, a date, true or "
        "false of it"
    )


def test_a_row_that_cannot_be_worked_out_stops_training_and_is_missing_later(titanic):
    one = features("SELECT ln(Fare) AS log_fare, Sex FROM input", titanic)
    with pytest.raises(DataError) as caught:
        one.of(titanic, strict=True)
    assert str(caught.value) == (
        "features.sql:1: log_fare cannot be worked out for 15 rows, the first at row 180: cannot take logarithm of zero. "
        "Say what it is then, as in CASE WHEN … THEN … END, or TRY(…) for missing"
    )
    made, read = one.of(titanic)
    assert np.flatnonzero([each is None for each in made.cells("log_fare")])[0] == 179
    assert (read["log_fare"].unparsed, read["log_fare"].unparsed_examples) == (
        15,
        ("cannot take logarithm of zero",),
    )


def test_columns_that_differ_in_capitals_alone_are_told_apart_or_refused():
    assert said('SELECT "Age" + 1 AS x FROM input', ["Age", "age"]) == [
        "features.sql:1: 'Age' and 'age' differ in nothing but capitals, which SQL does not tell apart; rename one in a step"
    ]
    found = read_statement("SELECT AGE AS x FROM input", ["Age"], where="features.sql")
    assert found.passed == {"x": "Age"}
