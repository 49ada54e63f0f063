"""A run's files as one dict: `report.json`, from which the page is drawn and which others may read.

{"version": 1, "title": …, "run": …, "verdict": [sentences], "facts": [[name, value]],
 "sections": [{"id", "title", "blocks": [see `blocks.py`]}]}

A file of the run that another command writes and that holds `blocks` is a section of its own (`MORE`).
"""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from crosstie.reports import blocks
from crosstie.reports.blocks import Block
from crosstie.reports.columns import data
from crosstie.reports.folder import Folder
from crosstie.reports.groups import group_blocks
from crosstie.reports.models import importance, leaderboard, training
from crosstie.reports.numbers import count, seconds
from crosstie.reports.outcome import outcome, top_losses
from crosstie.reports.partial import partial
from crosstie.reports.verdict import verdict

VERSION = 1
MORE = {  # file of a run, the section that its blocks make
    "fairness.json": "fairness",
    "slices.json": "slices",
    "tune.json": "tried",
}
TITLES = {"fairness": "How groups fare", "tried": "What was tried"}


def collect(path: Path) -> dict[str, Any]:
    """The report of a run.

    Args:
        path: Its directory.

    Raises:
        RunError: A file of it is damaged.
    """
    run = Folder(path)
    return {
        "version": VERSION,
        "title": run.name,
        "run": run.label,
        "verdict": verdict(run),
        "facts": [list(each) for each in _facts(run)],
        "sections": [
            {"id": name, "title": title, "blocks": found}
            for name, title, found in _sections(run)
            if found
        ],
    }


def _sections(run: Folder) -> Iterator[tuple[str, str, list[Block]]]:
    more = _more(run)
    if run.groups:
        yield "groups", "Groups", group_blocks(run.groups)
    if run.evaluation:
        outputs = list(run.evaluation["outputs"])
        for place, output in enumerate(outputs):
            title = f"How well: {output}" if len(outputs) > 1 else "How well"
            yield f"outcome-{place}", title, outcome(run, output, prefix=f"outcome-{place}")
        yield "models", "Models", leaderboard(run)
        yield "tried", TITLES["tried"], more.pop("tried", [])
        yield "importance", "What matters", [*importance(run), *partial(run)]
        worst = [
            block
            for place, output in enumerate(outputs)
            for block in top_losses(run, output, prefix=f"worst-{place}")
        ]
        worst = [*more.pop("slices", []), *worst]
        yield "worst", "Where it is most wrong", worst
    for name, found in more.items():
        yield name, TITLES[name], found
    yield "training", "Training", training(run)
    yield "data", "Data", data(run)
    yield "again", "Do it again", _again(run)


def _more(run: Folder) -> dict[str, list[Block]]:
    found = {}
    for file, section in MORE.items():
        content = run.read(file)
        if isinstance(content, Mapping) and content.get("blocks"):
            found[section] = list(content["blocks"])
    return found


def _facts(run: Folder) -> Iterator[tuple[str, str]]:
    manifest = run.manifest
    if manifest.get("exit") not in {None, "done", "running"}:
        yield "ended", str(manifest["exit"])
    if "learner" in manifest:
        yield "model", str(manifest["learner"])
    if "started" in manifest:
        yield "trained", str(manifest["started"]).replace("T", " ").replace("Z", " UTC")
    if "seconds" in manifest:
        yield "took", seconds(manifest["seconds"])
    for part, told in run.tables.items():
        yield ("data" if part == "train" else f"{part} data"), told
    yield "run", run.label


def _again(run: Folder) -> list[Block]:
    manifest = run.manifest
    if not manifest:
        return []
    found = [
        blocks.code(
            "commands",
            "Commands",
            _commands(run),
            note="The file of the run holds every option; the same seed gives the same model on the same machine.",
        )
    ]
    versions = ", ".join(
        f"{name} {each}" for name, each in manifest.get("versions", {}).items() if each
    )
    rows = [
        ("seed", str(manifest.get("seed", ""))),
        ("versions", f"Python {manifest.get('python', '')}, {versions}"),
    ]
    host = manifest.get("host")  # a published run keeps where it was made to itself
    if host:
        rows.append(("machine", f"{host['system']}, {count(host['processors'], 'processor')}"))
    rows += [("git commit", str(manifest["git"]))] if manifest.get("git") else []
    rows += [
        (f"content of {part} data", f"SHA-256 {each['fingerprint']}")
        for part, each in manifest.get("data", {}).items()
        if "fingerprint" in each
    ]
    for name, each in manifest.get("published", {}).items():
        licence = each.get("licence") or "not stated"
        rows.append((f"{name} began with", f"{each['source']}, licence {licence}"))
    return [*found, blocks.facts("made-with", "Made with", rows)]


def _commands(run: Folder) -> Sequence[str]:
    where = shlex.quote(run.label)
    if run.groups:
        return [
            f"crosstie cluster {where}",
            f"crosstie predict {where} NEW_DATA.csv -o groups.csv",
        ]
    lines = [f"crosstie train {where}"]
    if run.plan:
        lines.append(f"crosstie train {where} --plan {where}")
    if run.evaluation:
        lines += [
            f"crosstie predict {where} NEW_DATA.csv -o predictions.csv",
            f"crosstie evaluate {where} NEW_DATA.csv --top-losses 20",
        ]
    return lines
