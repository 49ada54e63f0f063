"""`:name` in SQL: where a colon begins a parameter, and where it is of a slice, a struct or an alias."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any


def parameters(tokens: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    """The parameters among the tokens of a statement: of each, its colon and its name.

    A colon behind what ends an expression is none of a parameter's, as in `x[1:n]`, `{'a':n}` and `a:b`.

    Args:
        tokens: As sqlglot tells them apart.
    """
    from sqlglot import TokenType  # 60 ms

    ends = {
        TokenType.NUMBER,
        TokenType.STRING,
        TokenType.IDENTIFIER,
        TokenType.R_PAREN,
        TokenType.R_BRACKET,
        TokenType.R_BRACE,
    }
    brackets: list[str] = []
    before: Any = None
    for token, following in pairwise(tokens):
        if token.text in {"[", "{", "("}:
            brackets.append(token.text)
        elif token.text in {"]", "}", ")"} and brackets:
            brackets.pop()
        named = following.start == token.end + 1 and following.text.isidentifier()
        if token.token_type == TokenType.COLON and named:
            word = before is not None and before.text.isidentifier()
            beside = word and before.end + 1 == token.start
            inside = word and before.token_type == TokenType.VAR and brackets[-1:] in (["["], ["{"])
            if before is None or not (before.token_type in ends or beside or inside):
                yield token, following
        before = token
