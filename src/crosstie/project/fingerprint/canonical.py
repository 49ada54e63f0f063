"""A statement of Python as text that says what it does and nothing of how it is written down.

Out are comments and formatting (the parser drops them), docstrings, annotations of functions and variables, `pass`.
The text is our own: `ast.dump` and `ast.unparse` change with Python's version. Fields stand in the order of their names
and empty ones are left out, so that a field that a later Python adds changes nothing until someone uses it.
"""

import ast
from collections.abc import Mapping
from typing import Any, Literal

CANON = "1"  # raise it with every change of what counts: what was written under another is made anew from its sources

Form = Literal["plain", "own", "full"]
Scope = Literal["module", "class", "function"]

_SILENT = {"ctx", "kind", "type_comment", "type_ignores", "lineno", "simple"}
_SPECIAL = {
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.AnnAssign),
    *(ast.arg, ast.Global, ast.Nonlocal, ast.JoinedStr),
}
_known: dict[type[ast.AST], tuple[str, ...]] = {}


def canonical(statement: ast.stmt, form: Form = "plain") -> str:
    """What a statement of a module does, as text.

    Args:
        statement: One that stands at the top of a module.
        form: `plain` leaves annotations of functions and variables out (those in the body of a class stay: dataclasses
            read them), and docstrings; `own` keeps the annotations of the parameters of the function that the statement
            is; `full` keeps all of them.

    Raises:
        RecursionError: It is nested too deeply.
    """
    writer = _Writer(full=form == "full", own=statement if form == "own" else None)
    writer.value(statement)
    return "".join(writer.out)


class _Writer:
    def __init__(self, *, full: bool, own: ast.stmt | None) -> None:
        self.out: list[str] = []
        self._full = full
        self._own = own
        self._annotated = full  # whether the parameters being written keep their annotations
        self._scope: Scope = "module"

    def value(self, value: Any) -> None:
        if type(value) is str:
            self.out.append(ascii(value))  # repr would show other characters with another Unicode
        elif isinstance(value, ast.AST):
            self._node(value)
        elif isinstance(value, list):
            self.out.append("[")
            for each in value:
                if not self._idle(each):
                    self.value(each)
                    self.out.append(",")
            self.out.append("]")
        elif type(value) is int:
            self.out.append(hex(value))  # decimal digits of a huge number are refused
        else:
            self.out.append(ascii(value))

    def _node(self, node: ast.AST) -> None:
        if type(node) not in _SPECIAL:
            self._fields(type(node).__name__, _held(node))
            return
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._function(node)
            case ast.Lambda():
                self._within("function", node)
            case ast.ClassDef():
                self._within("class", node)
            case ast.AnnAssign() if not self._full and self._scope != "class":
                if node.value is None:
                    self._fields("Declare", {"target": node.target})  # makes the name a local one
                else:
                    self._fields("Assign", {"targets": [node.target], "value": node.value})
            case ast.arg() if not self._annotated:
                self._fields("arg", {"arg": node.arg})
            case ast.Global() | ast.Nonlocal():
                self._fields(type(node).__name__, {"names": sorted(node.names)})
            case ast.JoinedStr():
                self._fields("JoinedStr", {"values": _joined(node.values)})
            case _:
                self._fields(type(node).__name__, _held(node))

    def _fields(self, kind: str, fields: Mapping[str, Any]) -> None:
        out = self.out
        out.append(f"{kind}(")
        constant = kind == "Constant"  # whose value may be None
        for field, value in fields.items():
            if constant or (value is not None and value != []):
                out.append(f"{field}=")
                self.value(value)
                out.append(",")
        out.append(")")

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        before = self._scope, self._annotated
        self._annotated = self._full or node is self._own
        self._fields(
            type(node).__name__,
            {
                "args": node.args,
                "decorator_list": node.decorator_list,
                "name": node.name,
                "returns": node.returns if self._full else None,
                "type_params": getattr(node, "type_params", None) if self._full else None,
            },
        )
        self._scope, self._annotated = "function", self._full
        self._fields("Body", {"body": node.body})
        self._scope, self._annotated = before

    def _within(self, scope: Scope, node: ast.AST) -> None:
        before, self._scope = self._scope, scope
        self._fields(type(node).__name__, _held(node))
        self._scope = before

    def _idle(self, node: Any) -> bool:
        """Whether a statement does nothing: `pass`, a docstring, `...`, an annotation alone outside of a function."""
        if isinstance(node, ast.Expr):
            constant = isinstance(node.value, ast.Constant)
            return constant and not (self._full and isinstance(node.value.value, str))  # type: ignore[attr-defined]
        if isinstance(node, ast.AnnAssign):
            return node.value is None and self._scope == "module" and not self._full
        return isinstance(node, ast.Pass)


def _joined(values: list[ast.expr]) -> list[ast.expr]:
    """The pieces of an f-string; how texts beside each other are cut depends on how they were written."""
    found: list[ast.expr] = []
    for each in values:
        last = found[-1] if found else None
        if not isinstance(each, ast.Constant):
            found.append(each)
        elif isinstance(last, ast.Constant):
            found[-1] = ast.Constant(f"{last.value!s}{each.value!s}")
        elif each.value != "":
            found.append(each)
    return found


def _held(node: ast.AST) -> dict[str, Any]:
    kind = type(node)
    if kind not in _known:
        _known[kind] = tuple(sorted({*kind._fields} - _SILENT))
    return {name: getattr(node, name, None) for name in _known[kind]}
