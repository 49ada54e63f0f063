"""How well an output is predicted, in the pictures that its type has."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from crosstie.reports import blocks
from crosstie.reports.blocks import Block
from crosstie.reports.folder import Folder
from crosstie.reports.numbers import count, figure, share
from crosstie.reports.partial import moved, moved_note, why
from crosstie.reports.verdict import scores

MATRIX = 25  # classes; a larger one is not read on a page
CLASSES = 60  # rows of the table by class
CONFUSED = 10
LEAST_OF_A_POINT = 20  # rows; the share of a handful is chance
SURE = 0.9  # probability of the true class, from which on a row is not wrong
DIAGONAL = blocks.series("no better than chance", [[0, 0], [1, 1]], dashed=True)


def outcome(run: Folder, output: str, *, prefix: str) -> list[Block]:
    """Blocks of one output, what is read first first.

    Args:
        run: A run with figures.
        output: Which.
        prefix: Of the blocks' ids.
    """
    report = run.evaluation["outputs"][output]
    details, curves = report.get("details", {}), report.get("curves", {})
    found = [_metrics(run, output, prefix)]
    found += _confusion(report, details, prefix)
    found += _by_class(details, prefix)
    found += _rankings(curves, prefix)
    found += _calibration(report, details, prefix)
    found += _sets(report, prefix)
    found += _amounts(report, details, curves, prefix)
    return found


def _metrics(run: Folder, output: str, prefix: str) -> Block:
    """Every metric with its interval, this model's beside those of the simple ones."""
    report, found = run.evaluation["outputs"][output], scores(run, output)
    (_, own), *others = found.items()
    beside = [(name, values) for name, values in others if name in {"linear", "baseline"}]
    rows = []
    for metric, value in own.items():
        interval = report["intervals"].get(metric)
        rows.append(
            [
                metric,
                figure(value),
                f"{figure(interval[0])} to {figure(interval[1])}" if interval else "",
                *(figure(values.get(metric)) for _, values in beside),
            ]
        )
    watched = run.evaluation["watched"].get(output)
    strong = [place for place, row in enumerate(rows) if row[0] == watched]
    names = ["this model", "95 % interval", *(name for name, _ in beside)]
    return blocks.table(
        f"{prefix}-metrics",
        "Figures",
        ["metric", *names],
        rows,
        numeric=names,
        strong=strong,
        note=(
            f"On {count(report['rows'], f'{run.judged} row')}. Of 100 such sets of rows drawn anew, about 95 have their figure "
            f"in the interval. The line that stands out is what training went by."
        ),
    )


def _limit(report: Mapping[str, Any]) -> str:
    """From which probability on it is said, in words where that depends on the group of a row."""
    groups = report.get("groups")
    if groups is None:
        return f"{report['threshold']:.3g}"
    own = [
        f"{each['threshold']:.3g} ({', '.join(value or 'missing' for value in each['values'])})"
        for each in groups["groups"]
        if each["threshold"] != groups["otherwise"]
    ]
    return ", ".join([*own, f"{groups['otherwise']:.3g} (others)"])


def _confusion(report: Mapping[str, Any], details: Mapping[str, Any], prefix: str) -> list[Block]:
    table = details.get("confusion")
    if table is not None and len(table["labels"]) <= MATRIX:
        note = "Each row of the table is a true class, each column what the model says."
        if report["type"] == "binary":
            note += f" It says {report['labels'][1]} from a probability of {_limit(report)} on."
        return [
            blocks.heat(
                f"{prefix}-confusion",
                "Right and wrong",
                table["labels"],
                table["labels"],
                table["rows"],
                down="true",
                across="predicted",
                note=note,
            )
        ]
    rows = [
        [str(each["true"]), str(each["predicted"]), count(each["rows"])]
        for each in details.get("confused", ())[:CONFUSED]
    ]
    if not rows:
        return []
    columns = ["true", "predicted", "rows"]
    return [blocks.table(f"{prefix}-confused", "What is taken for what", columns, rows, numeric=["rows"])]  # fmt: skip


def _by_class(details: Mapping[str, Any], prefix: str) -> list[Block]:
    each = details.get("per_class") or details.get("per_label") or details.get("per_span")
    if not each:
        return []
    most = sorted(each, key=lambda row: -row["support"])[:CLASSES]
    names = ["precision", "recall", "f1"]
    left = f" The {len(most)} most frequent of {len(each)}." if len(most) < len(each) else ""
    return [
        blocks.table(
            f"{prefix}-classes",
            "By class",
            ["class", *names, "rows"],
            [
                [str(row["label"]), *(figure(row[name]) for name in names), count(row["support"])]
                for row in most
            ],
            numeric=[*names, "rows"],
            note=(
                "Precision: of the rows said to be of the class, how many are. Recall: of the rows that are, how many are found."
                f"{left}"
            ),
        )
    ]


def _rankings(curves: Mapping[str, Any], prefix: str) -> list[Block]:
    found = []
    if "roc" in curves:
        lines = _named(curves["roc"])
        found.append(
            blocks.lines(
                f"{prefix}-roc",
                "ROC curve",
                [*lines, DIAGONAL],
                x="false alarms, share of the other rows",
                y="found, share of the class",
                square=True,
                note="How many rows of a class are found, at how many false alarms. The nearer the upper left corner, the better.",
            )
        )
    if "precision_recall" in curves:
        lines = _named(curves["precision_recall"])
        found.append(
            blocks.lines(
                f"{prefix}-precision-recall",
                "Precision and recall",
                lines,
                x="recall, share of the class found",
                y="precision, share of those right",
                square=True,
                note="The more of a class is to be found, the more false ones come with it.",
            )
        )
    return found


def _named(curves: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A line a class; that of a binary output is the model's."""
    alone = len(curves) == 1
    return [
        blocks.series("this model" if alone else name, points) for name, points in curves.items()
    ]


def _calibration(report: Mapping[str, Any], details: Mapping[str, Any], prefix: str) -> list[Block]:
    bins = details.get("calibration")
    if not bins:
        return []
    of = report["labels"][1] if report["type"] == "binary" else "the predicted class"
    line = [[said, came] for _, said, came in _readable(bins)]
    return [
        blocks.lines(
            f"{prefix}-calibration",
            "Can the probabilities be taken at their word?",
            [
                blocks.series("this model", line),
                blocks.series("exactly right", [[0, 0], [1, 1]], dashed=True),
            ],
            x=f"said probability of {of}",
            y="share that came true",
            square=True,
            note="Of the rows that got 70 %, about 70 of 100 should come true: a point on the dashed line. "
            f"Points of fewer than {LEAST_OF_A_POINT} rows are put together.",
        )
    ]


def _readable(bins: Sequence[Mapping[str, Any]]) -> list[tuple[float, float, float]]:
    """Rows, mean probability and share of neighboring bins, put together where one has so few rows that it tells nothing."""
    found: list[tuple[float, float, float]] = []
    for each in bins:
        one = (float(each["rows"]), float(each["predicted"]), float(each["observed"]))
        if found and found[-1][0] < LEAST_OF_A_POINT:
            found[-1] = _together(found[-1], one)
        else:
            found.append(one)
    if len(found) > 1 and found[-1][0] < LEAST_OF_A_POINT:
        last = found.pop()
        found[-1] = _together(found[-1], last)
    return found


def _together(
    one: tuple[float, float, float], other: tuple[float, float, float]
) -> tuple[float, float, float]:
    rows = one[0] + other[0]
    said, came = ((one[at] * one[0] + other[at] * other[0]) / rows for at in (1, 2))
    return rows, said, came


def _sets(report: Mapping[str, Any], prefix: str) -> list[Block]:
    """Of categories, what sets of classes hold."""
    held = report.get("conformal", {})
    if "mean_size" not in held:
        return []
    said = (
        f"With `--intervals` it names the classes that come into question. {share(held['measured'])} of the true classes are "
        f"among them, which is to be {share(held['coverage'])} (95 % interval {share(held['measured_low'])} to "
        f"{share(held['measured_high'])}); on average they are {figure(held['mean_size'])}, and in {share(held['alone'])} of "
        "rows one alone."
    )
    return [
        blocks.text(f"{prefix}-sets", "Can its sets of classes be taken at their word?", [said])
    ]


def _amounts(
    report: Mapping[str, Any], details: Mapping[str, Any], curves: Mapping[str, Any], prefix: str
) -> list[Block]:
    found: list[Block] = []
    dots = curves.get("dots")
    if dots:
        found.append(
            blocks.points(
                f"{prefix}-true-predicted",
                "True and predicted",
                [blocks.series("rows", dots)],
                x="true",
                y="predicted",
                same=True,
                note=f"{count(len(dots), 'row')}, each a dot. On the dashed line the prediction is right.",
            )
        )
    errors = curves.get("errors")
    if errors:
        edges, rows = errors["edges"], errors["rows"]
        found.append(
            blocks.histogram(
                f"{prefix}-errors",
                "How far off",
                edges,
                rows,
                unit="predicted minus true",
                note="The outermost one percent on either side stands in the end bars.",
            )
        )
    held = report.get("conformal", {})
    if "mean_width" in held:
        found.append(
            blocks.text(
                f"{prefix}-intervals",
                "Can its intervals be taken at their word?",
                [
                    (
                        f"{share(held['measured'])} of the true numbers lie in the interval that is to hold "
                        f"{share(held['coverage'])} of them (95 % interval {share(held['measured_low'])} to "
                        f"{share(held['measured_high'])}); on average it is {figure(held['mean_width'])} wide."
                    )
                ],
            )
        )
    spread = details.get("residuals")
    if spread:
        names = {
            "0": "lowest", "5": "5 %", "25": "25 %", "50": "middle",
            "75": "75 %", "95": "95 %", "100": "highest",
        }  # fmt: skip
        target = details.get("target", {})
        rows = [
            [names[key], figure(value), figure(target.get(key))] for key, value in spread.items()
        ]
        found.append(
            blocks.table(
                f"{prefix}-spread",
                "Spread",
                ["rows below", "predicted minus true", "true"],
                rows,
                numeric=["predicted minus true", "true"],
            )
        )
    steps = details.get("mae_by_step")
    if steps:
        line = [[step, error] for step, error in enumerate(steps, 1)]
        found.append(
            blocks.lines(
                f"{prefix}-steps",
                "By step ahead",
                [blocks.series("mean absolute error", line)],
                x="step ahead",
                y="mean absolute error",
            )
        )
    return found


def top_losses(run: Folder, output: str, *, prefix: str) -> list[Block]:
    """The rows that the model is most wrong about."""
    report = run.evaluation["outputs"][output]
    number = report["type"] == "number"
    worst = [
        each
        for each in run.top_losses
        if each["output"] == output and (number or _given(each["loss"]) < SURE)
    ]
    if not worst:
        return []
    columns = list(worst[0]["cells"])
    reasons = why(run, output)
    off = "off by" if number else "given to the true class"
    rows = []
    for each in worst:
        loss = figure(each["loss"]) if number else share(_given(each["loss"]))
        cells = ("" if cell is None else str(cell) for cell in each["cells"].values())
        said = [f"{each['row']}", each["truth"] or "", each["prediction"]]
        if reasons:
            reason = reasons.get(each["row"])
            said.append("" if reason is None else moved(reason, each["cells"]))
        rows.append([*said, loss, *cells])
    return [
        blocks.table(
            f"{prefix}-worst",
            "Most wrong",
            ["row", "true", "predicted", *(["moved by"] if reasons else []), off, *columns],
            rows,
            numeric=["row", off],
            lined=["moved by"] if reasons else [],
            note=(
                "The rows where a wrong label, or what the model does not see, is found first. Rows count from 1 in the "
                f"{run.judged if run.judged in run.manifest.get('data', {}) else 'training'} table."
                f"{f' {moved_note(next(iter(reasons.values())))}' if reasons else ''}"
            ),
        )
    ]


def _given(loss: float) -> float:
    """The probability that a true class got, of its negative logarithm."""
    return math.exp(-loss)
