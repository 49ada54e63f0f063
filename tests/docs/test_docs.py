"""What the docs show is run: every block of README and docs, in a folder with the example's tables."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


def _script(path: Path) -> ModuleType:
    """A script as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ROOT = Path(__file__).parents[2]
DRIVER = Path(__file__).with_name("run_page.py")
differs = _script(DRIVER).differs
GENERATED = "components.md"
PAGES = [
    ROOT / "README.md",
    *(each for each in sorted((ROOT / "docs").glob("*.md")) if each.name != GENERATED),
]
LINK = re.compile(r"\]\(([^)#\s]*)(#[^)\s]*)?\)")


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page_does_what_it_shows(
    page: Path,
    tmp_path: Path,
    local_index: dict[str, str],
    warm: Callable[[str, Path], Path],
    crosstie_program: Path,
) -> None:
    for name in ("customers.csv", "later_customers.csv"):
        shutil.copy(ROOT / "examples" / "churn" / name, tmp_path)
    shutil.copytree(
        ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("runs", ".crosstie")
    )
    done = subprocess.run(
        [warm("page", DRIVER), page],
        cwd=tmp_path,
        env={
            **os.environ,
            **local_index,
            "PATH": os.pathsep.join(
                map(str, (crosstie_program.parent, Path(sys.executable).parent, os.environ["PATH"]))
            ),
            "OMP_NUM_THREADS": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{page.name}\n{done.stderr}"


@pytest.mark.parametrize(
    "page",
    [*PAGES, *sorted(ROOT.glob("examples/**/*.md"))],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(
        r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    local = [target for target, _ in LINK.findall(text) if target and "://" not in target]
    assert [each for each in local if not (page.parent / each).exists()] == []


@pytest.mark.slow
def test_components_page_is_what_the_code_says() -> None:
    # in a process of its own: tests beside this one register components too
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "generate.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("shown", "printed", "why"),
    [
        ("a 1\nb", "a   1 \n\nb\n", ""),
        ("roc_auc 0.83 12.1", "roc_auc 0.8012 3.4", ""),
        ("roc_auc 0.83", "roc_auc 0.70", "'roc_auc 0.83' is not there"),
        ("rows: 10", "rows: 11", "'rows: 10' is not there"),
        ("a\n...\nd", "a\nb\nc\nd", ""),
        ("a\n...", "a\nb", ""),
        ("a", "a\nb", "'b' is not shown"),
        (
            "Saved in runs/x/20261121T070410.994Z-b8edc0.",
            "Saved in runs/x/20270101T000000.001Z-aaaaaa.",
            "",
        ),
    ],
)
def test_output_is_compared_by_words_and_by_about_the_numbers(
    shown: str, printed: str, why: str
) -> None:
    assert differs(shown, printed) == why
