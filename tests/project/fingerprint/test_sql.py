"""What of a step's SQL counts as changed, and what it names."""

import re
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crosstie.errors import ProjectError
from crosstie.project.fingerprint.cache import Cache
from crosstie.project.fingerprint.sql import Sql, Sqls, sql_of

QUERY = """\
with recent as (
    select customer, sum(amount) as Total
    from orders
    where status = 'Active  now' and day > :since
    group by customer
)
select c.id, Total, c.name as "Full Name"
from customers c
left join recent r on r.customer = c.id
where c.age <> 3;
"""

SAME = {
    "another indent": QUERY.replace("    ", "\t").replace("\n", "\n  "),
    "one line": " ".join(QUERY.split("\n")),
    "capital keywords": QUERY.replace("select", "SELECT").replace("left join", "LEFT JOIN"),
    "a comment": "-- why\n" + QUERY.replace("from orders", "from /* all */ orders -- of them"),
    "capital tables": QUERY.replace("customers c", "Customers C").replace("orders", "ORDERS"),
    "a written-out alias": QUERY.replace("customers c", "customers as c"),
    "a capital function": QUERY.replace("sum(", "SUM("),
    "no semicolon": QUERY.replace(";", ""),
    "quotes that a table's name does not need": QUERY.replace("from customers", 'from "customers"'),
    "Windows line ends": QUERY.replace("\n", "\r\n"),
}


@pytest.mark.parametrize("text", SAME.values(), ids=SAME)
def test_sql_written_otherwise_is_the_same(text):
    assert sql_of(text).digest == sql_of(QUERY).digest


OTHER = {
    "a space within a literal": QUERY.replace("Active  now", "Active now"),
    "the case of a literal": QUERY.replace("Active  now", "active  now"),
    "the case of a result's column": QUERY.replace("as Total", "as total"),
    "a number": QUERY.replace("<> 3", "<> 4"),
    "a table": QUERY.replace("from orders", "from orders_2"),
    "another schema's table": QUERY.replace("from orders", "from old.orders"),
    "a join": QUERY.replace("left join", "join"),
    "a parameter's name": QUERY.replace(":since", ":after"),
    "a statement more": "create temp table x as select 1;\n" + QUERY,
    "a hint": QUERY.replace("select c.id", "select /*+ HASH_JOIN(c r) */ c.id"),
    "the order of columns": QUERY.replace("c.id, Total", "Total, c.id"),
}


@pytest.mark.parametrize("text", OTHER.values(), ids=OTHER)
def test_sql_that_does_something_else_is_another(text):
    assert sql_of(text).digest != sql_of(QUERY).digest


def test_a_hint_is_told_from_a_comment_and_stands_where_it_stands():
    def digest(text: str) -> str:
        return sql_of(text, "postgres").digest

    hinted = digest("select /*+ A(x) */ 1 from (select 2) t")
    assert hinted == digest("SELECT   /*+  A(x) */\n1 from (select 2) t -- why")
    assert hinted != digest("select 1 from (select /*+ A(x) */ 2) t")
    assert digest("select 1 -- see /*+ A(x) */") == digest("select 1")


def test_where_an_engine_folds_names_their_case_is_no_change():
    assert sql_of("select A as B from T", "postgres").digest == (
        sql_of('select a as b from "t"', "postgres").digest
    )
    assert sql_of('select "A" from t', "postgres").digest != (
        sql_of("select A from t", "postgres").digest
    )


def test_the_schema_of_an_environment_is_no_part_of_the_names():
    text = "select {0}customers.name from {0}customers join other.orders using (id)"
    plain = sql_of(text.format(""))
    development = sql_of(text.format("dev_ana."), schema="dev_ana")
    production = sql_of(text.format("Shop.Analytics."), schema="shop.analytics")
    assert plain.digest == development.digest == production.digest
    assert production.tables == ("customers", "other.orders")
    assert sql_of(text.format("dev_ana.")).digest != plain.digest


def test_sql_names_its_tables_files_and_parameters():
    text = """
        create temp table made as from read_csv(['data/a.csv', 'data/b.csv'], dateformat='%d/%m');
        with recursive customers as (select * from Sales.Customers where x = $limit),
             chain as (select 1 as n union all select n + 1 from chain)
        select * from customers join made using (id), chain, 'data/rates.parquet', t.u
        where b > :since and c < :since and d in (select e from deep) and f = ?
    """
    found = sql_of(text)
    assert found.tables == ("sales.customers", "t.u", "deep")
    assert found.files == ("data/a.csv", "data/b.csv", "data/rates.parquet")
    assert found.parameters == ("limit", "since", "?")
    assert found.warnings == ()


def test_a_common_table_expression_may_read_a_table_of_its_own_name():
    text = "with customers as (select * from customers) select * from customers"
    assert sql_of(text).tables == ("customers",)
    assert sql_of(text.replace("from customers)", "from orders)")).tables == ("orders",)


def test_what_cannot_be_parsed_counts_by_its_words_and_says_where():
    text = "select 1;\n  select a frm shop.orders o where ('a  b' = :since from shop.items"
    found = sql_of(text, schema="shop", where="steps/10_orders.sql")
    (warning,) = found.warnings
    assert warning == (
        "steps/10_orders.sql:2:16: cannot be parsed: Invalid expression / Unexpected token, near 'shop'; "
        "its words count as they stand"
    )
    assert found.tables == ("items",)
    assert found.parameters == ("since",)
    same = text.replace("select a", "SELECT /* c */\n a").replace("shop.", "")
    assert sql_of(same, schema="shop").digest == found.digest
    for other in (text.replace("a  b", "a b"), text.replace("select a", "select b")):
        assert sql_of(other, schema="shop").digest != found.digest


ERRORS = {
    "nothing": ("  -- nothing", {}, "s.sql: holds no statement. Write the SELECT that makes its table."),
    "an open text": (
        "select 1,\n'two\n, 3",
        {},
        "s.sql:2: a text, a name or a comment that begins here does not end",
    ),
    "a dialect": ("select 1", {"dialect": "postgress"}, "s.sql: unknown dialect 'postgress'; did you mean 'postgres'?"),
}  # fmt: skip


@pytest.mark.parametrize("case", ERRORS.values(), ids=ERRORS)
def test_a_mistake_in_sql_is_said_with_its_place(case):
    text, options, message = case
    with pytest.raises(ProjectError) as error:
        sql_of(text, where="s.sql", **options)
    assert str(error.value) == message


def test_sql_goes_through_json_and_back():
    found = sql_of(QUERY, schema="shop", where="steps/10_orders.sql")
    assert Sql.from_json(found.to_json(), found.text) == found


def test_sql_read_by_other_rules_is_read_anew_from_its_text():
    now = sql_of(QUERY)
    old = Sql.from_json({**now.to_json(), "canon": "0 sqlglot 20.0.0", "digest": "old"}, now.text)
    assert old.renewed() == now


def test_a_text_that_is_known_needs_no_sqlglot(tmp_path):
    file = tmp_path / "cache.json"
    cache = Cache(file)
    Sqls(cache).of(QUERY)
    cache.save()
    done = subprocess.run(
        [sys.executable, "-c", _KNOWN, str(file), QUERY], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"{sql_of(QUERY).digest} False"


_KNOWN = """
import sys
from pathlib import Path
from crosstie.project.fingerprint.cache import Cache
from crosstie.project.fingerprint.sql import Sqls
found = Sqls(Cache(Path(sys.argv[1]))).of(sys.argv[2])
print(found.digest, "sqlglot" in sys.modules)
"""

SPACES = st.sampled_from([" ", "\n", "\t ", " -- why\n", " /* a 'b' */ "])


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_space_and_comment_between_words_is_no_change(data):
    words = re.findall(r"'[^']*'|\"[^\"]*\"|[^\s'\"]+", QUERY)
    shaken = "".join(word + data.draw(SPACES) for word in words)
    assert sql_of(shaken).digest == sql_of(QUERY).digest
