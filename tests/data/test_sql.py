"""Queries as tables: of PostgreSQL, and with parameters."""

import datetime as dt

import pytest
from adbc_driver_postgresql import dbapi

from crosstie.data.read import open_source
from crosstie.errors import DataError


@pytest.fixture(scope="module")
def sales(postgres_server):
    """A table of 150,000 rows, more than come at a time; its database."""
    with dbapi.connect(postgres_server, autocommit=True) as connection, connection.cursor() as cursor:  # fmt: skip
        cursor.execute("CREATE SCHEMA sales")
        cursor.execute(
            "CREATE TABLE sales.orders AS SELECT i AS \"ID\", (i * 0.5)::numeric AS price, DATE '2024-01-01' + i % 100 AS day "
            "FROM generate_series(1, 150000) i"
        )
    return postgres_server


def cells(source):
    return {name: source.table().cells(name) for name in source.columns}


@pytest.mark.slow
def test_a_query_of_postgresql_is_a_table(sales):
    spec = {"connection": sales, "query": 'SELECT "ID", price, day FROM sales.orders ORDER BY 1 DESC LIMIT 2'}  # fmt: skip
    source = open_source(spec)

    assert cells(source) == {
        "ID": ["150000", "149999"],
        "price": ["75000", "74999.5"],
        "day": ["2024-01-01", "2024-04-09"],
    }
    assert source.fingerprint == open_source(spec).fingerprint
    assert open_source({**spec, "query": "SELECT * FROM sales.orders"}).rows == 150_000


def test_parameters_of_a_query_are_bound_as_what_the_server_takes_them_for(sales):
    query = "SELECT day::text AS day, :word AS word FROM sales.orders WHERE day >= :since AND price < :most AND price = ANY(:some)"
    params = {"since": "2024-01-03", "word": "'; DROP", "most": 50_000, "some": [0.5, 1.0, 1.5]}

    assert cells(open_source({"connection": sales, "query": query, "params": params})) == {
        "day": ["2024-01-03", "2024-01-04"],
        "word": ["'; DROP"] * 2,
    }
    query = "SELECT 1 AS n FROM sales.orders WHERE day >= :since"
    params = {"since": dt.date(2024, 1, 2)}
    source = open_source({"connection": sales, "query": query, "params": params})
    assert source.rows == 148_500


def test_parameters_of_a_query_of_duckdb_are_bound():
    query = "SELECT n, [n, 7][1:n] AS some FROM range(5) t(n) WHERE n < :most AND n <> :no"
    source = open_source({"connection": "duckdb://", "query": query, "params": {"most": 3, "no": 0}})  # fmt: skip

    assert cells(source)["n"] == ["1", "2"]


@pytest.mark.parametrize(
    ("query", "params", "said"),
    [
        ("SELECT nope FROM sales.orders", None, 'the query fails: column "nope" does not exist'),
        ("DELETE FROM sales.orders RETURNING 1", None, "the query fails: "),
        ("SELECT 1 AS a, 2 AS A", None, "the query: two columns are called 'a', whatever their case; name one with AS"),
        ("SELECT :a AS a", {"b": 1}, "the query: :a has no value; give it in data.params\ndata.params.b: there is no :b in the query; choose one of 'a'"),
        ("SELECT 1", {"since": 1}, "data.params.since: there is no :since in the query; nothing fits here"),
        ("SELECT :a AS a", 5, "data.params: must be a section of values, as in {since: 2024-01-01}, got 5"),
    ],
)  # fmt: skip
def test_a_query_that_postgresql_cannot_answer_is_refused(sales, query, params, said):
    with pytest.raises(DataError) as error:
        open_source({"connection": sales, "query": query, "params": params})

    assert str(error.value).startswith(said)
    assert "hush" not in str(error.value)
    with dbapi.connect(sales) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM sales.orders")
        assert cursor.fetchone() == (150_000,)
