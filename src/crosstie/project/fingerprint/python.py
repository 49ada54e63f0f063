"""The code of a step: its function and all that it reaches in the project, read and never run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from posixpath import normpath
from typing import Any

from crosstie.errors import Problem, ProjectError, nearest
from crosstie.project.fingerprint.cache import Cache
from crosstie.project.fingerprint.canonical import CANON
from crosstie.project.fingerprint.closure import Closure
from crosstie.project.fingerprint.codebase import Codebase
from crosstie.project.fingerprint.effects import Effects
from crosstie.project.fingerprint.module import digest
from crosstie.project.fingerprint.tree import Folder, Kept, Tree


@dataclass(frozen=True)
class Part:
    """A piece of code that counts.

    Attributes:
        digest: What it does, whatever it looks like.
        path: Its file, from the project's root.
        lines: The first and the last.
    """

    digest: str
    path: str
    lines: tuple[int, int]


@dataclass(frozen=True)
class Code:
    """The code of a step.

    Attributes:
        path: Its file, from the project's root, with slashes; of what is several files, one a line.
        function: Its function; None if the whole file is the step.
        digest: Of all that it does.
        parts: What it is made of, by name: `helpers/text.py:strip`.
        imports: Top-level modules of others that it imports, with the file and line of the first import.
        wholes: Files that count whole because something cannot be followed, each with the reason.
        files: Existing files and folders of the project that its texts name, from the root.
        texts: The text of every file that was looked at, by path.
        canon: Under which rules the digests were made.
    """

    path: str
    function: str | None
    digest: str
    parts: Mapping[str, Part] = field(repr=False)
    imports: Mapping[str, str]
    wholes: Mapping[str, str]
    files: tuple[str, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    canon: str = CANON

    def source(self, name: str) -> str:
        """A part as it is written."""
        part = self.parts[name]
        first, last = part.lines
        return "\n".join(self._lines.get(part.path, [])[first - 1 : last])

    @cached_property
    def warning(self) -> str:
        """One sentence on files taken whole; empty if there are none."""
        if not self.wholes:
            return ""
        reasons: dict[str, list[str]] = {}
        for path, reason in self.wholes.items():
            reasons.setdefault(reason, []).append(path)
        said = "; ".join(
            f"{_several(paths)} ({reason})" for reason, paths in sorted(reasons.items())
        )
        return f"{self.path}: any change counts in {said}"

    def renewed(self) -> "Code":
        """The same code under the rules of today, worked out from the texts that were kept."""
        if self.canon == CANON:
            return self
        codes, paths = Codes(Kept(self.texts)), self.path.split("\n")
        return codes.of(self.path, self.function) if len(paths) == 1 else codes.of_all(paths)

    def to_json(self) -> dict[str, Any]:
        """As JSON, without the texts."""
        return {
            "path": self.path,
            "function": self.function,
            "digest": self.digest,
            "parts": {
                name: [part.digest, part.path, *part.lines] for name, part in self.parts.items()
            },
            "imports": dict(self.imports),
            "wholes": dict(self.wholes),
            "files": list(self.files),
            "canon": self.canon,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any], texts: Mapping[str, str]) -> "Code":
        """Back from JSON and the texts."""
        parts = {
            name: Part(digest, path, (first, last))
            for name, (digest, path, first, last) in value["parts"].items()
        }
        rest = {name: value[name] for name in ("path", "function", "digest", "imports", "wholes")}
        files = tuple(value["files"])
        return cls(parts=parts, files=files, texts=dict(texts), canon=value["canon"], **rest)

    @cached_property
    def _lines(self) -> dict[str, list[str]]:
        return {path: text.split("\n") for path, text in self.texts.items()}


class Codes:
    """The code of the steps of one project. Each file is read once, and parsed only if its text is new.

    Args:
        tree: The project's files.
        cache: What is known of files by their text.
    """

    def __init__(self, tree: Tree, cache: Cache | None = None) -> None:
        self._tree = tree
        self._codebase = Codebase(tree, cache)
        self._effects = Effects(self._codebase)
        self._imported: dict[str, tuple[str, ...]] = {}

    def of(self, path: str, function: str | None) -> Code:
        """The code of a step.

        Args:
            path: Its file, from the root, with slashes.
            function: Its function; None if the whole file is the step.

        Raises:
            ProjectError: There is no such file or function, or a file is not Python.
        """
        module = self._codebase.module(path)
        if module is None:
            raise ProjectError(Problem(path, "there is no such file"))
        if function is not None and function not in module.by_name and not module.hidden:
            defined = {
                name for unit in module.units if unit.kind == "function" for name in unit.names
            }
            hint = nearest(function, defined).replace("nothing fits here", "it defines none")
            raise ProjectError(Problem(path, f"has no function {function!r}; {hint}"))
        closure = Closure(self._codebase, self._effects)
        closure.begin(path, function)
        if "annotations" in closure.flags:
            closure = Closure(self._codebase, self._effects, full=True)
            closure.begin(path, function)
        return self._code(path, function, closure)

    def of_all(self, paths: Sequence[str]) -> Code:
        """The code of several files, each as it is whole unless one of its functions is named.

        Args:
            paths: At least one, as for `of`; `path::function` is that function of it.

        Raises:
            ProjectError: As for `of`.
        """
        named = [each.partition("::") for each in paths]
        found = [self.of(path, function or None) for path, _, function in named]
        if len(found) == 1:
            return found[0]
        return Code(
            "\n".join(paths),
            None,
            digest("\n".join(each.digest for each in found)),
            {name: part for each in found for name, part in each.parts.items()},
            {name: where for each in found for name, where in each.imports.items()},
            {name: why for each in found for name, why in each.wholes.items()},
            tuple(sorted({file for each in found for file in each.files})),
            {path: text for each in found for path, text in each.texts.items()},
        )

    def _code(self, path: str, function: str | None, closure: Closure) -> Code:
        parts: dict[str, Part] = {}
        marks: list[str] = []
        texts = self._texts(closure)
        for at in sorted({each for each, _ in closure.units}):
            # another number in a step's name is no change, unless something asks for the name
            label = "" if at == path and "place" not in closure.flags else at
            named = self._named(at, closure)
            marks += (f"{label}:{name} {part.digest}" for name, part in named.items())
            if "source" in closure.flags:
                hashed = digest(texts[at])
                named["(text)"] = Part(hashed, at, (1, texts[at].count("\n") + 1))
                marks.append(f"{label}:(text) {hashed}")
            parts |= {f"{at}:{name}": part for name, part in named.items()}
        return Code(
            path,
            function,
            digest("\n".join(marks)),
            parts,
            dict(sorted(closure.outside.items())),
            dict(sorted(closure.wholes.items())),
            tuple(sorted({*self._files(closure)})),
            texts,
        )

    def _named(self, path: str, closure: Closure) -> dict[str, Part]:
        """The parts of one file: in its order if something of them runs on import, by name if not."""
        module = self._codebase.module(path)
        assert module is not None
        places = sorted(place for at, place in closure.units if at == path)
        found: dict[str, Part] = {}
        nameless = 0
        for place in places:
            unit = module.units[place]
            if not unit.names:
                nameless += 1
            name = wanted = ", ".join(unit.names) or f"statement {nameless}"
            again = 1
            while name in found:
                again += 1
                name = f"{wanted} ({again})"
            found[name] = Part(closure.form(path, place), path, unit.lines)
        if any(module.units[place].runs for place in places):
            return found
        return dict(sorted(found.items()))

    def _files(self, closure: Closure) -> Iterator[str]:
        """What texts name and is there: relative to the root, or to the file that names it."""
        for text, at in closure.paths:
            sure = text.endswith("/") or set(text) & {"/", "."}
            for base in ("", at.rpartition("/")[0]):
                path = normpath(f"{base}/{text}" if base else text)
                inside = path != base and not path.startswith(("/", ".."))
                if sure and inside and path != "." and self._tree.exists(path):
                    yield path

    def _texts(self, closure: Closure) -> dict[str, str]:
        """Of all modules that could be asked for a name: those loaded, and all that they import at any time."""
        found: dict[str, str] = {}
        waiting = [*closure.loaded, *(path for path, _ in closure.units)]
        while waiting:
            path = waiting.pop()
            text = None if path in found else self._tree.text(path)
            if text is not None:
                found[path] = text
                waiting += self._imports(path)
        return dict(sorted(found.items()))

    def _imports(self, path: str) -> tuple[str, ...]:
        if path not in self._imported:
            module = self._codebase.module(path)
            found: dict[str, None] = {}
            for unit in module.units if module else ():
                for statement, _ in unit.imports:
                    found |= dict.fromkeys(self._codebase.runs(path, statement) or ())
            self._imported[path] = tuple(found)
        return self._imported[path]


def code_of(path: Path, function: str | None, root: Path, cache: Cache | None = None) -> Code:
    """The code of one step. For several of one project make one `Codes`.

    Args:
        path: Its file: Python, or a notebook.
        function: Its function; None if the whole file is the step.
        root: The project's folder, whose modules it may import.
        cache: What is known of files by their text.

    Raises:
        ProjectError: There is no such file or function, it lies elsewhere, or a file is not Python.
    """
    try:
        inside = path.absolute().relative_to(root.absolute()).as_posix()
    except ValueError:
        raise ProjectError(
            Problem(str(path), f"lies outside of the project {str(root)!r}")
        ) from None
    return Codes(Folder(root), cache).of(inside, function)


def _several(paths: list[str]) -> str:
    return ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
