import ast
import re

import pytest

from crosstie.errors import ConfigError
from crosstie.shipping.contents import ROOTS
from crosstie.shipping.modules import Module, reached
from crosstie.shipping.needs import SERVER
from crosstie.shipping.relative import relative


def rewritten(text: str, package: str = "_runtime.serving") -> str:
    module = Module.of("crosstie.serving.model", text)
    return relative(module, package.split("."), ["_runtime"], shown="model.py")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("from crosstie.data.table import Table", "from ..data.table import Table"),
        ("from crosstie.serving.rows import is_row", "from .rows import is_row"),
        (
            "from crosstie.errors import (\n    DataError,\n)",
            "from ..errors import (\n    DataError,\n)",
        ),
        ("from crosstie import __version__", "from .. import __version__"),
        ("from crosstie.serving import rows", "from . import rows"),
        ("import crosstie.data.parse as parse", "from ..data import parse as parse"),
        (
            "def f():\n    from crosstie.errors import X  # 5 ms",
            "def f():\n    from ..errors import X  # 5 ms",
        ),
        ("x = 'é'; from crosstie.errors import X", "x = 'é'; from ..errors import X"),
        ("from  crosstie.errors  import X", "from  ..errors  import X"),
        (
            "import numpy as np\nfrom crossties import y",
            "import numpy as np\nfrom crossties import y",
        ),
        ("text = 'from crosstie.errors import X'", "text = 'from crosstie.errors import X'"),
    ],
)
def test_only_the_words_of_our_imports_change(text, wanted):
    assert rewritten(text) == wanted


def test_a_users_own_file_reaches_the_rooms_beside_it():
    text = "from crosstie.features.feature import Feature\n"
    found = relative(Module.of("ipv4", text), ["_components"], ["_runtime"], shown="ipv4.py")
    assert found == "from .._runtime.features.feature import Feature\n"


@pytest.mark.parametrize(
    "words", ["import crosstie", "import os, crosstie.data as d", "import crosstie.data.parse"]
)
def test_an_import_without_a_relative_form_is_told_with_its_line(words):
    with pytest.raises(
        ConfigError, match=r"model.py:3: `import crosstie.*` cannot go into a wheel"
    ):
        rewritten(f"# first\n\n{words}\n")


@pytest.mark.slow
def test_no_absolute_import_of_ours_is_left_in_what_is_packaged():
    for name, module in reached([*ROOTS, f"{SERVER}.serve"]).items():
        parts = name.split(".")[1:]
        text = relative(
            module, ["_runtime", *parts[: None if module.package else -1]], ["_runtime"], shown=name
        )
        tree = ast.parse(text)
        imported = [
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import)
            for alias in node.names
        ] + [
            str(node.module)
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.level == 0
        ]
        assert not [each for each in imported if each.partition(".")[0] == "crosstie"], name
        assert len(text.splitlines()) == len(module.source.splitlines())


@pytest.mark.slow
def test_nothing_that_is_packaged_names_our_modules_in_a_text():
    named = re.compile(r"crosstie(\.[a-z_]+)+")
    for name, module in reached([*ROOTS, f"{SERVER}.serve"]).items():
        texts = [
            node.value
            for node in ast.walk(ast.parse(module.source))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        assert not [each for each in texts if named.fullmatch(each)], name
