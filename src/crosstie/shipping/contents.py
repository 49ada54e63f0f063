"""What lies in a model's wheel.

churn/__init__.py          `Model`
churn/__main__.py          `python -m churn predict | serve | check | schema`
churn/model/               the artifact
churn/_runtime/            our rooms that predict and serve, with relative imports
churn/_components/         the user's own feature types, if the model has some
churn/_features/           the function of its row-wise features, if it has one, and what that imports
churn/requirements.txt     the lock, with hashes; requirements-serve.txt with the server's too
"""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from crosstie.artifact.artifact import Artifact
from crosstie.data.rowwise.function import NAME as FUNCTION
from crosstie.data.rowwise.function import Function
from crosstie.features.feature import feature_types
from crosstie.shipping.modules import OWN, Module, reached
from crosstie.shipping.naming import Names
from crosstie.shipping.needs import SERVER
from crosstie.shipping.relative import beside, relative
from crosstie.shipping.wheel import Content

ROOTS = (f"{OWN}.serving.command", f"{OWN}.serving.packaged")
RUNTIME, COMPONENTS, FEATURES = "_runtime", "_components", "_features"

_INIT = '''"""{about}

    from {module} import Model
    Model().predict(rows)
"""

from pathlib import Path

{imports}

__version__ = "{version}"
__all__ = ["Model"]


class Model(Packaged):
    """{about} `Model()` opens it; `predict` takes a dict, a list of dicts, a DataFrame or a path."""

    folder = Path(__file__).parent / "model"
'''

_MAIN = """import sys

from . import Model
from ._runtime.serving.command import main

sys.exit(main(Model, "{module}"))
"""

_LICENCE = '''"""The part of Crosstie{version} that predicts, under the Apache License 2.0:
https://www.apache.org/licenses/LICENSE-2.0
"""
'''


@dataclass(frozen=True)
class Code:
    """The Python of a wheel.

    Attributes:
        rooms: Ours, by module.
        own: A user's own files, by the name they have in the wheel.
        shown: Those by path, for errors.
        function: The row-wise features that are code, with their files by name.
    """

    rooms: Mapping[str, Module]
    own: Mapping[str, Module]
    shown: Mapping[str, str]
    function: tuple[Function, Mapping[str, Module]] | None = None

    @property
    def features(self) -> Mapping[str, Module]:
        """The files of the row-wise features, by name."""
        return {} if self.function is None else self.function[1]

    @property
    def modules(self) -> dict[str, Module]:
        """All of them."""
        return {**self.rooms, **self.own, **self.features}

    @property
    def roots(self) -> list[str]:
        """What is imported first."""
        return [*ROOTS, *self.own, *self.features]


def code_of(artifact: Artifact) -> Code:
    """Our modules that a model needs, and its own feature types with what those import of ours."""
    files = dict.fromkeys(
        Path(inspect.getfile(type(each)))
        for member in artifact.members
        for each in member.preprocessor.inputs
        if feature_types.is_own(type(each))
    )
    own, shown = {}, {}
    for i, path in enumerate(files):
        stem = path.stem if path.stem.isidentifier() else f"own_{i}"
        name = f"{stem}_{i}" if stem in own else stem
        own[name] = Module.of(name, path.read_text(encoding="utf-8"))
        shown[name] = str(path)
    function = None
    if artifact.rowwise is not None and (found := artifact.rowwise.function) is not None:
        made = {}
        for name, path in found.files:
            text = path.read_text(encoding="utf-8-sig")
            made[name] = Module.of(name, text, package=path.stem == "__init__")
            shown[name] = str(path)
        function = found, made
    imported = [
        f"{each.module}{part}"
        for module in (*own.values(), *(function[1].values() if function else ()))
        for each in module.imports
        for part in ("", *(f".{name}" for name in each.names))
    ]
    return Code(reached([*ROOTS, f"{SERVER}.serve", *imported]), own, shown, function)


def contents(folder: Path, code: Code, names: Names, number: str) -> dict[str, Content]:
    """The files of a wheel by path, without its metadata and lock.

    Args:
        folder: The artifact.
        code: Of `code_of`.
        names: Of the package.
        number: Its version.

    Raises:
        ConfigError: A user's own file imports us in a way that cannot go into a wheel.
    """
    about = f"The model {names.distribution!r}, version {number}."
    imports = ["from ._runtime.serving.packaged import Packaged"]
    if code.own:
        imports.insert(
            0, f"from .{COMPONENTS} import {', '.join(f'{each} as _{each}' for each in code.own)}"
        )
    if code.function is not None:
        function, _ = code.function
        assert function.path is not None, "a wheel is made where the code lies"
        imports = [
            f"from .{FEATURES}.{function.path.stem} import {FUNCTION} as _{FUNCTION}",
            *imports,
            f"from .{RUNTIME}.data.rowwise.function import use_function as _use",
            "",
            f'_use(_{FUNCTION}, "{function.form}", "{function.digest}")',
        ]
    found: dict[str, Content] = {
        "__init__.py": _INIT.format(
            about=about, module=names.module, version=number, imports="\n".join(imports)
        ),
        "__main__.py": _MAIN.format(module=names.module),
        "py.typed": "",
        f"{RUNTIME}/__init__.py": _LICENCE.format(version=_version()),
    }
    for name, module in code.rooms.items():
        parts = name.split(".")[1:]
        package = [RUNTIME, *(parts if module.package else parts[:-1])]
        file = (
            "/".join([RUNTIME, *parts, "__init__.py"])
            if module.package
            else f"{'/'.join([RUNTIME, *parts])}.py"
        )
        found[file] = relative(module, package, [RUNTIME], shown=name)
    for name, module in code.own.items():
        found[f"{COMPONENTS}/{name}.py"] = relative(
            module, [COMPONENTS], [RUNTIME], shown=code.shown[name]
        )
    if code.own:
        found[f"{COMPONENTS}/__init__.py"] = ""
    for name, module in code.features.items():
        parts = name.split(".")
        package = [FEATURES, *(parts if module.package else parts[:-1])]
        file = f"{'/'.join([FEATURES, *parts])}{'/__init__' * module.package}.py"
        near = beside(module, package, FEATURES, code.features, shown=code.shown[name])
        found[file] = relative(near, package, [RUNTIME], shown=code.shown[name])
    if code.features:
        found[f"{FEATURES}/__init__.py"] = ""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found[f"model/{path.relative_to(folder).as_posix()}"] = path
    return {f"{names.module}/{name}": each for name, each in found.items()}


def _version() -> str:
    """Ours, where we are installed as a package."""
    try:
        return f" {version(OWN)}"
    except PackageNotFoundError:
        return ""
