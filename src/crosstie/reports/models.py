"""The models that were tried, how good and how long each; how training went; what columns brought."""

from collections.abc import Mapping, Sequence
from typing import Any

from crosstie.reports import blocks
from crosstie.reports.blocks import Block
from crosstie.reports.folder import Folder
from crosstie.reports.numbers import count, figure, headlines, seconds, share

CURVES = 6  # models whose training is drawn
POINTS = 200  # of a curve
COLUMNS = 20  # whose importance is shown


def leaderboard(run: Folder) -> list[Block]:
    """A table of the models for each output, score against seconds, and what was left out."""
    found: list[Block] = []
    models = run.evaluation["models"]
    outputs = run.evaluation["outputs"]
    for place, (output, report) in enumerate(outputs.items()):
        watched = run.evaluation["watched"].get(output)
        own = models[0]["metrics"][run.judged][output]
        names = headlines(report["type"], watched, own)
        rows, dots = [], []
        for model in models:
            values = model["metrics"].get(run.judged, {}).get(output)
            if values is None:
                continue
            label = f"{model['model']} (chosen)" if model["chosen"] else model["model"]
            took = f"{model['seconds']:,.1f}" if model["seconds"] else ""
            rows.append([label, *(figure(values.get(name)) for name in names), took])
            if model["seconds"] and watched in values:
                dots.append(blocks.series(label, [[model["seconds"], values[watched]]]))
        searched = run.manifest.get("model_type") == "auto" and run.judged == "test"
        by = run.plan.get("compared_by", "validation rows")
        choice = f". The choice was made by {watched} on {by}" if searched else ""
        title = f"Models for {output}" if len(outputs) > 1 else "Models"
        found.append(
            blocks.table(
                f"models-{place}",
                title,
                ["model", *names, "seconds"],
                rows,
                numeric=[*names, "seconds"],
                strong=[0],
                note=f"On {count(report['rows'], f'{run.judged} row')}{choice}. The baseline sees no column.",
            )
        )
        if len(dots) > 2:
            found.append(
                blocks.points(
                    f"score-per-second-{place}",
                    f"{watched} by seconds",
                    dots,
                    x="seconds, in powers of ten",
                    y=str(watched),
                    log=True,
                    note="What the time that a model takes is worth.",
                )
            )
    return [*found, *_left_out(run)]


def _left_out(run: Folder) -> list[Block]:
    """Of a search: what was not tried, or ended early, and why."""
    plan = run.plan
    rows = [[each["name"], "not tried", each["why"]] for each in plan.get("left_out", ())]
    for each in plan.get("trials", ()):
        cut = [place for place in each["cuts"] if place is not None]
        if cut:
            where = ", ".join(map(str, dict.fromkeys(cut)))  # folds often end alike
            step = "step" if len(set(cut)) == 1 else "steps"
            rows.append(
                [each["name"], "ended early", f"to keep the time limit, after {step} {where}"]
            )
    if not rows:
        return []
    limit = plan.get("time_limit")
    asked = f"a time limit of {seconds(limit)}" if limit else f"the effort {plan.get('effort')}"
    note = f"The search had {asked}. `--plan` does the same search again."
    return [blocks.table("left-out", "Cut", ["model", "what", "why"], rows, note=note)]


def training(run: Folder) -> list[Block]:
    """How the loss fell, of the models in the order of the leaderboard."""
    curves: dict[str, dict[str, list[list[float]]]] = {}
    units: dict[str, str] = {}
    for each in run.progress:
        if "/folds/" in f"/{each['part']}" and not each["part"].endswith("folds/0"):
            continue  # of the folds the first stands for all
        name = str(each["part"]).removeprefix("trials/").split("/folds/")[0]
        name = each["learner"] if name in {"", "folds/0"} else name
        units[name] = each["unit"]
        for part, outputs in each["metrics"].items():
            losses = [values["loss"] for values in outputs.values() if "loss" in values]
            if losses:
                line = curves.setdefault(name, {}).setdefault(part, [])
                line.append([each["step"], sum(losses)])
    order = [model["model"] for model in run.evaluation.get("models", ())]
    ranked = sorted(curves, key=lambda name: order.index(name) if name in order else len(order))
    found: list[Block] = []
    for name in ranked:
        parts = {part: line for part, line in curves[name].items() if len(line) > 1}
        if not parts or len(found) == CURVES:
            continue
        lines = [
            blocks.series(part, _thinned(line), dashed=part == "train")
            for part, line in parts.items()
        ]
        found.append(
            blocks.lines(
                f"training-{len(found)}",
                name,
                lines,
                x=units[name],
                y="loss",
                note=(
                    "Where validation rises while training falls on, the model learns rows by heart; the best point is kept."
                    if not found
                    else ""
                ),
            )
        )
    return found


def _thinned(line: Sequence[list[float]]) -> list[list[float]]:
    """A line of few enough points, its last among them."""
    if len(line) <= POINTS:
        return list(line)
    step = len(line) / POINTS
    return [*(line[int(place * step)] for place in range(POINTS)), line[-1]]


def importance(run: Folder) -> list[Block]:
    """What columns bring: as measured by shuffling them where that was done, and to a model of trees."""
    found = _shuffled(run)
    known = gains(run.evaluation.get("models", ()))
    if known is None:
        return found
    model, shares = known
    most = list(shares.items())[:COLUMNS]
    left = f" {len(shares) - len(most)} more bring less." if len(shares) > len(most) else ""
    return [
        *found,
        blocks.bars(
            "gain",
            f"What columns bring to {model}",
            [{"label": name, "value": value} for name, value in most],
            unit="share of the gain",
            note=(
                "How much of what its trees gain in training comes from splits by each column. Columns with many values look "
                f"better than they are.{left}"
            ),
        ),
    ]


def _shuffled(run: Folder) -> list[Block]:
    """How much worse the model gets where the cells of a column are shuffled, as `importance.json` has it."""
    measured = run.read("importance.json") or {}
    outputs = measured.get("outputs", {})
    found = []
    for place, (output, each) in enumerate(outputs.items()):
        most = each["columns"][:COLUMNS]
        left = len(each["columns"]) - len(most)
        unit = f"{each['loss']} more"
        title = f"How much {output} hangs on each column" if len(outputs) > 1 else "How much hangs on each column"  # fmt: skip
        found.append(
            blocks.bars(
                f"importance-{place}",
                title,
                [
                    {"label": one["column"], **{key: one[key] for key in ("value", "low", "high")}}
                    for one in most
                ],
                unit=unit,
                note=(
                    f"By how much the {each['loss']} of a row grows where the cells of a column are shuffled, on "
                    f"{count(measured['rows'], 'row')}; the thin line is the {share(measured['level'])} interval. Columns that "
                    f"say the same share it.{f' {left} more columns bring less.' if left else ''}"
                ),
            )
        )
    return found


def gains(models: Sequence[Mapping[str, Any]]) -> tuple[str, dict[str, float]] | None:
    """The first model that knows what its columns brought it, and their shares, the largest first."""
    for model in models:
        about = model.get("about", {})
        each = [part["gain"] for part in about.get("folds", (about,)) if part.get("gain")]
        if not each:
            continue
        total: dict[str, float] = {}
        for part in each:
            whole = sum(part.values()) or 1.0
            for name, value in part.items():
                total[name] = total.get(name, 0.0) + value / whole / len(each)
        return model["model"], dict(sorted(total.items(), key=lambda pair: -pair[1]))
    return None
