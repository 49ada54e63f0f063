"""A user's `features.py`: found, read, and imported by those who said which folder to trust; never by a model.

What it does is known by a digest of its code and of the modules beside it that it imports, comments and layout left
out. A model names that digest; the function runs for it only if it is the one that it was trained with.
"""

import ast
import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any, Literal

from crosstie.errors import DataError, Problem, nearest

Form = Literal["pandas", "polars", "arrow", "numpy"]

NAME = "features"
FORMS: Mapping[str, Form] = {
    "pandas.DataFrame": "pandas",
    "polars.DataFrame": "polars",
    "pyarrow.Table": "arrow",
    "dict[str, numpy.ndarray]": "numpy",
}
BRINGS: Mapping[Form, tuple[str, ...]] = {
    "pandas": ("pandas",),
    "polars": ("polars",),
    "arrow": ("pyarrow",),
    "numpy": (),
}
WANTED = "pd.DataFrame, pl.DataFrame, pa.Table or dict[str, np.ndarray]"
OWN = __name__.partition(".")[0]
_known: dict[str, "Function"] = {}
_folders: list[Path] = []


@dataclass(frozen=True)
class Function:
    """The function of a `features.py`.

    Attributes:
        call: It.
        form: What it is given, and what it should return.
        digest: Of all that it does.
        path: Its file; None in a wheel, which holds the code itself.
        files: The file and those beside it that it imports, by the name that `import` knows them by.
        requires: Distributions that they import.
    """

    call: Callable[[Any], Any]
    form: Form
    digest: str
    path: Path | None = None
    files: tuple[tuple[str, Path], ...] = ()
    requires: tuple[str, ...] = ()


def known(digest: str, file: str, folders: Sequence[Path]) -> Function | None:
    """The function of that digest: one that was taken up already, or one in a folder that somebody named.

    Args:
        digest: Which.
        file: What its file is called.
        folders: Where it may lie; the folders around them are looked into, too.
    """
    for folder in (*_folders, *folders) if digest not in _known else ():
        for place in (folder, folder.parent):
            if (place / file).is_file() and digest_of(files_of(place / file)) == digest:
                use_features(place / file)
    return _known.get(digest)


def feature_folders() -> list[Path]:
    """The folders of what `use_features` took up, and those of `look_in`: for a process of ours to look in."""
    own = [each.path.parent for each in _known.values() if each.path is not None]
    return list(dict.fromkeys([*own, *_folders]))


def look_in(folder: Path) -> None:
    """Let `known` look in a folder, too; nothing runs until a model needs it."""
    if folder not in _folders:
        _folders.append(folder)


def use_features(path: Path) -> Function:
    """Import a `features.py`: its code runs.

    Raises:
        DataError: It is no Python, has no fitting function, or fails.
    """
    path = path.resolve()
    form = _form(path)
    files = files_of(path)
    digest = digest_of(files)
    if digest in _known and _known[digest].path == path:
        return _known[digest]
    call = _imported(path, files, digest)
    found = Function(call, form, digest, path, files, _requires(files, form))
    _known[digest] = found
    return found


def use_function(call: Callable[[Any], Any], form: Form, digest: str) -> None:
    """Take up the function that a wheel holds."""
    _known[digest] = Function(call, form, digest)


def files_of(path: Path) -> tuple[tuple[str, Path], ...]:
    """A file, and the modules beside it that it imports at any depth, by name.

    Raises:
        DataError: One is no Python.
    """
    found: dict[str, Path] = {path.stem: path}
    waiting = [path]
    while waiting:
        tree = _tree(waiting.pop())
        late = {*_imports(tree)} - {*_imports(tree, whole=False)}
        for name in late:
            if [*_local(path.parent, name)]:
                what = (
                    f"imports {name} in a function or a condition; import it at the top of its file"
                )
                raise DataError(Problem(near(path), what))
        for name in _imports(tree):
            for module, file in _local(path.parent, name):
                if module not in found:
                    found[module] = file
                    waiting.append(file)
    return tuple(sorted(found.items()))


def digest_of(files: Sequence[tuple[str, Path]]) -> str:
    """Of what files do, whatever they look like."""
    whole = sha256()
    for name, path in files:
        whole.update(f"{name}\n{ast.unparse(_bare(_tree(path)))}\n".encode())
    return whole.hexdigest()


def _bare(tree: ast.Module) -> ast.Module:
    """The same without docstrings."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        held = isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef)
        if held and isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            value = body[0].value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                body[0] = ast.Pass()
    return tree


def _tree(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8-sig"))
    except SyntaxError as error:
        raise DataError(
            Problem(f"{near(path)}:{error.lineno}", f"is no Python: {error.msg}")
        ) from None
    except UnicodeDecodeError as error:
        what = f"is not UTF-8 text (byte {error.start}); save it as UTF-8"
        raise DataError(Problem(near(path), what)) from None


def _imports(tree: ast.Module, *, whole: bool = True) -> Iterator[str]:
    """Names that are imported, at any depth or at the top alone."""
    for node in ast.walk(tree) if whole else tree.body:
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)


def _local(folder: Path, name: str) -> Iterator[tuple[str, Path]]:
    """The files that importing a name runs, if it is a module of the folder."""
    parts = name.split(".")
    for size in range(1, len(parts) + 1):
        place = folder.joinpath(*parts[:size])
        for file in (place / "__init__.py", place.with_name(f"{place.name}.py")):
            if file.is_file():
                yield ".".join(parts[:size]), file
                break
        else:
            if not place.is_dir():
                return


def _requires(files: Sequence[tuple[str, Path]], form: Form) -> tuple[str, ...]:
    owners = packages_distributions()
    own = {name.partition(".")[0] for name, _ in files}
    tops = {each.partition(".")[0] for _, path in files for each in _imports(_tree(path))}
    foreign = [each for each in tops - own - {OWN} if each not in sys.stdlib_module_names]
    found = {owners.get(each, [each])[0].lower().replace("_", "-") for each in foreign}
    return tuple(sorted({*found, *BRINGS[form]}))


def _form(path: Path) -> Form:
    """What the function wants, as its annotation says; pandas where it says nothing."""
    tree = _tree(path)
    functions = {each.name: each for each in tree.body if isinstance(each, ast.FunctionDef)}
    if NAME not in functions:
        offer = f"; {nearest(NAME, functions)}" if functions else ""
        what = f"has no function {NAME}(input), which makes a model's columns of a table's{offer}"
        raise DataError(Problem(near(path), what))
    function = functions[NAME]
    where = f"{near(path)}:{function.lineno}"
    given = function.args
    plain = [*given.posonlyargs, *given.args]
    free = len(plain) - len(given.defaults)
    if free != 1 or given.vararg or given.kwarg or None in given.kw_defaults:
        raise DataError(Problem(where, f"{NAME} takes one thing, the rows: `def {NAME}(input: pd.DataFrame)`"))  # fmt: skip
    written = plain[0].annotation
    if written is None:
        return "pandas"
    said = ast.unparse(written).strip("'\"")
    full = said
    for short, name in _names(tree).items():
        full = full.replace(f"{short}.", f"{name}.") if f"{short}." in full else full
        full = name if full == short else full
    if full not in FORMS:
        raise DataError(Problem(where, f"rows cannot be given as {said}; say {WANTED}"))
    return FORMS[full]


def _names(tree: ast.Module) -> dict[str, str]:
    """What names stand for that the file imports."""
    found: dict[str, str] = {}
    for each in tree.body:
        if isinstance(each, ast.Import):
            found |= {one.asname: one.name for one in each.names if one.asname}
        elif isinstance(each, ast.ImportFrom) and each.module:
            found |= {one.asname or one.name: f"{each.module}.{one.name}" for one in each.names}
    return found


def _imported(path: Path, files: Sequence[tuple[str, Path]], digest: str) -> Callable[[Any], Any]:
    name = f"crosstie_features.{digest[:16]}.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    beside = [each for each, file in files if file != path]
    others = {each: sys.modules.pop(each) for each in beside if each in sys.modules}
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        what = f"cannot be imported: {type(error).__name__}: {error}"
        raise DataError(Problem(line_of(error, path), what)) from error
    finally:  # another project's, or an older one's, may have the same names
        sys.path.remove(str(path.parent))
        for each in beside:
            sys.modules.pop(each, None)
        sys.modules.update(others)
    found: Callable[[Any], Any] = getattr(module, NAME)
    return found


def near(path: Path | None) -> str:
    """A file as messages name it: from where one stands, if it lies below."""
    if path is None:
        return "features.py"
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def line_of(error: BaseException, path: Path | None) -> str:
    """The place in a user's file that an error came from."""
    step, line = error.__traceback__, 0
    while step is not None:
        if path is not None and step.tb_frame.f_code.co_filename == str(path):
            line = step.tb_lineno
        step = step.tb_next
    return f"{near(path)}:{line}" if line else near(path)
