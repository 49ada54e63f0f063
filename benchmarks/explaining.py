"""What a run's report and explanations take: `python benchmarks/run.py --only explaining`.

Of 10,000 rows of Adult, of each learner: looking at the finished model (what columns are worth, what is predicted as they go through
their values, why the worst rows are predicted so) and writing the report, both at the end of `train`; `crosstie report` as a
whole process; and explaining a row the way that is the learner's, and by sampling.

    explaining.py LEARNER FOLDER           one line of JSON, of a process of its own
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

TITLE = "Reports and explanations"
CASES = ("linear", "gbm", "ecd")
ROWS, EXPLAINED = 10_000, 100


def measure(learner: str) -> dict[str, Any]:
    """Seconds, and how large the page is."""
    from process import median_seconds, run
    from table import CACHE

    folder = CACHE / "explaining" / learner
    found = run(sys.executable, __file__, learner, folder).json
    where = folder / "run"
    report = Path(sys.executable).with_name("crosstie"), "report", where
    found["report_process"] = median_seconds(*report, times=3)
    found["kilobytes"] = (where / "report.html").stat().st_size / 1024
    return {name: round(value, 4) for name, value in found.items()}


def markdown(answers: dict[str, dict[str, Any]]) -> str:
    """A table, a line for each learner."""
    about = (
        f"{ROWS:,} rows of Adult, 14 columns; seconds. At the end of a run the model is looked at and its report is written; "
        "target: together, and `crosstie report` too, under 3 s. A row is explained by trees of `gbm` exactly, by gradients of "
        "`ecd`, else by sampling."
    )
    lines = [
        about,
        "",
        "| model | train | of it: looking | of it: report | `crosstie report` | page, kB | explain a row | by sampling |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for learner, each in answers.items():
        cells = [
            f"{each['train']:.1f}",
            f"{each['looking']:.2f}",
            f"{each['report']:.2f}",
            f"{each['report_process']:.2f}",
            f"{each['kilobytes']:.0f}",
            f"{each['explain']:.4f}",
            f"{each['sampling']:.4f}",
        ]
        lines.append(f"| {learner} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(learner: str, folder: Path) -> None:
    import shutil

    from tables import TABLES, prepared

    import crosstie
    from crosstie.pipeline import finish, train

    target = TABLES["adult"].target
    train_rows = prepared("adult")[0].read_text().splitlines(keepends=True)[: ROWS + 1]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "rows.csv").write_text("".join(train_rows))
    took: dict[str, float] = {}

    def timed(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def measured(*given: Any, **named: Any) -> Any:
            began = time.perf_counter()
            found = call(*given, **named)
            took[name] = time.perf_counter() - began
            return found

        return measured

    finish.insight = timed("looking", finish.insight)
    train.write_report = timed("report", train.write_report)
    began = time.perf_counter()
    run = crosstie.train(
        folder / "rows.csv", target=target, model_type=learner, output=folder / "run"
    )
    took["train"] = time.perf_counter() - began
    for name, method in (("explain", None), ("sampling", "sampling")):
        crosstie.explain(run, folder / "rows.csv", rows=1, method=method)  # what is loaded once
        began = time.perf_counter()
        crosstie.explain(run, folder / "rows.csv", rows=EXPLAINED, method=method)
        took[name] = (time.perf_counter() - began) / EXPLAINED
    print(json.dumps(took))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
