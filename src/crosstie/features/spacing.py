"""Between which tokens of a text no space stands, learned from texts, so that tokens can be written as one.

Words part from each other; how a sign stands (`£20`, `city, near`, `five-star`) is what most of the training
rows do with it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

_WORD = re.compile(
    r"[^\W\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]"
)  # Chinese and Japanese signs part nothing


class Spacing:
    """How signs stand.

    Attributes:
        left: Signs that follow what is before them without a space.
        right: Signs that what comes after follows without a space.

    Examples:
        >>> spacing = Spacing()
        >>> spacing.observe([("Fine, £20.", ["Fine", ",", "£", "20", "."])])
        >>> spacing.finish()
        >>> spacing.joined(["Cheap", ",", "£", "5", "."])
        'Cheap, £5.'
    """

    def __init__(self) -> None:
        self.left: frozenset[str] = frozenset()
        self.right: frozenset[str] = frozenset()
        self._glued: tuple[Counter[str], Counter[str]] = (Counter(), Counter())

    def observe(self, rows: Iterable[tuple[str, Sequence[str]]]) -> None:
        """Learn from texts and their tokens: each sign counts one up or one down on either side."""
        left, right = self._glued
        for text, tokens in rows:
            end, before = 0, ""
            for token in tokens:
                start = text.find(token, end)
                if (
                    start < 0
                ):  # a token that is not written so: nothing to learn from this row's rest
                    break
                glued = 1 if start == end else -1
                if before and not _WORD.match(token):
                    left[token] += glued
                if before and not _WORD.match(before):
                    right[before] += glued
                end, before = start + len(token), token

    def merge(self, other: Self) -> None:
        """Take over what `other` has observed."""
        for mine, its in zip(self._glued, other._glued, strict=True):
            mine.update(its)

    def finish(self) -> None:
        """Settle how each sign stands."""
        self.left, self.right = (
            frozenset(token for token, count in counts.items() if count > 0)
            for counts in self._glued
        )
        self._glued = (Counter(), Counter())

    def joined(self, tokens: Sequence[str]) -> str:
        """One text."""
        found: list[str] = []
        before = ""
        for token in tokens:
            if before and token not in self.left and before not in self.right:
                found.append(" ")
            found.append(token)
            before = token
        return "".join(found)

    def state(self) -> dict[str, list[str]]:
        """What JSON holds."""
        return {"left": sorted(self.left), "right": sorted(self.right)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Become what `state` came from."""
        self.left, self.right = frozenset(state["left"]), frozenset(state["right"])
