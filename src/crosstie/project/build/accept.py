"""A table that somebody made by hand, taken for what a step gives."""

import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from crosstie import __version__
from crosstie.errors import ProjectError, nearest
from crosstie.project.build.build import standing
from crosstie.project.build.state import Built, alone
from crosstie.project.build.workspace import Workspace
from crosstie.project.store.store import Product, Record


def accept(here: Workspace, name: str) -> str:
    """Take the table that lies there for what a step gives now, whoever made it: what was done, in words.

    Raises:
        ProjectError: There is no such step, or nothing lies there, or what it needs is not built.
    """
    if name not in here.steps:
        raise ProjectError(f"{name!r} is no step here; {nearest(name, here.steps)}")
    with alone(here.project.own):
        by_name = {each.step.name: each for each in standing(here)}
        judged, place = by_name[name], here.place(here.steps[name])
        if judged.step.kind not in {"sql", "python", "notebook"}:
            raise ProjectError(f"{name}: only the table of a step can be accepted")
        if judged.standing == "blocked":
            raise ProjectError(f"{name}: {judged.why}")
        if judged.standing == "waiting":
            raise ProjectError(f"{name}: {judged.why}; build first: crosstie build {' '.join(judged.step.upstreams)}")  # fmt: skip
        lies = here.lies(judged.step)
        if lies is None:
            raise ProjectError(f"{name}: nothing lies at {place}; build it: crosstie build {name}")
        if judged.standing == "current":
            return f"{name} is current; there is nothing to accept"
        assert judged.fingerprint is not None
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(shutil.copy(place, folder))
            product = Product("table", lies, {"": here.store.keep_file(copy)}, _rows(copy))
        made = datetime.now(UTC).isoformat(timespec="seconds")
        record = Record(name, judged.key, product, judged.fingerprint.to_json(), {"accepted": True}, made, {"crosstie": __version__})  # fmt: skip
        here.store.write(record, instead=True)
        here.state.put(name, Built(judged.key, lies, product.objects[""]))
        here.save()
    return f"{name} is what lies at {place.relative_to(here.project.root)} from now on"


def _rows(path: Path) -> int:
    from pyarrow import parquet  # 131 ms

    return int(parquet.read_metadata(path).num_rows)
