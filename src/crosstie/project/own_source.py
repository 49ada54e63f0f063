"""Where Crosstie itself is from, for a project's lock: a folder, an archive or a repository where it came from no index.

An index may have something else of that name. So where Crosstie was installed from elsewhere, `[tool.uv.sources]` of the
project says so, as `uv add` writes it, unless the user's own settings name an index or a folder of wheels.
"""

import json
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from crosstie.data.files import write_text
from crosstie.errors import OWN, ProjectError
from crosstie.project.dependencies import listed

_VARIABLES = (
    *("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL"),
    *("UV_FIND_LINKS", "UV_NO_INDEX", "UV_CONFIG_FILE"),
)
_KEYS = {"index", "index-url", "extra-index-url", "find-links", "no-index"}
_TABLE = re.compile(r"^\[tool\.uv\.sources\][^\n]*$", re.MULTILINE)


def names_an_index(root: Path) -> bool:
    """Whether uv's settings, of the user or the project, say where packages are from."""
    if any(os.environ.get(each) for each in _VARIABLES):
        return True
    user = Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser() / "uv" / "uv.toml"
    given = [_toml(root / "uv.toml"), _toml(user), _uv_of(_toml(root / "pyproject.toml"))]
    return any(_KEYS & each.keys() for each in given)


def add_own_source(root: Path, say: Callable[[str], None]) -> bool:
    """Write into a project's `pyproject.toml` where Crosstie is from; whether there was anything to write.

    Args:
        root: The project's folder.
        say: Called with what was written.

    Raises:
        ProjectError: What it was installed from is gone, or the file is such that no line can be added.
    """
    path = root / "pyproject.toml"
    found, source = _toml(path), own_source()
    if source is None or OWN not in listed(found) or OWN in _uv_of(found).get("sources", {}):
        return False
    text = path.read_text(encoding="utf-8")
    line = f"{OWN} = {source}"
    table = _TABLE.search(text)
    if table is None:
        new = f"{text.rstrip()}\n\n[tool.uv.sources] # as on the machine where it was written\n{line}\n"
    else:
        new = f"{text[: table.end()]}\n{line}{text[table.end() :]}"
    try:
        tomllib.loads(new)
    except tomllib.TOMLDecodeError:
        what = f"say in its [tool.uv] sources where {OWN} is from, which no index has: {line}"
        raise ProjectError(f"pyproject.toml: {what}") from None
    write_text(path, new)
    say(f"pyproject.toml: {OWN} was installed from no index; [tool.uv.sources] says now: {line}")
    return True


def own_source() -> str | None:
    """Where Crosstie was installed from, as `[tool.uv.sources]` has it; None if from an index.

    Raises:
        ProjectError: That is gone.
    """
    try:
        told = distribution(OWN).read_text("direct_url.json")
    except PackageNotFoundError:
        return None
    return None if told is None else source_of(json.loads(told))


def source_of(direct: Mapping[str, Any]) -> str:
    """What `direct_url.json` of a distribution says, as `[tool.uv.sources]` has it.

    Raises:
        ProjectError: It names a folder or an archive that is gone.

    Examples:
        >>> source_of({"url": "https://host/a.git", "vcs_info": {"vcs": "git", "commit_id": "ab12"}})
        '{ git = "https://host/a.git", rev = "ab12" }'
        >>> source_of({"url": "https://host/a.whl", "archive_info": {}})
        '{ url = "https://host/a.whl" }'
    """
    url = str(direct["url"])
    if "vcs_info" in direct:
        return f"{{ git = {_quoted(url)}, rev = {_quoted(direct['vcs_info']['commit_id'])} }}"
    if not url.startswith("file:"):
        return f"{{ url = {_quoted(url)} }}"
    path = Path(unquote(urlsplit(url).path))
    if not path.exists():
        raise ProjectError(
            f"{OWN} was installed from {path}, which is gone. Install it again, or say in [tool.uv.sources] of "
            "pyproject.toml where it is from"
        )
    editable = ", editable = true" if direct.get("dir_info", {}).get("editable") else ""
    return f"{{ path = {_quoted(str(path))}{editable} }}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProjectError(f"{path}: is no TOML: {error}") from None


def _uv_of(found: Mapping[str, Any]) -> Mapping[str, Any]:
    uv: Mapping[str, Any] = found.get("tool", {}).get("uv", {})
    return uv
