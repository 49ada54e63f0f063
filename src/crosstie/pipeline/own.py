"""The user's own classes: the folder they lie in, and the feature types among them."""

from pathlib import Path

from crosstie.config.registry import use_components
from crosstie.features.feature import feature_types
from crosstie.pipeline.entries import Columns
from crosstie.pipeline.findings import Findings

FOLDER = "components"


def own_components(findings: Findings) -> Path | None:
    """The folder of own classes, its classes made options of the file; None if there is none.

    It is what `components:` names, relative to the file, or `components/` beside the file if that holds Python.
    """
    document = findings.document
    given = document.value.get(FOLDER)
    if given is None:
        folder = document.folder / FOLDER
        if not any(folder.glob("*.py")):
            return None
    elif not isinstance(given, str):
        return None  # the grammar says what is wrong
    else:
        base = Path() if (FOLDER,) in document.replaced else document.folder
        folder = base / Path(given).expanduser()
        if not folder.is_dir():
            findings.wrong(
                document.at(FOLDER),
                f"there is no folder {str(folder)!r}; name the one that holds your own classes",
            )
            return None
    folder = folder.resolve()
    use_components(folder)
    return folder


def check_own_types(columns: Columns, findings: Findings) -> None:
    """Note own feature types that say the wrong thing of what they are like."""
    builtin = {name: cls for _, name, cls in feature_types.items() if not feature_types.is_own(cls)}
    for entry in columns.outputs:
        if feature_types.is_own(entry.cls):
            findings.wrong(
                entry.place, f"{entry.type!r} is your own type, which only inputs can have"
            )
    for entry in columns.inputs:
        cls = entry.cls
        if not feature_types.is_own(cls):
            continue
        known = builtin.get(cls.like)
        if known is None or known.kind != cls.kind:
            fitting = ", ".join(
                repr(name) for name, each in builtin.items() if each.kind == cls.kind
            )
            findings.wrong(
                entry.place,
                f"the feature type {entry.type!r} gives a {cls.kind}, so its class must say which type's encoders "
                f"and learners it can use: like = one of {fitting}; it says {cls.like!r}",
            )
