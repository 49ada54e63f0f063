"""What moved between two builds, in words and as lines."""

import difflib
from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    """Something that is not what it was.

    Attributes:
        name: Which: `helpers/text.py:strip`, a setting, an upstream table, a package.
        before: What it was: source, JSON, a digest, a version; None if there was none.
        after: What it is; None if it is gone.
        line: Where it stands in its file; 0 if that says nothing.
    """

    name: str
    before: str | None
    after: str | None
    line: int = 0

    def __str__(self) -> str:
        if self.before is None:
            return f"{self.name} is new"
        if self.after is None:
            return f"{self.name} is gone"
        if "\n" in self.before + self.after or len(self.before) + len(self.after) > 100:
            return f"{self.name} changed"
        return f"{self.name}: {self.before} → {self.after}"

    def diff(self) -> list[str]:
        r"""The lines that changed, as `diff -u` shows them, without its heading.

        Examples:
            >>> Change("steps/10_a.sql", "select 1\nfrom t", "select 2\nfrom t").diff()
            ['-select 1', '+select 2', ' from t']
        """
        before, after = (self.before or "").splitlines(), (self.after or "").splitlines()
        lines = difflib.unified_diff(before, after, lineterm="", n=3)
        return [each for each in lines if not each.startswith(("---", "+++", "@@"))]
