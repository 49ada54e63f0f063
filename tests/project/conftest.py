"""A small project whose tables are built, for what looks at one."""

import shutil
from pathlib import Path

import pytest

from crosstie.project.build.build import build
from crosstie.project.build.open import opened

FILES = {
    "pyproject.toml": '[project]\nname = "calls"\n\n[tool.crosstie]\ndefaults = "0.1"\n',
    "environments/development.yaml": "params: {least: 2}\n",
    "environments/production.yaml": "params: {least: 2}\n",
    "data/calls.csv": "id,minutes\n1,5\n2,1\n3,9\n4,4\n",
    "data/rates.csv": "kind,price\na,3\n",
    "steps/10_long.sql": "SELECT id, minutes FROM calls WHERE minutes >= :least\n",
    "steps/20_cost.py": '''"""Cost by call."""

from lib.prices import price


def cost(long, calls, factor: int = 2):
    longest = calls["minutes"].max()
    return long.assign(cost=[price(each, longest) * factor for each in long["minutes"]])
''',
    "lib/__init__.py": "",
    "lib/prices.py": "def price(minutes, longest):\n    return minutes * 3 // longest\n",
}


@pytest.fixture(scope="session")
def built_calls(tmp_path_factory) -> Path:
    """It, which no test may change."""
    root = tmp_path_factory.mktemp("built") / "calls"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    outcome = build(opened(root))
    assert outcome.to_json() == {"ran": ["long", "cost"], "cached": [], "failed": []}
    return root


@pytest.fixture
def calls(built_calls, tmp_path) -> Path:
    """A copy to change."""
    return Path(shutil.copytree(built_calls, tmp_path / "calls"))
