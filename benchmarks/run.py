"""Every figure that Crosstie quotes: `make bench`, or `python benchmarks/run.py --only NAME`.

Writes benchmarks/results.json after each figure, so that a part may be measured again alone, and
docs/benchmarks.md between its markers.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import figures
import quality
from machine import machine
from tables import TABLES

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results.json"
PAGE = ROOT / "docs" / "benchmarks.md"
START, END = "<!-- generated: benchmarks/run.py -->", "<!-- end of generated -->"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only",
        action="append",
        choices=[*figures.FIGURES, "quality", *TABLES],
        help="one figure, `quality` for all tables, or one table of it; may be repeated",
    )
    parser.add_argument("--page", action="store_true", help="only write the page again")
    given = parser.parse_args()
    results = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    wanted = [] if given.page else given.only or [*figures.FIGURES, "quality"]

    def save() -> None:
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")

    if wanted:
        results["machine"] = machine()
    for name in wanted:
        if name in figures.FIGURES:
            results.setdefault("figures", {})[name] = figures.FIGURES[name]()
            save()
        else:
            tables = list(TABLES) if name == "quality" else [name]
            quality.measure(tables, results.setdefault("quality", {}), save)
    write_page(results)


def write_page(results: dict[str, Any]) -> None:
    """Put the tables between the page's markers."""
    before, _, rest = PAGE.read_text().partition(START)
    _, _, after = rest.partition(END)
    in_order = {
        name: results["quality"][name] for name in TABLES if name in results.get("quality", {})
    }
    generated = [
        START,
        "",
        f"Machine: {results['machine']}.",
        "",
        "## Time",
        "",
        figures.markdown(results.get("figures", {})),
        "",
        "## Quality",
        "",
        quality.markdown(in_order),
        "",
        END,
    ]
    PAGE.write_text(before + "\n".join(generated) + after)


if __name__ == "__main__":
    main()
