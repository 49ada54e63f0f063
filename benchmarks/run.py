"""Every figure that Crosstie quotes: `make bench`, or `python benchmarks/run.py --only NAME`.

NAME is a section (the name of its file here), a case of one, or both as in `quality/titanic`. Writes
benchmarks/results.json after each case, so that a part may be measured again alone, and docs/benchmarks.md between
its markers. A section is a module with `TITLE`, `CASES`, `measure(case)`, whose answer is kept, and `markdown(answers)`.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import against_production
import automatic
import bulk
import explaining
import figures
import generation
import killed
import media
import quality
import rowwise
import searching
import series
import server
import tagging
from machine import machine

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results.json"
PAGE = ROOT / "docs" / "benchmarks.md"
START, END = "<!-- generated: benchmarks/run.py -->", "<!-- end of generated -->"
SECTIONS = {
    each.__name__: each
    for each in (
        *(figures, quality, automatic, searching, media, tagging, series, generation),
        *(server, bulk, rowwise, explaining, against_production, killed),
    )
}
EVERYTHING = [(section, case) for section in SECTIONS for case in SECTIONS[section].CASES]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", metavar="NAME", help="may be repeated")
    parser.add_argument("--page", action="store_true", help="only write the page again")
    parser.add_argument("--rows", type=int, help="of bulk prediction, beside a million")
    given = parser.parse_args()
    bulk.sizes |= {given.rows or bulk.MILLION}
    results = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    asked = [] if given.page else chosen(given.only) if given.only else EVERYTHING
    for section, case in asked:
        found = SECTIONS[section].measure(case)
        results["machine"] = machine()
        results.setdefault(section, {})[case] = found
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
        print(f"{section}/{case}: {json.dumps(found)}", file=sys.stderr)
    write_page(results)


def chosen(names: list[str]) -> list[tuple[str, str]]:
    """The cases that go by these names."""
    for name in names:
        if not any(name in _names(*each) for each in EVERYTHING):
            known = "\n".join(
                f"  {section}: {', '.join(SECTIONS[section].CASES)}" for section in SECTIONS
            )
            sys.exit(f"{name!r} is no section and no case of one. There are:\n{known}")
    return [each for each in EVERYTHING if any(name in _names(*each) for name in names)]


def _names(section: str, case: str) -> tuple[str, ...]:
    return section, case, f"{section}/{case}"


def write_page(results: dict[str, Any]) -> None:
    """Put the tables between the page's markers."""
    before, _, rest = PAGE.read_text().partition(START)
    _, _, after = rest.partition(END)
    generated = [START, "", f"Machine: {results['machine']}.", ""]
    for name, section in SECTIONS.items():
        done = results.get(name, {})
        in_order = {case: done[case] for case in section.CASES if case in done}
        if in_order:
            generated += [f"## {section.TITLE}", "", section.markdown(in_order), ""]
    PAGE.write_text(before + "\n".join([*generated, END]) + after)


if __name__ == "__main__":
    main()
