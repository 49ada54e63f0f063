"""Which names of its module a statement mentions, how, and whether when it is imported or when it is called.

Names that a function, lambda or comprehension binds itself are none of the module's. In doubt a name is the module's.
"""

import ast
import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

from crosstie.project.fingerprint.scope import Scope, imported, targets
from crosstie.project.fingerprint.texts import beginning, path_of

How = Literal["call", "copy", "touch", "store", "text", "table"]
When = Literal["import", "call"]
Where = Literal["code", "parameter", "annotation"]

# functions of Python that neither keep nor change what they are given
_PURE = frozenset(
    "abs all any bool bytes dict enumerate filter float format frozenset hash int isinstance issubclass len list max min "
    "print range repr reversed round set sorted str sum tuple type zip".split()
)
_NAMESPACE = frozenset({"exec", "eval", "globals"})
_NAMESPACE_ON_IMPORT = frozenset({"locals", "vars", "dir"})
_FRAMES = frozenset({"f_globals", "__globals__", "f_builtins"})
_IMPORTS = frozenset({"import_module", "__import__"})
# who reads what is otherwise left out
_READS_ANNOTATIONS = frozenset(
    "__annotations__ __doc__ TypeAdapter beartype check_input check_io check_output check_types docopt get_annotations "
    "get_type_hints getdoc getfullargspec signature singledispatch singledispatchmethod typechecked validate_arguments "
    "validate_call".split()
)
_READS_SOURCE = frozenset({"findsource", "getsource", "getsourcelines", "__code__"})
_READS_PLACE = frozenset({"__file__", "__module__", "__name__", "__qualname__", "__spec__"})
# decorators that write down somewhere what they decorate
_ENTERS = re.compile(
    r"regist|hook|listen|subscri|accessor|extension|plugin|implement|patch|override", re.IGNORECASE
)
_PATH = re.compile(r"[^\s<>|\"]{1,240}")
_AT = re.compile(r"@`?([^\W\d]\w*)")
_SQL = re.compile(r"\b(?:from|join|into|table)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d]\w*")


class Mention(NamedTuple):
    """A name of the module, or something that a function imports.

    Attributes:
        base: The name; `%level:module:name` for what an import inside of a function binds.
        attributes: What is asked of it, dotted: `sub.f` in `h.sub.f`.
        how: It is called; only read, in a way that neither keeps nor changes it; read in any other way; written to, or
            to something of it; named in a text that pandas may read, or as a table that DuckDB may.
        when: As soon as the module is imported, or when something of it is called.
        where: In an annotation of a function's parameter, in another annotation that is left out, or elsewhere.
    """

    base: str
    attributes: str
    how: How
    when: When
    where: Where


class Import(NamedTuple):
    """A statement that imports: `from ..module import name`; no name for `import module`."""

    level: int
    module: str
    name: str
    when: When


class Unseen(NamedTuple):
    """What cannot be followed without running it.

    Attributes:
        what: `namespace` (`exec`, `globals` …) or `import` (of a name made at run time).
        text: How it is written; for an import the part of the name that is known.
        line: Where.
        when: Whether it happens on import.
    """

    what: Literal["namespace", "import"]
    text: str
    line: int
    when: When


class Mentions:
    """All that a statement at the top of a module mentions.

    Args:
        statement: The statement.
    """

    def __init__(self, statement: ast.stmt) -> None:
        self.names: dict[Mention, int] = {}  # to the line of the first
        self.imports: dict[Import, int] = {}
        self.unseen: list[Unseen] = []
        self.decorators: set[tuple[str, str]] = set()
        self.flags: set[str] = set()
        self.paths: set[str] = set()
        self._begun: set[int] = set()
        self._scope: Scope | None = None
        self._when: When = "import"
        self._where: Where = "code"
        self._visit(statement)

    # Everything below walks the tree: `how` says what its parent does with a value.

    def _visit(self, node: ast.AST, how: How = "touch") -> None:
        match node:
            case ast.Name():
                self._name(node, "", how)
            case ast.Attribute():
                self._attribute(node, how)
            case ast.Subscript():
                writes = how == "store" or not isinstance(node.ctx, ast.Load)
                self._visit(node.value, "store" if writes else "copy")
                self._visit(node.slice)
            case ast.Call():
                self._call(node)
            case ast.Constant():
                self._text(node.value)
            case ast.Expr(value=ast.Constant()):
                return  # a docstring names nothing
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                self._function(node)
            case ast.ClassDef():
                self._class(node)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                self._comprehension(node)
            case ast.AnnAssign():
                self._annotated(node)
            case ast.Import() | ast.ImportFrom():
                for level, module, name, _ in imported(node):
                    self.imports.setdefault(Import(level, module, name, self._when), node.lineno)
            case _:
                self._parts(node, how)

    def _parts(self, node: ast.AST, how: How) -> None:
        """What a node does with its parts."""
        match node:
            case ast.AugAssign():
                self._visit(node.target, "store")
                self._visit(node.value, "copy")
            case ast.For() | ast.AsyncFor():
                self._visit(node.target)
                self._visit(node.iter, "copy")
                self._each([*node.body, *node.orelse])
            case ast.BinOp():
                self._path(node)
                self._each([node.left, node.right], "copy")
            case ast.Compare():
                self._each([node.left, *node.comparators], "copy")
            case ast.Starred():
                self._visit(node.value, "store" if how == "store" else "copy")
            case ast.FormattedValue():
                self._visit(node.value, "copy")
                if node.format_spec is not None:
                    self._visit(node.format_spec)
            case ast.ExceptHandler():
                self._each([each for each in (node.type,) if each], "copy")
                self._each(node.body)
            case ast.MatchClass():
                self._visit(node.cls, "copy")
                self._each([*node.patterns, *node.kwd_patterns])
            case ast.JoinedStr():
                self._path(node)
                self._each(node.values)
            case ast.Dict():
                for key, value in zip(node.keys, node.values, strict=True):
                    if key is not None:
                        self._visit(key)
                    self._visit(value, "copy" if key is None else "touch")
            case _:
                self._each(ast.iter_child_nodes(node))

    def _each(self, nodes: Iterable[ast.AST], how: How = "touch") -> None:
        for each in nodes:
            self._visit(each, how)

    def _name(self, node: ast.Name, attributes: str, how: How) -> None:
        name = node.id
        self._flag(name)
        places = self._lookup(name)
        if name in _NAMESPACE and places == [name]:
            self.unseen.append(Unseen("namespace", name, node.lineno, self._when))
        if not isinstance(node.ctx, ast.Load) and not attributes:
            if how != "store" and (self._scope is None or self._scope.binds(name)):
                return  # the statement or the class binds it: nothing is asked of it
            how = "store"
        for place in places:
            mention = Mention(place, attributes, how, self._when, self._where)
            self.names.setdefault(mention, node.lineno)

    def _attribute(self, node: ast.Attribute, how: How) -> None:
        if how != "store" and not isinstance(node.ctx, ast.Load):
            how = "store"
        names = [node.attr]
        base: ast.expr = node.value
        while isinstance(base, ast.Attribute):
            names.append(base.attr)
            base = base.value
        for each in names:
            self._flag(each)
            if each in _FRAMES:
                self.unseen.append(Unseen("namespace", each, node.lineno, self._when))
        if isinstance(base, ast.Name):
            self._name(base, ".".join(reversed(names)), how)
        else:
            self._visit(base, "store" if how == "store" else "touch")

    def _call(self, node: ast.Call) -> None:
        called = node.func.id if isinstance(node.func, ast.Name) else ""
        own = bool(called) and self._lookup(called) == [called]
        last = node.func.attr if isinstance(node.func, ast.Attribute) else called
        if last in _IMPORTS:
            known = node.args[0] if len(node.args) == 1 and not node.keywords else None
            self.unseen.append(Unseen("import", beginning(known), node.lineno, self._when))
        if own and called in _NAMESPACE_ON_IMPORT and not node.args and self._when == "import":
            self.unseen.append(Unseen("namespace", called, node.lineno, self._when))
        self._path(node)
        self._visit(node.func, "call")
        for place, each in enumerate(node.args):
            writes = own and called in {"setattr", "delattr"} and place == 0
            self._visit(each, "store" if writes else "copy" if own and called in _PURE else "touch")
        for word in node.keywords:
            self._visit(word.value, "copy" if word.arg is None else "touch")

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
        if not isinstance(node, ast.Lambda):
            self._decorated(node.decorator_list)
            top = self._scope is None
            for each in every:
                if each.annotation is not None:
                    self._annotation(each.annotation, "parameter" if top else "annotation")
            if node.returns is not None:
                self._annotation(node.returns, "annotation")
        self._each([*arguments.defaults, *(each for each in arguments.kw_defaults if each)])
        body = [node.body] if isinstance(node, ast.Lambda) else node.body
        scope = Scope.of(body, "function", self._scope)
        scope.bound |= {each.arg for each in every}
        scope.bound |= {each.name for each in getattr(node, "type_params", ())}
        before, self._when, self._scope = (self._when, self._scope), "call", scope
        self._each(body)
        self._when, self._scope = before

    def _class(self, node: ast.ClassDef) -> None:
        self._decorated(node.decorator_list)
        self._each([*node.bases, *(each.value for each in node.keywords)], "call")
        before = self._scope
        self._scope = Scope.of(node.body, "class", before)
        self._scope.bound |= {each.name for each in getattr(node, "type_params", ())}
        self._each(node.body)
        self._scope = before

    def _decorated(self, decorators: list[ast.expr]) -> None:
        for each in decorators:
            function = each.func if isinstance(each, ast.Call) else each
            name = function
            while isinstance(name, ast.Attribute):
                name = name.value
            chain = ast.unparse(function).partition(".")[2]
            if _ENTERS.search(ast.unparse(function).rpartition(".")[2]):
                self.flags.add("enters")
            if isinstance(name, ast.Name):
                self.decorators |= {(place, chain) for place in self._lookup(name.id) or [name.id]}
            else:
                self.decorators.add(("?", ""))
            self._visit(each, "call")

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
    ) -> None:
        before = self._scope
        first, *others = node.generators
        self._visit(first.iter, "copy")
        self._scope = Scope("comprehension", before)
        for each in node.generators:
            self._scope.bound |= set(targets(each.target))
        for each in others:
            self._visit(each.iter, "copy")
        for each in node.generators:
            self._each([each.target, *each.ifs])
        self._each([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt])
        self._scope = before

    def _annotated(self, node: ast.AnnAssign) -> None:
        self._visit(node.target)
        if self._scope is not None and self._scope.kind == "class":
            self._annotation(node.annotation, "code")
        else:
            self._annotation(node.annotation, "annotation")
        if node.value is not None:
            self._visit(node.value)

    def _annotation(self, node: ast.expr, where: Where) -> None:
        before, self._where = self._where, where if self._where == "code" else self._where
        self._visit(node, "copy")
        for each in ast.walk(node):
            if isinstance(each, ast.Constant) and isinstance(each.value, str):
                try:
                    self._visit(ast.parse(each.value, mode="eval").body, "copy")
                except (SyntaxError, ValueError):
                    continue  # a text that is no type, as in Literal["two words"]
        self._where = before

    def _text(self, value: object) -> None:
        """Names in a text: `@name` is read by pandas' query, a table's name by DuckDB, a path by whoever opens it."""
        if not isinstance(value, str):
            return
        if "@" in value:
            self._words(_AT.findall(value), "text")
        if _SQL.search(value):
            self._words(_WORD.findall(value), "table")
        self._keep_path(value)

    def _words(self, words: Iterable[str], how: How) -> None:
        for word in sorted(set(words)):
            for place in self._lookup(word):
                self.names.setdefault(Mention(place, "", how, self._when, self._where), 0)

    def _path(self, node: ast.expr) -> None:
        match node:  # the beginning of a longer path is none itself
            case ast.BinOp(left=inner) | ast.Call(func=ast.Attribute(value=inner, attr="joinpath")):
                self._begun.add(id(inner))
        if id(node) in self._begun:
            return
        text = path_of(node)
        opened = isinstance(node, ast.Call) and text and not set(text) & {"/", "."}
        self._keep_path(f"{text}/" if opened else text)

    def _keep_path(self, text: str) -> None:
        """Keep what may be a path; of a pattern its folder."""
        wild = re.search(r"[*?\[]", text)
        if wild:
            text = text[: wild.start()].rpartition("/")[0] + "/"
        if text != "/" and _PATH.fullmatch(text):
            self.paths.add(text)

    def _flag(self, name: str) -> None:
        if name in _READS_ANNOTATIONS:
            self.flags.add("annotations")
        elif name in _READS_SOURCE:
            self.flags.add("source")
        elif name in _READS_PLACE:
            self.flags.add("place")
        elif name == "__subclasses__":
            self.flags.add("subclasses")

    def _lookup(self, name: str) -> list[str]:
        """What a name may stand for, of what lies outside of functions; nothing if it is a function's own."""
        scope = self._scope
        while scope is not None:
            visible = scope.kind != "class" or scope is self._scope
            if visible and name in scope.module:
                return [name]
            if visible and name in scope.imports:
                return scope.imports[name]
            if visible and name in scope.bound:
                return [name] if scope.kind == "class" else []
            scope = scope.parent
        return [name]
