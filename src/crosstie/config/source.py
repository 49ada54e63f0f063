"""From what a user hands over (a path, a dict) to a `Document`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crosstie.config.document import Document, copy_plain, dotted
from crosstie.config.environment import substitute
from crosstie.config.wording import show
from crosstie.config.yaml import Keys, Tree, read_yaml
from crosstie.errors import ConfigError, Problem

SUFFIXES = (".yaml", ".yml", ".json")


def load(spec: str | Path | Mapping[str, Any] | Document, *, empty: bool = False) -> Document:
    """The file at a path, or the dict that stands for one.

    Args:
        spec: A `.yaml`, `.yml` or `.json` file, or a dict of the same shape.
        empty: Whether a file that holds nothing will do, as one does in which everything has a default.

    Raises:
        ConfigError: No such file, not YAML, not a section at its top, or an environment variable is not set.

    Examples:
        >>> load({"target": "survived", "trainer": {"epochs": 3}}).where(("trainer", "epochs"))
        'trainer.epochs'
    """
    if isinstance(spec, Document):
        return spec
    if isinstance(spec, Mapping):
        tree = substitute(Tree(copy_plain(spec)), dotted)
        return Document(tree.value, written=tree.written)
    return _load_file(Path(spec), str(spec), empty=empty)


def _load_file(path: Path, name: str, *, empty: bool) -> Document:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        hint = "" if empty else "; `crosstie init DATA` writes one"
        raise ConfigError(Problem(name, f"no such file{hint}")) from None
    except IsADirectoryError:
        raise ConfigError(Problem(name, "is a folder; name the file in it")) from None
    except UnicodeDecodeError as error:
        raise ConfigError(
            Problem(name, f"is not UTF-8 text (byte {error.start}); save it as UTF-8")
        ) from None
    tree = read_yaml(text, name)
    if tree.value is None and empty:
        tree.value = {}
    if tree.value is None:
        raise ConfigError(Problem(name, "is empty; it needs at least `data:` and `target:`"))
    if not isinstance(tree.value, dict):
        raise ConfigError(
            Problem(
                f"{name}:{tree.lines[()]}", f"must be a section of options, got {show(tree.value)}"
            )
        )

    def where(keys: Keys) -> str:
        return f"{name}:{tree.lines.get(keys, 1)} {dotted(keys)}"

    substitute(tree, where)
    return Document(tree.value, name, path.parent, tree.lines, tree.written)
