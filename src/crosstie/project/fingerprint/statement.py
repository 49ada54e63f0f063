"""One statement of SQL, read by sqlglot: what it does as text, the tables, files and parameters that it names.

Nothing is optimized and no literal is touched: what changes is the case of words that the dialect does not tell apart,
quotes around names that need none, spaces and comments. Hints (`/*+ … */`) stay.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import Token, TokenType, exp
from sqlglot.dialects.dialect import Dialect, NormalizationStrategy
from sqlglot.errors import ParseError, SqlglotError

_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_SHOWN = re.compile(r"[^\n]")
_HINT = ("/*+", "--+")
_FOLDS_ALL = (NormalizationStrategy.LOWERCASE, NormalizationStrategy.UPPERCASE)
_AS_WRITTEN = (TokenType.STRING, TokenType.NUMBER, TokenType.IDENTIFIER)
_BEFORE_TABLE = (TokenType.FROM, TokenType.JOIN)


@dataclass(frozen=True)
class Statement:
    """What one statement is.

    Attributes:
        canonical: What it does, as text.
        tables: Tables that it reads and does not make, by their logical names, in the order in which they appear.
        files: Files that it reads, as written.
        parameters: Names of its parameters; `?` for those without.
        makes: Tables that it creates.
        refused: Why it could not be parsed, after line and column; empty if it could. Its words are what counts then.
    """

    canonical: str
    tables: tuple[str, ...]
    files: tuple[str, ...]
    parameters: tuple[str, ...]
    makes: tuple[str, ...] = ()
    refused: str = ""


def statements(text: str, dialect: str, schema: str | None) -> Iterator[tuple[int, int, Statement]]:
    """The statements of a text, with the characters where each begins and ends.

    Args:
        text: SQL.
        dialect: As sqlglot calls it.
        schema: The schema of the environment; names that it qualifies are logical ones.

    Raises:
        SqlglotError: Not even its words can be told apart: a text or a comment that does not end.
    """
    spoken = Dialect.get_or_raise(dialect)
    # a comment between GROUP and BY is not understood, so the text is read without them
    bare = "".join(_without_comments(text, spoken.tokenize(text)))
    tokens = spoken.tokenize(bare)
    begin = 0
    for place, token in enumerate([*tokens, None]):
        if token is not None and token.token_type is not TokenType.SEMICOLON:
            continue
        if tokens[begin:place]:
            of = _Reader(spoken, bare, tokens[begin:place], _parts(schema))
            yield tokens[begin].start, tokens[place - 1].end + 1, of.read()
        begin = place + 1


def _without_comments(text: str, tokens: Sequence[Token]) -> Iterator[str]:
    """The text with spaces for comments that are no hints, so that everything stays in its place."""
    done = 0
    for token in tokens:
        yield _blank(text[done : token.start])
        yield text[token.start : token.end + 1]
        done = token.end + 1
    yield _blank(text[done:])


def _blank(between: str) -> str:
    """What stands between two words, spaces and comments, without the comments."""
    if not any(each in between for each in _HINT):
        return _SHOWN.sub(" ", between)
    return _COMMENT.sub(
        lambda found: found[0] if found[0].startswith(_HINT) else _SHOWN.sub(" ", found[0]), between
    )


class _Reader:
    def __init__(
        self, dialect: Dialect, text: str, tokens: Sequence[Token], schema: tuple[str, ...]
    ) -> None:
        self._dialect = dialect
        self._text = text
        self._tokens = tokens
        self._schema = schema
        self._folds = dialect.normalization_strategy in _FOLDS_ALL
        self._keeps = dialect.normalization_strategy is NormalizationStrategy.CASE_SENSITIVE

    def read(self) -> Statement:
        try:
            found = self._dialect.parser().parse(list(self._tokens), self._text)
            tree = found[0] if len(found) == 1 else None
            if tree is None or tree.find(exp.Command):
                return self._by_words("sqlglot does not know this statement")
            return self._by_tree(tree)
        except ParseError as error:
            said = error.errors[0] if error.errors else {}
            near = str(said.get("highlight") or "")
            what = f"{said.get('description') or error}, near {near!r}"
            column = int(said.get("col") or 0) - len(near) + 1  # theirs is where it ends
            return self._by_words(what, int(said.get("line") or 0), column)
        except (SqlglotError, RecursionError, ValueError) as error:
            return self._by_words(f"{type(error).__name__}: {error}")

    def _by_tree(self, tree: Any) -> Statement:
        names = _Names(self, tree)
        named = {node.name or "?" for node in tree.find_all(exp.Placeholder, exp.Parameter)}
        parameters = [each.text for each in self._tokens if each.text in named]
        self._normalize(tree)
        made = tree.sql(
            dialect=self._dialect, comments=False, identify=True, normalize_functions="upper"
        )
        # something that was read and not written again would change unseen
        canonical = self._words() if self._lost(made) else " ".join([made, *self._hints()])
        return Statement(
            canonical,
            tuple(sorted(names.read, key=self._place)),
            tuple(sorted(names.files)),
            tuple(dict.fromkeys(parameters)),
            tuple(sorted(names.made)),
        )

    def _by_words(self, why: str, line: int = 0, column: int = 0) -> Statement:
        first = self._tokens[0]
        at = (line, column) if line else (first.line, first.col - len(first.text) + 1)
        return Statement(
            self._words(),
            tuple(dict.fromkeys(self._tables())),
            (),
            self._placeholders(),
            refused=f"{at[0]}:{at[1]}: cannot be parsed: {why}",
        )

    def _normalize(self, tree: Any) -> None:
        for node in tree.find_all(exp.Table, exp.Column):
            if not self.is_function(node):
                self._unqualify(node)
        for node in tree.find_all(exp.Identifier):
            if self._folds:
                self._dialect.normalize_identifier(node)
            elif not self._keeps and _names_table(node):
                # the names of columns appear in the result as they are written
                node.set("this", node.this.lower())

    def _unqualify(self, node: Any) -> None:
        """`analytics.customers` as `customers`, where the environment's schema is `analytics`."""
        qualifier = ("catalog", "db") if isinstance(node, exp.Table) else ("catalog", "db", "table")
        held = [(key, node.args[key]) for key in qualifier if node.args.get(key)]
        size = len(self._schema)
        if isinstance(node, exp.Column) and len(held) <= size:
            return
        if size and tuple(part.name.lower() for _, part in held[:size]) == self._schema:
            for key, _ in held[:size]:
                node.set(key, None)

    def is_function(self, table: Any) -> bool:
        """Whether what stands for a table is a call: `read_csv('a.csv')`."""
        return isinstance(table, exp.Table) and not isinstance(table.this, exp.Identifier)

    def logical(self, table: Any) -> str:
        """A table's name as the project knows it."""
        parts = [part.name for part in table.parts]
        folded = tuple(each.lower() for each in parts[:-1])
        if self._schema and folded[: len(self._schema)] == self._schema:
            parts = parts[len(self._schema) :]
        return ".".join(parts) if self._keeps else ".".join(parts).lower()

    def _place(self, table: str) -> tuple[int, str]:
        last = table.rpartition(".")[2].lower()
        places = [place for place, each in enumerate(self._tokens) if each.text.lower() == last]
        return places[0] if places else 0, table

    def _lost(self, made: str) -> bool:
        """Whether a word, number or text of the source is missing in what was made of it."""
        written = Counter(_spelled(self._tokens))
        kept = Counter(_spelled(self._dialect.tokenize(made)))
        return any(word not in self._schema for word in written - kept)

    def _words(self) -> str:
        """The statement's words, each with its kind; their case only where it can mean something."""
        words = []
        for token in self._unqualified():
            if token.token_type in _AS_WRITTEN or token.token_type.name.endswith("STRING"):
                words.append(f"{token.token_type.name}:{token.text!a}")
            elif token.token_type is TokenType.VAR and not self._folds:
                words.append(token.text)
            else:
                words.append(" ".join(token.text.lower().split()))
        return " ".join([*words, *self._hints()])

    def _unqualified(self) -> list[Token]:
        found: list[Token] = []
        step = 2 * len(self._schema)  # a dot follows each part
        place = 0
        while place < len(self._tokens):
            ahead = self._tokens[place : place + step]
            parts = tuple(each.text.lower() for each in ahead[::2])
            dots = all(each.token_type is TokenType.DOT for each in ahead[1::2])
            if step and len(ahead) == step and dots and parts == self._schema:
                place += step
            else:
                found.append(self._tokens[place])
                place += 1
        return found

    def _hints(self) -> Iterator[str]:
        """Comments that begin with a plus, with the number of words before them: databases read them."""
        tokens = self._tokens
        for place, token in enumerate(tokens):
            end = tokens[place + 1].start if place + 1 < len(tokens) else token.end + 1
            for comment in _COMMENT.findall(self._text[token.end + 1 : end]):
                if comment.startswith(_HINT):
                    yield f"{place}:{' '.join(comment.split())}"

    def _tables(self) -> Iterator[str]:
        """Names after FROM and JOIN, as well as they can be told without parsing."""
        tokens = self._unqualified()
        known = {
            name.text.lower()
            for name, word, bracket in zip(tokens, tokens[1:], tokens[2:], strict=False)
            if word.text.lower() == "as" and bracket.text == "("
        }
        for before, token, after in zip(tokens, tokens[1:], [*tokens[2:], None], strict=False):
            plain = token.token_type in (TokenType.VAR, TokenType.IDENTIFIER)
            called = after is not None and after.text in ("(", ".")
            if before.token_type in _BEFORE_TABLE and plain and not called:
                name = token.text if self._keeps else token.text.lower()
                if name.lower() not in known:
                    yield name

    def _placeholders(self) -> tuple[str, ...]:
        found = []
        for before, mark, name in zip(
            [None, *self._tokens], self._tokens, self._tokens[1:], strict=False
        ):
            apart = before is None or before.end + 1 < mark.start or before.text in ("(", ",", "=")
            if mark.text in (":", "$") and name.start == mark.end + 1 and apart and _is_word(name):
                found.append(name.text)
        return tuple(dict.fromkeys(found))


class _Names:
    """The tables and files of a statement. Names of common table expressions and of what it makes are none."""

    def __init__(self, reader: _Reader, tree: Any) -> None:
        self.read: set[str] = set()
        self.files: set[str] = set()
        self.made: set[str] = set()
        self._reader = reader
        self._walk(tree, frozenset())

    def _walk(self, node: Any, known: frozenset[str]) -> None:
        within = node.args.get("with_")
        if within is not None:
            for each in within.expressions:
                name = each.alias_or_name.lower()
                self._walk(each.this, known | {name} if within.args.get("recursive") else known)
                known |= {name}
        target = _target(node)
        for key, value in node.args.items():
            for child in value if isinstance(value, list) else [value]:
                if key != "with_" and isinstance(child, exp.Expression) and child is not target:
                    self._walk(child, known)
        if target is not None:
            table = target.this if isinstance(target, exp.Schema) else target
            if isinstance(node, exp.Create) and isinstance(table, exp.Table):
                self.made.add(self._reader.logical(table))
        elif isinstance(node, exp.Table):
            self._table(node, known)
        elif isinstance(node, exp.Copy):
            self.files |= {each.name for each in node.args.get("files") or ()}

    def _table(self, node: Any, known: frozenset[str]) -> None:
        if self._reader.is_function(node):
            self.files |= {
                each.name
                for each in node.this.find_all(exp.Literal)
                if each.is_string
                and re.search(r"[./]", each.name)
                and each.find_ancestor(exp.EQ, exp.PropertyEQ, exp.Kwarg) is None
            }
            return
        name = self._reader.logical(node)
        if node.this.args.get("quoted") and re.search(r"[./]", node.this.name):
            self.files.add(node.this.name)
        elif name and not (name.lower() in known and not node.args.get("db")):
            self.read.add(name)


def _target(node: Any) -> Any:
    """What a statement writes to, which it does not read."""
    writes = exp.Create, exp.Insert, exp.Drop, exp.Alter, exp.Use
    return node.this if isinstance(node, writes) and isinstance(node.this, exp.Expression) else None


def _names_table(node: Any) -> bool:
    parent, key = node.parent, node.arg_key
    if isinstance(parent, exp.Table):
        return not re.search(r"[./]", node.this)  # else it is a file
    if isinstance(parent, exp.TableAlias):
        return bool(key == "this")
    return isinstance(parent, exp.Column) and key != "this"


def _spelled(tokens: Sequence[Token]) -> Iterator[str]:
    for each in tokens:
        if each.token_type in _AS_WRITTEN:
            yield each.text.lower()
        elif _is_word(each):
            yield from each.text.lower().split()


def _is_word(token: Token) -> bool:
    return any(each.isalnum() for each in token.text)


def _parts(schema: str | None) -> tuple[str, ...]:
    return tuple(schema.lower().split(".")) if schema else ()
