"""The model in production: an alias that is moved whole, with what it was tested on.

    runs/<name>/production     one line, the run that is in production: what `crosstie serve NAME/production --watch` follows
    aliases/production.json    in the store: the same for all who share it, with its holdout and what was there before

The rows that the model in production was tested on are kept with it, and its successors are tested on the same. Where a
project splits by a hash of a key, as `crosstie new` writes it, none of them is ever trained on.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from crosstie.data.files import write_json, write_text
from crosstie.errors import ProjectError
from crosstie.pipeline.run import Run
from crosstie.project.build.state import alone
from crosstie.project.build.workspace import Workspace
from crosstie.project.built import built_model, write_rows
from crosstie.project.store.store import Product

ALIAS = "production"


@dataclass(frozen=True)
class Promoted:
    """A model that is or was in production.

    Attributes:
        run: The folder of its run, from the project's root.
        at: Since when, in UTC.
        product: Its run in the store.
        holdout: The rows that it was tested on.
        training: The rows that it was trained on.
        environment: That it was built in.
    """

    run: str
    at: str
    product: Product
    holdout: Product
    training: Product
    environment: str

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Promoted":
        """Of what the alias holds."""
        products = {name: Product(**value[name]) for name in ("product", "holdout", "training")}
        return cls(value["run"], value["at"], environment=value["environment"], **products)

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def in_production(here: Workspace) -> Promoted | None:
    """The model that is in production; None where nothing is."""
    return next(iter(history(here)), None)


def history(here: Workspace) -> list[Promoted]:
    """The models that were in production, the present one first."""
    found = here.store.alias(ALIAS)
    if found is None:
        return []
    return [Promoted.from_json(each) for each in [found["now"], *found["before"]]]


def promote(here: Workspace, *, anyway: bool = False) -> Promoted:
    """Put the model that was built last into production.

    Args:
        here: The project.
        anyway: Although it was not tested, or failed.

    Raises:
        ProjectError: It did not pass `test`, or is in production already.
    """
    if (done := _went_on(here)) is not None:
        return done
    (candidate, record), before = built_model(here), history(here)
    now = before[0] if before else None
    name = here.from_root(candidate.path)
    if now is not None and now.run == name:
        raise ProjectError(f"{name} is in production already")
    if not anyway:
        _check_passed(candidate, now)
    with TemporaryDirectory() as folder:
        rows = {}
        for part in ("test", "train"):
            path = Path(folder) / f"{part}.parquet"
            write_rows(candidate, path, part)
            rows[part] = Product("table", here.contents.of(path), {"": here.store.keep_file(path)})
    at = datetime.now(UTC).isoformat(timespec="seconds")
    new = Promoted(name, at, record.product, rows["test"], rows["train"], here.environment.name)
    _move(here, new, before)
    return new


def roll_back(here: Workspace) -> Promoted:
    """Put the model that was in production before back into its place.

    Raises:
        ProjectError: There was none before.
    """
    if (done := _went_on(here)) is not None:
        return done
    found = history(here)
    if len(found) < 2:
        raise ProjectError("nothing was in production before; there is nothing to go back to")
    run_of(here, found[1])
    _move(here, found[1], found[2:])
    return found[1]


def _move(here: Workspace, new: Promoted, before: Sequence[Promoted]) -> None:
    alias = {"now": new.to_json(), "before": [each.to_json() for each in before]}
    with alone(here.project.own):
        write_json(_moving(here), alias)
        here.store.set_alias(ALIAS, alias)
        _point(here, new)


def _point(here: Workspace, now: Promoted) -> None:
    """The last of a move: have the text beside the runs name what the store says."""
    run = here.project.root / now.run
    write_text(run.parent / ALIAS, run.name + "\n")
    _moving(here).unlink()


def _went_on(here: Workspace) -> Promoted | None:
    """A move that was killed halfway, done to its end: whoever gives the command again wants no second one."""
    path = _moving(here)
    if not path.is_file():
        return None
    with alone(here.project.own):
        alias = json.loads(path.read_text(encoding="utf-8"))
        if here.store.alias(ALIAS) != alias:  # killed before anything had moved
            path.unlink()
            return None
        now = Promoted.from_json(alias["now"])
        _point(here, now)
        return now


def _moving(here: Workspace) -> Path:
    """What is to be in production, while it is being put there."""
    return here.project.own / "moving.json"


def _check_passed(candidate: Run, now: Promoted | None) -> None:
    hint = "Type: crosstie test; or promote it anyway with --anyway"
    path = candidate.path / "gates.json"
    if not path.is_file():
        raise ProjectError(f"{candidate.path.name} was not tested. {hint}")
    told = json.loads(path.read_text(encoding="utf-8"))
    if told["against"] != (None if now is None else now.run):
        raise ProjectError(f"{candidate.path.name} was tested before {now.run if now else 'nothing'} came into production. {hint}")  # fmt: skip
    if not told["passed"]:
        raise ProjectError(f"{candidate.path.name} did not pass. See crosstie test; or promote it anyway with --anyway")  # fmt: skip


def run_of(here: Workspace, promoted: Promoted) -> Path:
    """The run's folder, fetched from the store if it is not here."""
    path = here.project.root / promoted.run
    if not (path / "model" / "manifest.json").is_file():
        here.store.fetch(promoted.product, path)
    return path
