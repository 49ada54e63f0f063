"""What commands print: tables for people on standard output, or one line of JSON for programs."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from crosstie.reports.numbers import figure, headlines

UNFOLDED = 1000  # columns of a pipe: a run's name must not be folded where a program may read it


def put(text: str) -> None:
    """A line on standard output."""
    sys.stdout.write(text + "\n")


def tell(text: str) -> None:
    """A line on standard error, where it does not disturb what a program reads."""
    sys.stdout.flush()  # where both go to one file, lines stand in the order of what they tell
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def put_json(value: Any) -> None:
    """One line of JSON on standard output."""
    put(json.dumps(value, ensure_ascii=False, allow_nan=False, default=str))


def put_table(
    title: str, header: Sequence[str], rows: Sequence[Sequence[str]], *, to_stderr: bool = False
) -> None:
    """A table that fits the terminal, or COLUMNS; nothing is folded when piped.

    Args:
        title: Printed above it; "" for none.
        header: One word a column.
        rows: Cells as text. Cells that start like a number stand right-aligned.
        to_stderr: Print there instead.
    """
    from rich import box  # 57 ms
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for i, name in enumerate(header):
        numeric = all(_is_number(row[i]) for row in rows if row[i]) and bool(rows)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    console = Console(stderr=to_stderr, highlight=False, soft_wrap=False, markup=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = UNFOLDED
    if title:  # apart: a narrow table would fold its own
        console.print(title, style="italic", soft_wrap=True)
    console.print(table)


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).replace(",", "").lstrip("-").split("e")[0].isdigit()


def put_comparison(evaluation: Mapping[str, Any], *, to_stderr: bool = False) -> None:
    """The chosen model beside the simple ones, on the part that judges them, one table an output."""
    judged = evaluation["judged_on"]
    for output, report in evaluation["outputs"].items():
        own = evaluation["models"][0]["metrics"][judged][output]
        names = headlines(report["type"], evaluation["watched"].get(output), own)
        rows = []
        for model in evaluation["models"]:
            values = model["metrics"].get(judged, {}).get(output)
            if values is None:
                continue
            label = f"{model['model']}  ← chosen" if model["chosen"] else model["model"]
            seconds = f"{model['seconds']:.1f}" if model["seconds"] else ""
            rows.append([label, *(figure(values.get(name)) for name in names), seconds])
        title = f"{output} on {report['rows']} {judged} rows"
        put_table(title, ["model", *names, "seconds"], rows, to_stderr=to_stderr)
