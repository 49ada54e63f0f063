"""Text to tokens: small functions of our own, and byte pair encoding where it is asked for."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

from crosstie.errors import MissingExtra

TokenizerName = Literal[
    "word",
    "space",
    "space_punct",
    "character",
    "characters",
    "comma",
    "underscore",
    "untokenized",
    "ngram",
    "bpe",
    "pretrained",
]
Tokenize = Callable[[str], list[str]]

# Chinese and Japanese signs stand for themselves: no spaces part their words.
_SIGNS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_WORD = re.compile(rf"[{_SIGNS}]|[^\W{_SIGNS}]+(?:['\u2019][^\W{_SIGNS}]+)*|[^\w\s]")
_SPACE_PUNCT = re.compile(r"\w+|[^\w\s]")
_COMMA = re.compile(r"\s*,\s*")
_UNDERSCORE = re.compile(r"\s*_\s*")

TOKENIZERS: dict[str, Tokenize] = {
    "word": _WORD.findall,
    "space": str.split,
    "ngram": str.split,
    "space_punct": _SPACE_PUNCT.findall,
    "character": list,
    "characters": list,
    "comma": lambda text: [each for each in _COMMA.split(text.strip()) if each],
    "underscore": lambda text: [each for each in _UNDERSCORE.split(text.strip()) if each],
    "untokenized": lambda text: [text] if text else [],
    "bpe": _WORD.findall,  # the words that byte pairs are learned from
}


def normalise(text: str, *, lowercase: bool) -> str:
    """One spelling for what looks the same: composed letters, and small ones if asked."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return text.lower() if lowercase else text


def with_ngrams(tokens: list[str], size: int) -> list[str]:
    """The tokens, then every pair of neighbours, then every triple, up to `size`.

    Examples:
        >>> with_ngrams(["not", "so", "good"], 2)
        ['not', 'so', 'good', 'not so', 'so good']
    """
    found = list(tokens)
    for n in range(2, size + 1):
        found.extend(map(" ".join, zip(*(tokens[i:] for i in range(n)), strict=False)))
    return found


class BytePairs:
    """A byte pair encoding (Sennrich et al., 2016): frequent strings of letters become tokens.

    Args:
        text: What `str(BytePairs)` gave, the tokenizer's own JSON.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokenizer = _library().Tokenizer.from_str(text)
        self.size: int = self._tokenizer.get_vocab_size()

    @classmethod
    def train(cls, words: Iterable[tuple[str, int]], *, size: int) -> "BytePairs":
        """Learn at most `size` tokens from words and how often each was seen.

        Id 0 is padding, 1 unknown.
        """
        library = _library()
        tokenizer = library.Tokenizer(library.models.BPE(unk_token="[UNK]"))  # noqa: S106 - no secret
        tokenizer.pre_tokenizer = library.pre_tokenizers.Metaspace()
        trainer = library.trainers.BpeTrainer(
            vocab_size=size, special_tokens=["[PAD]", "[UNK]"], show_progress=False
        )
        tokenizer.train_from_iterator(_repeated(words), trainer=trainer)
        return cls(tokenizer.to_str())

    def ids(self, texts: list[str]) -> list[list[int]]:
        """Token ids of every text, from texts whose words stand apart."""
        return [
            each.ids for each in self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        ]

    def spellings(self) -> list[str]:
        """The texts of all tokens but padding and unknown."""
        found = (self._tokenizer.id_to_token(i) for i in range(2, self.size))
        return [each.replace("\u2581", " ").strip() or "a" for each in found] or ["a"]


def _repeated(words: Iterable[tuple[str, int]]) -> Iterator[str]:
    for word, count in words:
        for start in range(0, count, 1000):
            yield f"{word} " * min(1000, count - start)


def _library() -> Any:
    try:
        import tokenizers  # 30 ms
    except ImportError as error:
        raise MissingExtra("tokenizers", "text", needed_for="tokenizer: bpe") from error
    return tokenizers
