"""Runs a page of the docs as one session: `python run_page.py PAGE` in a folder that holds the example's tables.

```sh                 run; must end in 0
```sh exit=2          run; must end in 2
```sh norun           shown only
```text               after a block that was run: what it printed, or lines of it (see `differs`)
```yaml               must pass `crosstie.check`; a fragment is completed with the example's table and target
```yaml model.yaml    likewise, and written to that file for later blocks
```yaml x.yaml norun  written, not checked
```python             run in one namespace; with >>> compared as a doctest
"""

import doctest
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STAMP = re.compile(r"\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{6}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
SCORE = re.compile(r"-?\d*\.\d{2,}")
SECONDS = re.compile(r"\d+\.\d")
TABLE = "data: customers.csv"
TARGET = "target: Churn"


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, the words after it, its lines, and where it begins."""

    language: str
    words: tuple[str, ...]
    text: str
    line: int


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    return [
        Block(each[1], tuple(each[2].split()), each[3], page.count("\n", 0, each.start()) + 1)
        for each in BLOCK.finditer(page)
    ]


class Session:
    """Blocks run one after the other; `problems` says which did not do what the page says."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.printed: str | None = None
        self.names: dict[str, Any] = {}

    def take(self, block: Block) -> None:
        """Run or compare one block."""
        if block.language == "text":
            if self.printed is not None and (why := differs(block.text, self.printed)):
                self.problems.append(f"line {block.line}: {why}; it printed\n{self.printed}")
            self.printed = None
            return
        self.printed = None
        run = {"sh": self._sh, "python": self._python, "yaml": self._yaml}.get(block.language)
        if run is not None:
            try:
                run(block)
            except Exception as error:  # noqa: BLE001 - told with its line, then the page goes on
                self.problems.append(f"line {block.line}: {type(error).__name__}: {error}")

    def _sh(self, block: Block) -> None:
        if "norun" in block.words:
            return
        wanted = next((int(each[5:]) for each in block.words if each.startswith("exit=")), 0)
        done = subprocess.run(
            ["sh", "-c", block.text],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            env={**os.environ, "COLUMNS": "120"},
        )
        self.printed = done.stdout
        if done.returncode != wanted:
            what = f"ended in {done.returncode}, not {wanted}"
            self.problems.append(
                f"line {block.line}: {block.text}{what}; it printed\n{done.stdout}"
            )

    def _python(self, block: Block) -> None:
        if "norun" in block.words:
            return
        if file := next((each for each in block.words if each.endswith(".py")), ""):
            Path(file).parent.mkdir(parents=True, exist_ok=True)
            Path(file).write_text(block.text, encoding="utf-8")
            return
        if ">>>" not in block.text:
            exec(compile(block.text, f"line {block.line}", "exec"), self.names)
            return
        test = doctest.DocTestParser().get_doctest(
            block.text, self.names, f"line {block.line}", None, block.line
        )
        told: list[str] = []
        flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        doctest.DocTestRunner(optionflags=flags).run(test, out=told.append, clear_globs=False)
        self.names.update(test.globs)
        if told:
            self.problems.append("".join(told))

    def _yaml(self, block: Block) -> None:
        import crosstie

        name = next((each for each in block.words if each.endswith(".yaml")), "")
        text = block.text
        if "data:" not in text:
            text = f"{TABLE}\n{text}"
        if not re.search(r"^(target|output_features):", text, re.MULTILINE):
            text = f"{TARGET}\n{text}"
        path = Path(name or f"block_{block.line}.yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text if name else text, encoding="utf-8")
        if "norun" not in block.words:
            crosstie.check(path)


def differs(shown: str, printed: str) -> str:
    """Why `shown` is not what was printed; "" if it is.

    Words must be the same, in order; a line `...` stands for any lines. Scores (two decimals and more) may be off
    by 0.05 or 5 %, seconds (one decimal), moments and the names of runs may be anything: machines differ. Lines of
    progress are not looked at, nor rules.
    """
    there = [line.split() for line in printed.splitlines() if _tells(line)]
    at, skipping = 0, False
    for line in filter(_tells, shown.splitlines()):
        words = line.split()
        if words == ["..."]:
            skipping = True
            continue
        while skipping and at < len(there) and not _alike(words, there[at]):
            at += 1
        if at == len(there) or not _alike(words, there[at]):
            return f"{line.strip()!r} is not there"
        at, skipping = at + 1, False
    return "" if skipping or at == len(there) else f"{' '.join(there[at])!r} is not shown"


def _tells(line: str) -> bool:
    return bool(line.strip(" ─")) and " · " not in line


def _alike(shown: list[str], printed: list[str]) -> bool:
    return len(shown) == len(printed) and all(map(_same, shown, printed))


def _same(shown: str, printed: str) -> bool:
    shown, printed = (STAMP.sub("RUN", each) for each in (shown, printed))
    if SECONDS.fullmatch(shown):
        return bool(SECONDS.fullmatch(printed))
    if SCORE.fullmatch(shown) and SCORE.fullmatch(printed):
        return abs(float(shown) - float(printed)) <= max(0.05, 0.05 * abs(float(shown)))
    if SCORE.search(shown) and "," in shown:
        parts = shown.split(","), printed.split(",")
        return len(parts[0]) == len(parts[1]) and all(map(_same, *parts))
    return shown == printed


if __name__ == "__main__":
    session = Session()
    for each in blocks(Path(sys.argv[1]).read_text(encoding="utf-8")):
        session.take(each)
    if session.problems:
        sys.exit("\n\n".join(session.problems))
