"""Datasets of the Hugging Face hub, which keeps every one as Parquet files too: fetched once, then read from there.

Nothing but the standard library is needed. The files are kept by the set's revision, so a set that changes does not
change what an earlier run was trained on.
"""

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from crosstie.data.files import atomic, write_json
from crosstie.data.read import open_source
from crosstie.datasets.dataset import Dataset
from crosstie.datasets.shipped import names
from crosstie.errors import DataError, nearest

HUB = "hf://"
SECONDS = 30
USUAL = ("label", "labels", "target", "class", "y")
PARTS = {
    "train": "train",
    "validation": "validation",
    "valid": "validation",
    "dev": "validation",
    "test": "test",
}
_NAME = re.compile(r"(datasets/)?(?P<owner>[\w.-]+)/(?P<name>[\w.-]+)(:(?P<subset>[\w.-]+))?")


def of_hub(reference: str, cache: Path) -> Dataset:
    """A dataset of the hub.

    Args:
        reference: `hf://OWNER/NAME`, or `hf://OWNER/NAME:SUBSET`.
        cache: Its files go to `datasets/` in it.

    Raises:
        DataError: There is none of that name, it needs permission, or the hub cannot be reached and the files were
            never fetched.
    """
    match = _NAME.fullmatch(reference.removeprefix(HUB))
    if match is None:
        raise DataError(
            f"{reference}: is not of the form hf://OWNER/NAME or hf://OWNER/NAME:SUBSET"
        )
    name = f"{match['owner']}/{match['name']}"
    folder = cache / "datasets" / f"{match['owner']}--{match['name']}"
    about, listed = _described(reference, name, folder)
    subset = _subset(reference, listed, match["subset"])
    data: dict[str, Any] = {}
    for split, addresses in listed[subset].items():
        part = PARTS.get(split) or ("train" if len(listed[subset]) == 1 else None)
        if part is not None:
            place = folder / about["sha"][:12] / subset
            data[part] = [
                str(_fetched(reference, address, place / f"{split}-{i}.parquet"))
                for i, address in enumerate(addresses)
            ]
    if "train" not in data:
        raise DataError(
            f"{reference}: has no part 'train', only {', '.join(map(repr, listed[subset]))}"
        )
    columns = open_source(data["train"]).columns
    return Dataset(
        reference.removeprefix(HUB),
        data,
        target=next((each for each in USUAL if each in columns), ""),
        licence=str((about.get("cardData") or {}).get("license", "")),
        source=f"{_endpoint()}/datasets/{name} at {about['sha'][:12]}",
    )


def _described(reference: str, name: str, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the hub says of a set and where its files are; what it said last where it cannot be reached."""
    kept = folder / "hub.json"
    try:
        about = _json(f"{_endpoint()}/api/datasets/{name}")
        listed = _json(f"{_endpoint()}/api/datasets/{name}/parquet")
    except HTTPError as error:
        reasons = {
            401: "there is none of that name, or it needs permission",
            403: "it needs permission",
            404: "there is none of that name",
        }
        said = reasons.get(error.code, f"the hub answers {error.code} {error.reason}")
        raise DataError(f"{reference}: {said} at {_endpoint()}") from None
    except (URLError, TimeoutError, ValueError) as error:
        if kept.is_file():
            found: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
            return found["about"], found["listed"]
        raise _offline(reference, error) from None
    about = {"sha": str(about["sha"]), "cardData": about.get("cardData")}
    write_json(kept, {"about": about, "listed": listed})
    return about, listed


def _subset(reference: str, listed: dict[str, Any], asked: str | None) -> str:
    if asked is None and ("default" in listed or len(listed) == 1):
        return "default" if "default" in listed else next(iter(listed))
    if asked in listed:
        return str(asked)
    hint = nearest(asked or "", listed)
    what = (
        f"no subset is called {asked!r}"
        if asked
        else "has several subsets; write one behind a colon"
    )
    raise DataError(f"{reference}: {what}; {hint}")


def _fetched(reference: str, address: str, path: Path) -> Path:
    """A file of the set, fetched unless it is there."""
    if path.is_file():
        return path.absolute()
    try:
        with _opened(address) as answer, atomic(path) as temporary, temporary.open("wb") as file:
            shutil.copyfileobj(answer, file, 1 << 20)
    except (URLError, TimeoutError) as error:
        raise _offline(reference, error) from None
    return path.absolute()


def _offline(reference: str, error: Exception) -> DataError:
    reason = getattr(error, "reason", error)
    return DataError(
        f"{reference}: {_endpoint()} cannot be reached ({reason}). These need no connection: {', '.join(names())}. "
        "Or fetch its Parquet files elsewhere and train on them: crosstie train FILE --target COLUMN"
    )


def _json(address: str) -> dict[str, Any]:
    with _opened(address) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def _opened(address: str) -> Any:
    if not address.startswith(("https://", "http://")):
        raise ValueError(f"{address} is no web address")
    return urlopen(Request(address, headers={"User-Agent": "crosstie"}), timeout=SECONDS)  # noqa: S310 - just looked at


def _endpoint() -> str:
    return os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
