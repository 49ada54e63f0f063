"""Text as the tokens of a published model, by its own tokenizer.json and without the library it was made with."""

import json
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from crosstie.errors import MissingExtra

KNOWN = 100_000  # words whose pieces are kept
NAMES = ("[UNK]", "<unk>")  # of an unknown piece, where the model itself names none


class PublishedTokens:
    """A tokenizer. Ids are the model's plus 1, so that 0 is padding here as everywhere.

    Args:
        text: The tokenizer's own JSON.
        limit: The most tokens of a text that the model can read.

    Attributes:
        before: The model's ids of the marks that stand before a text.
        after: Likewise, after it.
    """

    def __init__(self, text: str, limit: int) -> None:
        self.text = text
        self.limit = limit
        self._tokenizer = _library().Tokenizer.from_str(text)
        self._tokenizer.no_padding()
        self.size: int = 2 + max(self._tokenizer.get_vocab(with_added_tokens=True).values())
        self._marks = int(self._tokenizer.num_special_tokens_to_add(is_pair=False))
        self._known: dict[str, tuple[int, ...]] = {}

    def ids(self, texts: Sequence[str], length: int) -> list[list[int]]:
        """Ids of every text, cut to `length` with the marks of beginning and end kept."""
        self._tokenizer.enable_truncation(max(length, self._marks + 1))
        found = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=True)
        return [[each + 1 for each in row.ids[:length]] for row in found]

    def pieces(self, words: Sequence[str]) -> list[tuple[int, ...]]:
        """The model's ids of each word, as it is read behind a space: one at least, however it is written."""
        known = self._known
        new = [each for each in dict.fromkeys(words) if each not in known]
        if new:
            if len(known) + len(new) > KNOWN:
                known = self._known = {}
                new = list(dict.fromkeys(words))
            rows = self._apart.encode_batch_fast(
                [[each] for each in new], is_pretokenized=True, add_special_tokens=False
            )
            # a word of nothing but signs that are passed over still has its place in the row
            known |= {
                word: tuple(row.ids) or (self._unknown,)
                for word, row in zip(new, rows, strict=True)
            }
        return [known[each] for each in words]

    @property
    def before(self) -> tuple[int, ...]:
        return self._around[0]

    @property
    def after(self) -> tuple[int, ...]:
        return self._around[1]

    def spellings(self) -> list[str]:
        """Up to 1,000 tokens that are words."""
        vocabulary = self._tokenizer.get_vocab(with_added_tokens=False)
        words = sorted(each for each in vocabulary if each.isalpha() and each.isascii())
        return words[:1000] or ["a"]

    @cached_property
    def _apart(self) -> Any:
        """The tokenizer of words that stand alone: one of bytes is to see the space before each."""
        said = json.loads(self.text)
        _spaced(said.get("pre_tokenizer"))
        found = _library().Tokenizer.from_str(json.dumps(said))
        found.no_padding()
        found.no_truncation()
        return found

    @cached_property
    def _around(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        row = self._apart.encode("a", add_special_tokens=True)
        own = [place for place, mark in enumerate(row.special_tokens_mask) if not mark]
        if not own:
            return tuple(row.ids), ()
        return tuple(row.ids[: own[0]]), tuple(row.ids[own[-1] + 1 :])

    @cached_property
    def _unknown(self) -> int:
        """What a word without pieces is read as."""
        said = json.loads(self.text)["model"]
        if isinstance(said.get("unk_id"), int):
            return int(said["unk_id"])
        for name in (said.get("unk_token"), *NAMES):
            found = None if name is None else self._tokenizer.token_to_id(name)
            if found is not None:
                return int(found)
        return next(iter((*self.before, *self.after)), 0)


def _spaced(part: Any) -> None:
    """Let byte pairs, wherever they are in a tokenizer's JSON, read a word as if a space stood before it."""
    if isinstance(part, dict):
        if part.get("type") == "ByteLevel":
            part["add_prefix_space"] = True
        for each in part.get("pretokenizers") or ():
            _spaced(each)


def _library() -> Any:
    try:
        import tokenizers  # 30 ms
    except ImportError as error:
        raise MissingExtra("tokenizers", "text", needed_for="a published tokenizer") from error
    return tokenizers
