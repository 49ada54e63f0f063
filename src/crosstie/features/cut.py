"""How cells of text are cut into tokens, and tokens make a text again."""

from collections.abc import Sequence

from crosstie.data.column import Column
from crosstie.features.items import cells
from crosstie.features.spacing import Spacing
from crosstie.features.tokenizers import TOKENIZERS, TokenizerName, normalise, with_ngrams

BETWEEN = {"character": "", "characters": "", "comma": ", ", "underscore": "_"}


class Cut:
    """A way to cut; nothing of it is learned.

    Args:
        tokenizer: Its name.
        lowercase: Whether `Yes` and `yes` are one token.
        ngram_size: Neighbours up to so many are tokens, too; None is as the tokenizer has it.
        apart: Cut before letters are made small, so that each token has its own letters.
        fill_value: The text of a missing cell.
    """

    def __init__(
        self,
        tokenizer: TokenizerName,
        *,
        lowercase: bool,
        ngram_size: int | None,
        apart: bool,
        fill_value: str,
    ) -> None:
        self.tokenizer = tokenizer
        self.lowercase = lowercase
        self.ngram_size = ngram_size or (2 if tokenizer == "ngram" else 1)
        self.apart = apart
        self.fill_value = fill_value

    @property
    def between(self) -> str:
        """What parts tokens in a text."""
        return BETWEEN.get(self.tokenizer, " ")

    def texts(self, column: Column) -> list[str]:
        """The cells as they are cut."""
        return [
            normalise(text, lowercase=self.lowercase) for text in cells(column, self.fill_value)
        ]

    def tokens(self, column: Column) -> list[list[str]]:
        """The tokens of every cell."""
        if self.apart:
            return self.small(self.cased(column))
        rows = [TOKENIZERS[self.tokenizer](text) for text in self.texts(column)]
        return [with_ngrams(row, self.ngram_size) for row in rows] if self.ngram_size > 1 else rows

    def cased(self, column: Column) -> list[list[str]]:
        """The tokens with their capital letters."""
        tokenize = TOKENIZERS[self.tokenizer]
        return [
            tokenize(normalise(text, lowercase=False)) for text in cells(column, self.fill_value)
        ]

    def spellings(self, column: Column) -> list[list[str]]:
        """The tokens with their capital letters where these are as many as `tokens`, which they stand beside."""
        found = self.tokens(column)
        if not self.lowercase:
            return found
        # a few letters become two when they are made small, and tokens may part there
        return [
            row if len(row) == len(small) else small
            for row, small in zip(self.cased(column), found, strict=True)
        ]

    def small(self, rows: Sequence[Sequence[str]]) -> list[list[str]]:
        """Tokens that came from elsewhere, in small letters if these are."""
        return [[each.lower() if self.lowercase else each for each in row] for row in rows]

    def joined(self, tokens: Sequence[str], spacing: Spacing) -> str:
        """The text of some tokens; where no character parts them, `spacing` knows what stands apart."""
        if self.tokenizer in ("word", "space_punct"):
            return spacing.joined(tokens)
        return self.between.join(tokens)
