"""What a search tried, as blocks of a report: the leaderboard, the best so far, and the metric by each number that was varied."""

from collections.abc import Mapping, Sequence

from crosstie.reports import blocks
from crosstie.reports.blocks import Block
from crosstie.reports.numbers import count
from crosstie.search.board import leaderboard
from crosstie.search.goal import Goal
from crosstie.search.study import Row
from crosstie.tuning.space import Space

SHOWN = 30  # trials in the table
DRAWN = 6  # parameters
FEW = 3  # trials, below which there is nothing to see


def tried(rows: Sequence[Row], goal: Goal, spaces: Mapping[str, Space]) -> list[Block]:
    """The blocks; none before a trial is over.

    Args:
        rows: Trials in their order.
        goal: What they are judged by.
        spaces: Of their parameters.
    """
    done = [row for row in rows if row.state == "done" and row.value is not None]
    if not done:
        return []
    header, cells = leaderboard(rows, goal)
    states = ", ".join(
        f"{sum(row.state == state for row in rows)} {state}"
        for state in ("done", "pruned", "failed")
        if any(row.state == state for row in rows)
    )
    more = f" The best {SHOWN} are shown." if len(cells) > SHOWN else ""
    found = [
        blocks.table(
            "trials",
            "Trials",
            [*header[:-1], "ended"],
            cells[:SHOWN],
            numeric=[goal.metric, "seconds"],
            strong=[0],
            note=f"{count(len(cells), 'trial')}: {states}. Judged by {goal.name}; test rows took no part.{more}",
        )
    ]
    if len(done) < FEW:
        return found
    found.append(
        blocks.lines(
            "best-so-far",
            f"The best {goal.metric} so far",
            [blocks.series("best so far", _best_so_far(rows, goal))],
            x="trials",
            y=goal.metric,
            note="Where the line has long been flat, more trials of the same parameters bring little.",
        )
    )
    for name in [each for each in spaces if _numbers(done, each)][:DRAWN]:
        points = [[float(row.parameters[name]), float(row.value or 0.0)] for row in done]
        found.append(
            blocks.points(
                f"by-{name}",
                f"{goal.metric} by {name}",
                [blocks.series("trials", points)],
                x=name,
                y=goal.metric,
                log=bool(getattr(spaces[name], "log", False)),
            )
        )
    return found


def _best_so_far(rows: Sequence[Row], goal: Goal) -> list[list[float]]:
    points: list[list[float]] = []
    for place, row in enumerate(rows, 1):
        if row.state == "done" and row.value is not None:
            before = points[-1][1] if points else row.value
            points.append(
                [place, max(before, row.value) if goal.maximize else min(before, row.value)]
            )
    return points


def _numbers(rows: Sequence[Row], name: str) -> bool:
    values = [row.parameters[name] for row in rows]
    return len(set(map(str, values))) >= FEW and all(
        isinstance(each, int | float) and not isinstance(each, bool) for each in values
    )
