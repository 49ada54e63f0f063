"""What of a query is a parameter."""

import pytest
from sqlglot import tokenize

from crosstie.data.sql_parameters import parameters


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("SELECT a FROM t WHERE a >= :least AND b = :least LIMIT :n", ["least", "least", "n"]),
        ("SELECT a FROM t WHERE a=:b AND c IN (:d,:e) AND f BETWEEN :g AND :h", ["b", "d", "e", "g", "h"]),
        ("SELECT x[1:n], x[i:n], x[i :n], x[f(1):n], x['a':n], x[1:2:n]", []),
        ("SELECT x[1: :n], x[:n], [:n, 2]", ["n", "n", "n"]),
        ("SELECT {'a':n, b:n, 'c': :n}, MAP {'a':n}", ["n"]),
        ("SELECT a:b, c::int, '2':d FROM t", []),
        ("SELECT ':no', \":no\", a -- :no\nFROM t WHERE day AT TIME ZONE :zone > :since", ["zone", "since"]),
    ],
)  # fmt: skip
def test_a_colon_of_a_slice_a_struct_or_an_alias_begins_no_parameter(query, names):
    assert [name.text for _, name in parameters(tokenize(query, read="duckdb"))] == names
