"""Text as the tokens of a published model, by its own tokenizer.json and without the library it was made with."""

from collections.abc import Sequence
from typing import Any

from crosstie.errors import MissingExtra


class PublishedTokens:
    """A tokenizer. Ids are the model's plus 1, so that 0 is padding here as everywhere.

    Args:
        text: The tokenizer's own JSON.
        limit: The most tokens of a text that the model can read.
    """

    def __init__(self, text: str, limit: int) -> None:
        self.text = text
        self.limit = limit
        self._tokenizer = _library().Tokenizer.from_str(text)
        self._tokenizer.no_padding()
        self.size: int = 2 + max(self._tokenizer.get_vocab(with_added_tokens=True).values())
        self._marks = int(self._tokenizer.num_special_tokens_to_add(is_pair=False))

    def ids(self, texts: Sequence[str], length: int) -> list[list[int]]:
        """Ids of every text, cut to `length` with the marks of beginning and end kept."""
        self._tokenizer.enable_truncation(max(length, self._marks + 1))
        found = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=True)
        return [[each + 1 for each in row.ids[:length]] for row in found]

    def spellings(self) -> list[str]:
        """Up to 1,000 tokens that are words."""
        vocabulary = self._tokenizer.get_vocab(with_added_tokens=False)
        words = sorted(each for each in vocabulary if each.isalpha() and each.isascii())
        return words[:1000] or ["a"]


def _library() -> Any:
    try:
        import tokenizers  # 30 ms
    except ImportError as error:
        raise MissingExtra("tokenizers", "text", needed_for="a published tokenizer") from error
    return tokenizers
