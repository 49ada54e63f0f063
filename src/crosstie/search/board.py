"""What a person sees of a search: the leaderboard as it changes on a terminal, a line for each trial elsewhere."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from crosstie.reports.numbers import figure
from crosstie.search.goal import Goal
from crosstie.search.study import Row
from crosstie.tuning.space import label

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

SHOWN = 10
OVER = ("done", "pruned", "failed")
LONGEST = 40  # letters of a value


class Board:
    """The leaderboard of a search.

    Args:
        goal: What trials are judged by.
        total: Of the trials; None for as many as there is time for.
        say: Called with each line; None where nobody reads.
        live: Whether somebody watches a terminal: then the table is drawn again as it changes, on standard error.
        known: Trials that were told of before.
    """

    def __init__(
        self,
        goal: Goal,
        total: int | None,
        say: Callable[[str], None],
        *,
        live: bool,
        known: Sequence[Row] = (),
    ) -> None:
        self.goal = goal
        self.total = total
        self._say = say
        self._told = {each.name for each in known if each.state in OVER}
        self._live: Live | None = None
        self._wanted = live

    def __enter__(self) -> Self:
        """Begin to draw."""
        if self._wanted:
            from rich.console import Console  # 57 ms
            from rich.live import Live

            console = Console(stderr=True)
            if console.is_terminal:
                self._live = Live(console=console, auto_refresh=False, transient=True)
                self._live.start()
        return self

    def __exit__(self, *raised: object) -> None:
        """Draw no more."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def show(self, rows: Sequence[Row]) -> None:
        """Draw, or tell of, what is new."""
        if self._live is not None:
            self._live.update(self._table(rows), refresh=True)
            return
        best = best_of(rows, self.goal)
        for row in rows:
            if row.state in OVER and row.name not in self._told:
                self._told.add(row.name)
                self._say(self.line(row, best))

    def line(self, row: Row, best: Row | None) -> str:
        """`trial_3: loss 0.4231, the best so far, trainer.learning_rate 0.012, 3.2 s`."""
        judged = "" if row.value is None else f"{self.goal.metric} {figure(row.value)}"
        state = {
            "done": f"{judged}{', the best so far' if row == best else ''}",
            "pruned": f"pruned {row.facts.get('why', '')}",
            "failed": f"failed: {row.facts.get('why', '')}",
        }[row.state]
        values = [f"{name} {short(each)}" for name, each in row.parameters.items()]
        took = [] if row.seconds is None else [f"{row.seconds:.1f} s"]
        return f"{row.name}: {', '.join([state, *values, *took])}"

    def _table(self, rows: Sequence[Row]) -> "Table":
        from rich import box
        from rich.table import Table

        done = [row for row in rows if row.state in OVER]
        running = [row.name for row in rows if row.state == "running"]
        of = "" if self.total is None else f" of {self.total}"
        beside = f" · now {', '.join(running)}" if running else ""
        header, cells = leaderboard(rows, self.goal, most=SHOWN)
        table = Table(box=box.SIMPLE_HEAD, title=f"{len(done)}{of} trials{beside}")
        for name in header:
            table.add_column(name, overflow="ellipsis")
        for row in cells:
            table.add_row(*row)
        return table


def leaderboard(
    rows: Sequence[Row], goal: Goal, *, most: int | None = None
) -> tuple[list[str], list[list[str]]]:
    """Header and cells, the best trial first, what came to nothing last.

    Args:
        rows: Trials.
        goal: What they are judged by.
        most: At most so many.
    """
    names = list(dict.fromkeys(name for row in rows for name in row.parameters))
    header = ["trial", goal.metric, *names, "seconds", ""]
    cells = [
        [
            row.name,
            figure(row.value) if row.state == "done" else "",
            *(short(row.parameters[name]) if name in row.parameters else "" for name in names),
            "" if row.seconds is None else f"{row.seconds:.1f}",
            _beside(row),
        ]
        for row in ranked(rows, goal)
        if row.state in OVER
    ]
    return header, cells[:most]


def ranked(rows: Sequence[Row], goal: Goal) -> list[Row]:
    """The best first; those that were ended, and those that failed, last. Of equal ones the first comes first."""
    states = [*OVER, "running", "interrupted", "waiting"]

    def key(row: Row) -> tuple[int, float]:
        value = row.value if row.state == "done" and row.value is not None else 0.0
        return states.index(row.state), -value if goal.maximize else value

    return sorted(rows, key=key)


def best_of(rows: Sequence[Row], goal: Goal) -> Row | None:
    """The best of those that are done."""
    done = [row for row in ranked(rows, goal) if row.state == "done"]
    return done[0] if done else None


def short(value: Any) -> str:
    """A value in a table: of a number four digits, of a section its type or its keys.

    Examples:
        >>> short(0.0123456), short(64), short({"type": "tabnet", "size": 8}), short([1, 2])
        ('0.01235', '64', 'tabnet(size=8)', '[1, 2]')
    """
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        inner = ", ".join(f"{key}={short(each)}" for key, each in value.items() if key != "type")
        text = f"{value.get('type', '')}({inner})" if inner else str(value.get("type", "{}"))
    else:
        text = label(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _beside(row: Row) -> str:
    why = row.facts.get("why", "")
    if row.state == "done":
        return f"ended {why}" if why else ""
    return f"{row.state} {why}".strip()


def read_leaderboard(
    found: Mapping[str, Any], *, most: int = 20
) -> tuple[str, list[str], list[list[str]]]:
    """Title, header and cells of what `tune.json` has.

    Args:
        found: That.
        most: At most so many trials.
    """
    _, output, metric = found["judged_by"].split("/", 2)
    goal = Goal(output, metric, found["goal"] == "maximize")
    rows = [
        Row(
            each["name"],
            each["state"],
            each["value"],
            each["parameters"],
            each["seconds"],
            {"why": each.get("why", "")},
        )
        for each in found["trials"]
    ]
    header, cells = leaderboard(rows, goal)
    more = f", the best {most} of them" if len(cells) > most else ""
    return f"{len(cells)} trials{more}, by {found['judged_by']}", header, cells[:most]
