import pytest

from crosstie.shipping.contents import ROOTS
from crosstie.shipping.modules import Module, own, reached, targets
from crosstie.shipping.needs import SERVER


def test_an_import_is_known_with_when_it_runs():
    text = (
        "from typing import TYPE_CHECKING\n"
        "import numpy as np\n"
        "if TYPE_CHECKING:\n    import pandas\nelse:\n    import json\n"
        "try:\n    import polars\nexcept ImportError:\n    pass\n"
        "class A:\n    import csv\n    def f(self):\n        import duckdb\n"
        "async def g():\n    from a.b import c, d\n"
    )
    found = [(each.module, each.names, each.when) for each in Module.of("m", text).imports]
    assert found == [
        ("typing", ("TYPE_CHECKING",), "import"),
        ("numpy", (), "import"),
        ("pandas", (), "typing"),
        ("json", (), "import"),
        ("polars", (), "import"),
        ("csv", (), "import"),
        ("duckdb", (), "call"),
        ("a.b", ("c", "d"), "call"),
    ]


def test_a_registry_reaches_every_module_of_its_home():
    found = reached(["crosstie.features.feature"])
    assert {"crosstie.features.number", "crosstie.features.image", "crosstie.features"} <= {*found}


def test_what_predicts_reaches_nothing_above_the_torch_line():
    rooms = {name.split(".")[1] for name in reached([*ROOTS, f"{SERVER}.serve"])}
    assert rooms == {"artifact", "config", "data", "errors", "evaluation", "features", "serving"}


def test_what_predicts_reaches_nothing_that_speaks_to_a_server_of_a_database():
    found = {*reached([*ROOTS, f"{SERVER}.serve"])}
    apart = {
        "postgres",
        "sql_bound",
        "sql_parameters",
        "sql_postgres",
        "destination",
        "transaction",
    }
    assert all(own(f"crosstie.data.{name}") for name in apart)
    assert found.isdisjoint(f"crosstie.data.{name}" for name in apart)


def test_imports_of_functions_are_followed_but_not_at_once():
    module = own("crosstie.data.table")
    assert "crosstie.data.arrow_cells" in {*targets(module)}
    assert "crosstie.data.arrow_cells" not in {*targets(module, eager=True)}


@pytest.mark.parametrize("name", ["numpy", "crosstie", "crosstie.nothing", "crossties.data"])
def test_what_is_not_ours_is_none_of_ours(name):
    assert own(name) is None
