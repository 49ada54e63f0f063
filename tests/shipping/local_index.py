"""The distributions installed here as wheels in a folder, so that tests install without a network."""

import base64
import csv
import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path


def required(*names: str) -> Iterator[Distribution]:
    """Some distributions and what they need, each once; what is not installed is left out."""
    done, waiting = set(), list(names)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in done:
            continue
        done.add(name)
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue  # for another system or version of Python
        yield found
        waiting += [
            re.split(r"[^\w.-]", line, maxsplit=1)[0]
            for line in found.requires or ()
            if "extra ==" not in line
        ]


def write_wheels(folder: Path, *names: str) -> None:
    """Write some distributions and what they need as wheels."""
    for found in required(*names):
        _write(folder, found)


def _write(folder: Path, found) -> None:
    about = found.read_text("WHEEL")
    tags = [
        line.split(": ")[1].split("-") for line in about.splitlines() if line.startswith("Tag:")
    ]
    tag = "-".join(".".join(dict.fromkeys(part)) for part in zip(*tags, strict=True))
    stem = f"{found.metadata['Name'].replace('-', '_')}-{found.version}"
    rows = []
    with zipfile.ZipFile(folder / f"{stem}-{tag}.whl", "w") as archive:
        for each in sorted(found.files):
            name = each.as_posix()
            inside = not name.startswith("..") and not name.endswith(".pyc")
            if not inside or name.split("/")[-1] in {
                "RECORD",
                "INSTALLER",
                "REQUESTED",
                "direct_url.json",
            }:
                continue
            content = each.locate().read_bytes()
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
            rows.append([name, f"sha256={digest}", str(len(content))])
        info = next(row[0] for row in rows if row[0].endswith(".dist-info/METADATA"))
        record = info.replace("METADATA", "RECORD")
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([*rows, [record, "", ""]])
        archive.writestr(record, text.getvalue())
