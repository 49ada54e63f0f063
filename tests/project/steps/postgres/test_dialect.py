"""Queries in DuckDB's SQL as PostgreSQL has them."""

import pytest

from crosstie.errors import DataError
from crosstie.project.steps.postgres.dialect import queries


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT CustomerID FROM calls WHERE customerid > 1", 'SELECT "customerID" FROM calls WHERE "customerID" > 1'),
        ("SELECT minutes / 2 AS Half FROM Calls ORDER BY half", 'SELECT CAST(minutes AS DOUBLE PRECISION) / 2 AS "Half" FROM Calls ORDER BY "Half"'),
        ("SELECT 1 FROM calls WHERE a = :b AND c = $a AND d = :b", "SELECT 1 FROM calls WHERE a = $1 AND c = $2 AND d = $1"),
        ("SELECT a, minutes + 1 AS m, count(*) AS n FROM calls GROUP BY ALL", "SELECT a, minutes + 1 AS m, COUNT(*) AS n FROM calls GROUP BY a, minutes + 1"),
        ("SELECT count(*) AS n FROM calls GROUP BY ALL", "SELECT COUNT(*) AS n FROM calls"),
        ("SELECT :a AS a, minutes::int AS m FROM calls", "SELECT $1 AS a, CAST(minutes AS INT) AS m FROM calls"),
        ("WITH t(N) AS (SELECT 1) SELECT n FROM t", 'WITH t("N") AS (SELECT 1) SELECT "N" FROM t'),
    ],
)  # fmt: skip
def test_names_are_written_as_tables_have_them_and_parameters_as_numbers(query, said):
    (found,) = queries(query, "s.sql", ["customerID", "minutes", "a"])

    assert found.sql() == said


def test_a_text_becomes_what_the_server_takes_it_for():
    (found,) = queries("SELECT * FROM calls WHERE day > :since", "s.sql", ["day"])

    assert found.sql({"since": "date"}) == "SELECT * FROM calls WHERE day > CAST(CAST($1 AS TEXT) AS date)"  # fmt: skip


def test_what_is_no_query_is_said_with_its_line():
    with pytest.raises(DataError) as error:
        queries("SELECT\n FROM WHERE", "s.sql", [])

    assert str(error.value).startswith("s.sql:2: cannot be put into PostgreSQL's SQL: ")
