"""Whether what lies there of a step is what building it would give, and if not, why."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from crosstie.project.build.workspace import Workspace
from crosstie.project.fingerprint.change import Change
from crosstie.project.fingerprint.fingerprint import Component, Fingerprint
from crosstie.project.steps.step import Step
from crosstie.project.store.store import Product, Record

Standing = Literal["current", "cached", "stale", "waiting", "blocked"]
WORDS: Mapping[Standing, str] = {
    "current": "current",
    "cached": "will be restored",
    "stale": "will be run",
    "waiting": "waits",
    "blocked": "cannot be built",
}


@dataclass(frozen=True)
class Judged:
    """A step as it stands.

    Attributes:
        step: Which.
        where: Its file, from the project's root.
        standing: It lies there as building would make it; or is in the store; or must be run; or waits for what comes
            before it, and may turn out to be any of these; or is to be mended first.
        why: In words.
        key: What it is made of now; "" while that is not known.
        fingerprint: Likewise.
        record: What the store has of it.
        changes: What moved since it was built last, by component.
        digest: Of what it gives, if that is known.
    """

    step: Step
    where: str
    standing: Standing
    why: str
    key: str = ""
    fingerprint: Fingerprint | None = None
    record: Record | None = None
    changes: Mapping[Component, tuple[Change, ...]] = field(default_factory=dict)

    @property
    def digest(self) -> str | None:
        """Of what it gives, if that is known."""
        return self.record.product.digest if self.record else None


def judge(here: Workspace, step: Step, inputs: Mapping[str, str | None]) -> Judged:
    """How a step stands.

    Args:
        here: The project.
        step: Which.
        inputs: The digest of each table that it takes; None where one is to be made anew.
    """
    where = here.where(step)
    if step.kind == "source":
        found, note = here.freshness(step.name)
        return Judged(step, where, "current", note, found, None, Record(step.name, found, Product("table", found, {}), {}))  # fmt: skip
    if step.kind == "sink" and not here.environment.sinks:
        note = f"writes nothing in {here.environment.name}, where sinks are off"
        return Judged(step, where, "current", note, "off", None, Record(step.name, "off", Product("table", "off", {}), {}))  # fmt: skip
    unknown = [name for name, each in inputs.items() if each is None]
    if unknown:
        return Judged(step, where, "waiting", f"waits for {', '.join(unknown)}")
    known = {name: each for name, each in inputs.items() if each is not None}
    fingerprint = here.fingerprint(step, known)
    key = here.key(fingerprint)
    built, lies = here.state.get(step.name), here.lies(step)
    before = here.store.record(step.name, built.key) if built else None
    changes = fingerprint.moved(Fingerprint.from_json(before.fingerprint)) if before else {}
    edited = built is not None and lies is not None and lies != built.digest
    counts = changes.keys() - (set() if here.environment.libraries == "stale" else {"env"})
    # under better rules of what counts the key is another although nothing moved
    same = built is not None and (built.key == key or (before is not None and not counts))
    if built is not None and same and lies == built.digest:
        if (
            before is not None and step.kind == "fetched"
        ):  # others may have fetched other rows since
            before = replace(before, product=Product("table", built.digest, {"": built.file}, before.product.rows))  # fmt: skip
        return Judged(
            step, where, "current", _libraries(changes), key, fingerprint, before, changes
        )
    record = before if built is not None and built.key == key else here.store.record(step.name, key)
    elsewhere = step.kind == "sink"  # what a database holds is in no store
    if record is None and not elsewhere:
        record = here.under_older_rules(step, fingerprint)
    if record is not None and (elsewhere or not here.store.has(record.product)):
        record = None
    if edited:
        why = f"{here.place(step).relative_to(here.project.root)} was changed by hand"
    elif built is None:
        why = "was never built here"
    elif built.key != key:
        why = "; ".join(_said(component, each) for component, each in changes.items()) or "changed"
    else:
        why = "is gone"
    if record is not None:
        return Judged(
            step, where, "stale" if edited else "cached", why, key, fingerprint, record, changes
        )
    return Judged(step, where, "stale", why, key, fingerprint, None, changes)


def _said(component: Component, changes: tuple[Change, ...]) -> str:
    words = {"code": "code", "sql": "query", "params": "settings", "inputs": "data", "env": "libraries"}  # fmt: skip
    return f"{words[component]}: {', '.join(map(_short, changes))}"


def _short(change: Change) -> str:
    """A change in few words; digests say nothing to anyone."""
    if change.before and change.after and len(change.before) == len(change.after) == 64:
        return f"{change.name} changed"
    return str(change)


def _libraries(changes: Mapping[Component, tuple[Change, ...]]) -> str:
    """What a library that is another now may mean, where that makes nothing stale."""
    moved = changes.get("env", ())
    return f"built with other libraries: {', '.join(map(str, moved))}" if moved else ""
