"""Several runs beside each other: what was asked for otherwise, and what came of it. A dict as of one run."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from crosstie.reports import blocks
from crosstie.reports.blocks import Block
from crosstie.reports.folder import Folder
from crosstie.reports.numbers import count, figure
from crosstie.reports.verdict import better

MISSING = "-"
NAME = None  # of the option that says an entry is there: no file has a key like it

Key = tuple[str | None, ...]


def compare(paths: Sequence[Path]) -> dict[str, Any]:
    """The report of several runs.

    Args:
        paths: Their directories.

    Raises:
        RunError: A file of one is damaged.
    """
    runs = [Folder(path) for path in paths]
    outputs = list(
        dict.fromkeys(name for run in runs for name in run.evaluation.get("outputs", {}))
    )
    sections = [
        ("runs", "Runs", [_runs(runs)]),
        *(
            (f"outcome-{place}", f"How well: {output}", _outcome(runs, output, f"outcome-{place}"))
            for place, output in enumerate(outputs)
        ),
        ("config", "What was asked for", _config(runs)),
    ]
    names = list(dict.fromkeys(run.name for run in runs))
    return {
        "version": 1,
        "title": f"{len(runs)} runs of {' and '.join(names)}",
        "run": ", ".join(run.label for run in runs),
        "verdict": [*_verdict(runs, outputs)],
        "facts": [],
        "sections": [
            {"id": name, "title": title, "blocks": found}
            for name, title, found in sections
            if found
        ],
    }


def differences(runs: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Options that are not the same in all files, each with its values; None where a file has no such option.

    Entries of lists that have names, as features do, go by these. One that not all files have is told by its type alone.

    Args:
        runs: Filled model files.

    Examples:
        >>> differences([{"seed": 1, "trainer": {"epochs": 3}}, {"seed": 1, "trainer": {"epochs": 5}}])
        {'trainer.epochs': [3, 5]}
        >>> age = {"name": "age", "type": "number", "preprocessing": {"normalization": "zscore"}}
        >>> differences([{"input_features": [age]}, {"input_features": []}])["input_features.age"]
        ['number', None]
    """
    each = [dict(_flat(run)) for run in runs]
    named = dict.fromkeys(path for found in each for path in found if path[-1] == NAME)
    for *entry, _ in [path for path in named if not all(path in found for found in each)]:
        each = [_told_alone(found, tuple(entry)) for found in each]
    keys = dict.fromkeys(key for found in each for key in found)
    values = {key: [found.get(key) for found in each] for key in keys}
    return {
        ".".join(map(str, key)): found
        for key, found in values.items()
        if any(other != found[0] for other in found)
    }


def _told_alone(found: Mapping[Key, Any], entry: Key) -> dict[Key, Any]:
    """The options of a file with a line for an entry in place of one for each of its options."""
    inside = {path: value for path, value in found.items() if path[: len(entry)] == entry}
    kept = {path: value for path, value in found.items() if path not in inside}
    return kept | ({entry: inside.get((*entry, "type"), "there")} if inside else {})


def _flat(value: Any, prefix: Key = ()) -> Iterator[tuple[Key, Any]]:
    if isinstance(value, Mapping) and value:
        for key, each in value.items():
            yield from _flat(each, (*prefix, key))
    elif isinstance(value, list) and value and all(isinstance(each, Mapping) and "name" in each for each in value):  # fmt: skip
        for each in value:
            own = {key: value for key, value in each.items() if key != "name"}
            yield from _flat({NAME: True, **own}, (*prefix, each["name"]))
    else:
        yield prefix, value


def shown(value: Any) -> str:
    """An option's value as it stands in a table."""
    if value is None:
        return MISSING
    if isinstance(value, str) and Path(value).is_absolute():
        return Path(value).name  # pages are given away
    return str(value).lower() if isinstance(value, bool) else str(value)


def _runs(runs: Sequence[Folder]) -> Block:
    rows = [
        [
            run.label,
            str(run.manifest.get("exit", "")),
            str(run.manifest.get("learner", "")),
            count(run.manifest.get("data", {}).get("train", {}).get("rows", 0)),
            f"{run.manifest['seconds']:,.1f}" if "seconds" in run.manifest else "",
        ]
        for run in runs
    ]
    numeric = ["rows", "seconds"]
    return blocks.table("runs-table", "Runs", ["run", "exit", "model", *numeric], rows, numeric=numeric)  # fmt: skip


def _short(runs: Sequence[Folder]) -> list[str]:
    """What tells the runs apart in the head of a column: a number, and what learned."""
    return [
        f"{place}: {run.manifest.get('learner', run.manifest.get('model_type', run.name))}"
        for place, run in enumerate(runs, 1)
    ]


def _outcome(runs: Sequence[Folder], output: str, prefix: str) -> list[Block]:
    """Metrics of an output of the runs that have it, with intervals; the watched one drawn."""
    have = [
        (name, run)
        for name, run in zip(_short(runs), runs, strict=True)
        if output in run.evaluation.get("outputs", {})
    ]
    own = {name: _own(run, output) for name, run in have}
    kind = have[0][1].evaluation["outputs"][output]["type"]
    watched = have[0][1].evaluation["watched"].get(output)
    names = dict.fromkeys(metric for values in own.values() for metric in values)
    rows = []
    for metric in names:
        row = [metric]
        for name, run in have:
            interval = run.evaluation["outputs"][output]["intervals"].get(metric)
            span = f" ({figure(interval[0])} to {figure(interval[1])})" if interval else ""
            row.append(f"{figure(own[name].get(metric))}{span}")
        rows.append(row)
    judged = dict.fromkeys(
        count(run.evaluation["outputs"][output]["rows"], f"{run.judged} row") for _, run in have
    )
    found = [
        blocks.table(
            f"{prefix}-metrics",
            "Figures",
            ["metric", *own],
            rows,
            numeric=list(own),
            strong=[place for place, row in enumerate(rows) if row[0] == watched],
            note=f"On {', '.join(judged)}; 95 % intervals in brackets. Runs on the same rows differ more surely than their intervals say.",
        )
    ]
    bars = []
    for name, run in have:
        interval = run.evaluation["outputs"][output]["intervals"].get(watched, (None, None))
        if watched in own[name]:
            bars.append({"label": name, "value": own[name][watched], "low": interval[0], "high": interval[1]})  # fmt: skip
    if len(bars) > 1 and watched is not None:
        way = "more" if better(kind, watched) > 0 else "less"
        found.append(blocks.bars(f"{prefix}-watched", f"{watched}, {way} is better", bars, unit=watched))  # fmt: skip
    return found


def _own(run: Folder, output: str) -> Mapping[str, float]:
    found: Mapping[str, float] = run.evaluation["models"][0]["metrics"][run.judged][output]
    return found


def _config(runs: Sequence[Folder]) -> list[Block]:
    found = differences([run.config for run in runs])
    if not found:
        return [blocks.text("config-same", "Options", ["All options are the same."])]
    rows = [[key, *map(shown, values)] for key, values in found.items()]
    note = f"What is the same in all is left out; {MISSING} is not set."
    return [blocks.table("config-differences", "Options", ["option", *_short(runs)], rows, note=note)]  # fmt: skip


def _verdict(runs: Sequence[Folder], outputs: Sequence[str]) -> Iterator[str]:
    lost = [run for run in runs if not run.evaluation]
    for output in outputs:
        have = [
            (name, run)
            for name, run in zip(_short(runs), runs, strict=True)
            if output in run.evaluation.get("outputs", {})
        ]
        watched = have[0][1].evaluation["watched"].get(output)
        kind = have[0][1].evaluation["outputs"][output]["type"]
        values = {
            name: found
            for name, run in have
            if (found := _own(run, output).get(watched)) is not None
        }
        if len(values) > 1:
            sign = better(kind, watched)
            best = max(values, key=lambda name: sign * values[name])
            others = ", ".join(
                f"{name} {figure(each)}" for name, each in values.items() if name != best
            )
            yield (
                f"For {output}, run {best} is best by {watched}: {figure(values[best])}, against {others}"
                f"{_unsure(dict(have)[best], output, watched, [each for name, each in values.items() if name != best])}."
            )
    prints = {
        str({part: each.get("fingerprint") for part, each in run.manifest.get("data", {}).items()})
        for run in runs
    }
    yield (
        "All learned from the same data."
        if len(prints) == 1
        else "They learned from different data, so that their figures are of different rows."
    )
    for run in lost:
        if run.groups:
            yield f"{run.label}: {run.groups['verdict']}"
        else:
            yield f"{run.label} has no figures: it is {run.manifest.get('exit', 'empty')}."


def _unsure(best: Folder, output: str, metric: str, others: Sequence[float]) -> str:
    """Whether others lie in the interval of the best, so that it may be best by chance."""
    interval = best.evaluation["outputs"][output]["intervals"].get(metric)
    if interval is None or not any(interval[0] <= each <= interval[1] for each in others):
        return ""
    return ", which may be chance: its 95 % interval reaches that far"
