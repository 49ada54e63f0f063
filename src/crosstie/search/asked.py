"""What a search was asked for, as it lies in its run: the file, and the name of its study."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from crosstie.artifact.loading import read_json
from crosstie.config.document import Document, dump
from crosstie.config.source import load as load_document
from crosstie.data.files import write_json, write_text
from crosstie.errors import RunError
from crosstie.pipeline.plan import Plan
from crosstie.pipeline.request import Request
from crosstie.pipeline.run import Run
from crosstie.search.variants import Variants

FACTS, FILE = "tune.json", "tune.yaml"


def write_request(run: Run, variants: Variants, request: Request) -> None:
    """What a later process goes on by."""
    document = variants.document
    value = {**_as_written(document), "name": variants.base.name}
    if "data" in variants.base.config:
        value["data"] = variants.base.config["data"]
    if request.target is not None:
        value["target"] = request.target
    write_text(run.path / FILE, dump(value))
    before = read_json(run.path / FACTS) if (run.path / FACTS).is_file() else {"trials": []}
    write_json(
        run.path / FACTS,
        {
            **before,
            "folder": str(document.folder.resolve()),
            "types": dict(request.types or {}),
            "study": study_name(variants.base),
        },
    )


def read_request(run: Run, data: Any = None, overrides: Sequence[str] = ()) -> Request:
    """What a search was asked for.

    Raises:
        RunError: The run is of no search.
    """
    if not (run.path / FACTS).is_file() or not (run.path / FILE).is_file():
        raise RunError(
            f"{run.path}: is no run of crosstie tune; crosstie train --resume goes on with it"
        )
    kept = read_json(run.path / FACTS)
    document = load_document(run.path / FILE)
    document.folder = Path(kept["folder"])
    for each in overrides:
        document.set(each)
    given = None if data is None else {"train": data}
    return Request(document, given, None, kept["types"], ())


def study_name(plan: Plan) -> str:
    """The study's name: of the same file, data and spaces the same, whoever asks and however many trials there are."""
    hyperopt = {key: each for key, each in (plan.hyperopt or {}).items() if key != "executor"}
    facts = {
        "config": {key: each for key, each in plan.config.items() if key not in {"data", "name"}},
        "hyperopt": hyperopt,
        "data": {part: each.fingerprint for part, each in plan.sources.items()},
    }
    text = json.dumps(facts, sort_keys=True, default=str)
    return f"{plan.name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _as_written(document: Document) -> dict[str, Any]:
    """The file with `${NAME}` where it has it, so that no secret lies in a run."""

    def plain(value: Any, path: tuple[str | int, ...]) -> Any:
        if path in document.written:
            return document.written[path]
        if isinstance(value, Mapping):
            return {key: plain(each, (*path, key)) for key, each in value.items()}
        if isinstance(value, list):
            return [plain(each, (*path, index)) for index, each in enumerate(value)]
        return value.replace("${", "$${") if isinstance(value, str) else value

    found: dict[str, Any] = plain(document.value, ())
    return found
