"""The steps of a project as a graph: what takes what, how each stands, and how long it took."""

from collections.abc import Callable, Iterator
from html import escape
from typing import Any

from crosstie.errors import CrosstieError, ProjectError, nearest
from crosstie.project.build.build import standing
from crosstie.project.build.workspace import Workspace
from crosstie.project.drawing import Drawn, summary, svg, terminal_width, tree
from crosstie.project.node import Node

READ_ONLY = "production"


class Dag:
    """All steps of a project, by name. Each look is a new one: it shows files as they are now.

    Args:
        workspace: Opens the project.
        read_only: Whether nothing may be built or accepted through it.

    Walked by name: `dag["clean"].upstream`, `.downstream`, `.source`, `.head()`, `.run()`, `.last_run`.
    """

    def __init__(self, workspace: Callable[[], Workspace], *, read_only: bool = False) -> None:
        self.workspace = workspace
        self.read_only = read_only

    def nodes(self) -> dict[str, Node]:
        """Every step, each behind those that it takes.

        Raises:
            ProjectError: All that is wrong with any of them.
        """
        here = self.workspace()
        found = standing(here)
        failed = here.failed.read()
        feeds: dict[str, list[str]] = {each.step.name: [] for each in found}
        for each in found:
            for name in each.step.upstreams:
                feeds[name].append(each.step.name)
        return {
            each.step.name: Node(self, here, each, tuple(feeds[each.step.name]), failed.get(each.step.name, ""))
            for each in found
        }  # fmt: skip

    def may_write(self, command: str) -> None:
        """Refuse to change anything where that is not to be.

        Raises:
            ProjectError: It is not to be.
        """
        if self.read_only:
            environment = self.workspace().environment.name
            raise ProjectError(f"{environment} is read-only here. Type in a shell: {command} --env {environment}")  # fmt: skip

    def tree(self, width: int | None = None) -> str:
        """A line a step, below the one that it takes what it works on from.

        Args:
            width: Columns that a line may have; None for as many as it takes.
        """
        steps = self._drawn()
        return f"{summary(self._title(), steps)}\n{tree(steps, width)}".rstrip()

    def svg(self) -> str:
        """A picture that needs nothing beside it."""
        steps = self._drawn()
        return svg(summary(self._title(), steps), steps)

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        here = self.workspace()
        return {
            "project": here.project.name,
            "environment": here.environment.name,
            "steps": [_json(each) for each in self.nodes().values()],
        }

    def _title(self) -> str:
        here = self.workspace()
        return f"{here.project.name}, {here.environment.name}{', read-only' if self.read_only else ''}"  # fmt: skip

    def _drawn(self) -> list[Drawn]:
        return [
            Drawn(
                name,
                each.judged.step.upstreams,
                each.where,
                each.state,
                last.took if (last := each.last_run) else "",
                each.why,
            )
            for name, each in self.nodes().items()
        ]

    def __getitem__(self, name: str) -> Node:
        nodes = self.nodes()
        if name not in nodes:
            raise ProjectError(f"{name!r} is no step here; {nearest(str(name), nodes)}")
        return nodes[name]

    def __contains__(self, name: object) -> bool:
        return name in self.nodes()

    def __iter__(self) -> Iterator[str]:
        return iter(self.nodes())

    def __len__(self) -> int:
        return len(self.nodes())

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def __repr__(self) -> str:
        try:
            return self.tree(terminal_width())
        except CrosstieError as error:  # a console shows what is wrong instead
            return str(error)

    def _repr_html_(self) -> str:
        try:
            return f'<div style="overflow-x:auto">{self.svg()}</div>'
        except CrosstieError as error:
            return f"<pre>{escape(str(error))}</pre>"


def _json(node: Node) -> dict[str, Any]:
    last = node.last_run
    return {
        "step": node.name,
        "kind": node.kind,
        "file": str(node.path),
        "state": "failed" if node.failed else node.judged.standing,
        "why": node.why,
        "upstream": list(node.judged.step.upstreams),
        "rows": last.rows if last else None,
        "seconds": last.seconds if last else None,
        "made": last.made if last else None,
    }
