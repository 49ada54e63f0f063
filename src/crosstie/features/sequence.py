"""Sequences: tokens in an order that matters, such as clicks, amino acids or log events; predicted, a tag for each."""

from collections.abc import Mapping
from collections.abc import Sequence as Many
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from crosstie.config.words import LocalFolder
from crosstie.data.column import Column
from crosstie.data.profile import ColumnProfile
from crosstie.errors import ConfigError, DataError, Problem
from crosstie.features.feature import Arrays, Defaults, State, feature_types
from crosstie.features.fills import FILLS
from crosstie.features.item_feature import ItemFeature
from crosstie.features.items import Items, SplitName, cells
from crosstie.features.letters import Letters
from crosstie.features.output_feature import OutputFeature
from crosstie.features.vocabulary import padded
from crosstie.features.word_pieces import WordPieces, beside_pieces

PADDING, UNSEEN = -1, -2  # of a target
WIDE = 16  # numbers a row, in every row, from which on they are amounts and no ids in a row
REPEATING = 0.05  # share of lists with an item twice from which on order is taken to matter


@feature_types("sequence")
class Sequence(ItemFeature, OutputFeature):
    """Tokens in order: int32 ids `[rows, length]`, 0 padding, 1 unknown.

    As an output one tag for each token of an input: int32 codes `[rows, length]` in natural order of the tags, -1
    after a row's end, -2 for a tag that training rows lack. The length is the input's.

    Args:
        name: What the file calls the feature.
        column: The column of the table; None for the one of the same name.
        missing_value_strategy: What stands in for a missing cell: the tokens of `fill_value`, or nothing (the
            row is left out).
        fill_value: The cell for `fill_with_const`; empty means a row of padding.
        tokenizer: What stands between tokens; `auto` is white space or commas. A JSON list is read as one
            whatever this says.
        separator: Any other text between tokens; takes the place of `tokenizer`.
        lowercase: Whether `A` and `a` are one token.
        most_common: Keep at most so many tokens.
        min_frequency: Keep tokens seen at least so often; None is 2 from 100 rows on, else 1.
        max_sequence_length: Cut rows to so many tokens at most; the length is the least multiple of 8 that
            holds 99 in 100 training rows, if that is less.
        sequence_length: Exactly this length instead.
        characters: Beside each token give its letters, for an encoder that reads them; `characters: true` of the
            encoder sets it.
        pieces: Read each token as the pieces of a published model's own tokenizer: a folder, an installed package that
            carries weights, or a name of the hub. `encoder: pretrained` sets it.
        pieces_revision: The hub's commit, tag or branch.
    """

    type = "sequence"
    covered = 0.99
    defaults = Defaults("embed", "tagger", "sequence_softmax_cross_entropy", "f1")
    input_only = (
        "max_sequence_length",
        "sequence_length",
        "fill_value",
        "characters",
        "pieces",
        "pieces_revision",
    )
    folders = ("pieces",)

    def __init__(
        self,
        name: str,
        *,
        column: str | None = None,
        missing_value_strategy: Annotated[
            Literal["fill_with_const", "drop_row"], FILLS
        ] = "fill_with_const",
        fill_value: str = "",
        tokenizer: SplitName = "auto",
        separator: str | None = None,
        lowercase: bool = False,
        most_common: Annotated[int, Ge(1)] = 20_000,
        min_frequency: Annotated[int, Ge(1)] | None = None,
        max_sequence_length: Annotated[int, Ge(1)] = 256,
        sequence_length: Annotated[int, Ge(1)] | None = None,
        characters: bool = False,
        pieces: Annotated[str | None, LocalFolder()] = None,
        pieces_revision: str | None = None,
    ) -> None:
        if pieces is not None and (
            problems := beside_pieces(
                name,
                {
                    "most_common": (most_common, 20_000),
                    "min_frequency": (min_frequency, None),
                    "characters": (characters, False),
                },
            )
        ):
            raise ConfigError(problems)
        self.name = name
        self.column = column or name
        self.missing_value_strategy = missing_value_strategy
        self.fill_value = fill_value
        self.tokenizer = tokenizer
        self.separator = separator
        self.lowercase = lowercase
        self.most_common = most_common
        self.min_frequency = min_frequency
        self.max_sequence_length = max_sequence_length
        self.sequence_length = sequence_length
        self.characters = characters
        self.pieces = pieces
        self.pieces_revision = pieces_revision
        self.letters_ = Letters()
        self.pieces_: WordPieces | None = None
        self._items = Items(
            tokenizer, separator, lowercase=lowercase, bound=max_sequence_length, plain=True
        )

    @classmethod
    def affinity(cls, profile: ColumnProfile) -> float:
        """Order shows in lists that hold an item twice: a set would lose it. Measurements repeat too."""
        ordered = profile.lists > 0.9 and profile.repeating > REPEATING
        measured = profile.series > 0.95 or (profile.vectors > 0.95 and profile.width >= WIDE)
        return 0.9 if ordered and not measured else 0.05 * profile.lists

    @classmethod
    def because(cls, profile: ColumnProfile) -> str:
        return "its cells are lists that hold items more than once"

    def finish(self) -> None:
        if not self.predicted:
            super().finish()
            self.letters_.finish()
            if self.pieces is not None:
                self._published().finish(share=1.0 if self.whole else self.covered)
                self._items.forget()
            return
        self._items.finish(
            most_common=self.most_common, min_frequency=self.min_frequency or 1, share=1.0
        )
        if len(self.labels) < 2:
            found = f"only one tag, {self.labels[0]!r}" if self.labels else "no tag"
            raise DataError(
                Problem(
                    self.column,
                    f"training rows hold {found}, so there is nothing to learn. "
                    "Give training rows that have several.",
                )
            )

    def align(self, length: int) -> None:
        """Take the length of the input that it has a tag for each token of."""
        self._items.length_ = length

    def encode(self, column: Column) -> NDArray[np.int32]:
        rows = self._items.lists(cells(column, self.fill_value))
        if self.pieces_ is not None:
            return self.pieces_.encode([row[: self.width] for row in rows])
        ids = padded([self._items.vocabulary_.ids(row[: self.width]) for row in rows], self.width)
        return self.letters_.beside(ids, rows) if self.characters else ids

    def observe(self, column: Column) -> None:
        super().observe(column)
        if self.characters:
            self.letters_.observe(self.tokens(column))
        if self.pieces is not None:
            self._published().observe(self.tokens(column))

    def merge(self, other: Self) -> None:
        super().merge(other)
        self.letters_.merge(other.letters_)
        if self.pieces is not None:
            self._published().merge(other._published())

    def continued(self, earlier: Self) -> Self | None:
        """Tags are those that the training rows hold; words and letters go behind the earlier ones."""
        if self.predicted:
            return None
        if self.characters:
            self.letters_.continue_from(earlier.letters_)
        if self.pieces_ and not (earlier.pieces_ and self.pieces_.continued(earlier.pieces_)):
            return None
        return super().continued(earlier)

    @property
    def letters(self) -> tuple[int, int]:
        return (self.letters_.size, self.letters_.length_) if self.characters else (0, 0)

    @property
    def codes(self) -> int:
        return self.pieces_.tokens.size if self.pieces_ else super().codes

    @property
    def places(self) -> int:
        return self.pieces_.length_ if self.pieces_ else 0

    def read(self, rows: Many[Many[str]]) -> list[int]:
        cut = [row[: self.width] for row in rows]
        return self.pieces_.read(cut) if self.pieces_ else [len(row) for row in cut]

    @property
    def requires(self) -> tuple[str, ...]:
        return ("tokenizers",) if self.pieces is not None else ()

    def example(self, rng: np.random.Generator, n: int) -> list[Any]:
        if self.pieces_ is None:
            return super().example(rng, n)
        words, sizes = self.pieces_.tokens.spellings(), rng.integers(1, min(self.width, 8) + 1, n)
        return [
            self._items.joined(words[i] for i in rng.integers(len(words), size=k)) for k in sizes
        ]

    def _published(self) -> WordPieces:
        """The published tokenizer, read once."""
        if self.pieces_ is None:
            self.pieces_ = WordPieces.published(
                str(self.pieces), self.pieces_revision, self.most_words
            )
        return self.pieces_

    @property
    def most_words(self) -> int:
        """Of a row."""
        return self.sequence_length or self.max_sequence_length

    @property
    def width(self) -> int:
        if self.predicted:
            return self._items.length_
        usual = min(-(-self._items.length_ // 8) * 8, self.max_sequence_length)
        return self.sequence_length or usual

    def state(self) -> tuple[State, Arrays]:
        state, arrays = super().state()
        state |= {"source": self.source, "aligned": self.aligned}
        if self.characters:
            state["letters"] = self.letters_.state()
        if self.pieces_:
            state["pieces"] = self.pieces_.state()
            state["options"]["pieces"] = Path(str(self.pieces)).name  # a model holds no paths
        return state, arrays

    @classmethod
    def from_state(
        cls, name: str, state: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> Self:
        feature = super().from_state(name, state, arrays)
        feature.source, feature.aligned = state["source"], state["aligned"]
        if feature.characters:
            feature.letters_.restore(state["letters"])
        if feature.pieces is not None:
            feature.pieces_ = WordPieces.from_state(state["pieces"], feature.most_words)
        return feature

    @property
    def fills(self) -> bool:
        """Never: no tags could stand for those of another row."""
        return False

    @property
    def size(self) -> int:
        return len(self.labels)

    @property
    def length(self) -> int:
        return self.width

    @property
    def labels(self) -> tuple[str, ...]:
        return self._items.vocabulary_.natural

    @property
    def prior(self) -> tuple[float, ...]:
        """The share of each tag among all tokens of the training rows."""
        counts = dict(zip(self._items.vocabulary_.tokens, self._items.counts_, strict=True))
        return tuple(counts[label] / max(sum(counts.values()), 1) for label in self.labels)

    def encode_target(self, column: Column) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        return self.encode_target_beside(column, None)

    def encode_target_beside(
        self, column: Column, tokens: Many[Many[str]] | None
    ) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """Tags of tokens that are not read are cut; a row without any is not usable."""
        known = {label: place for place, label in enumerate(self.labels)}
        rows = self.tokens(column)
        ends = self._ends(tokens) or [self.length] * len(rows)
        target = np.full((len(rows), self.length), PADDING, np.int32)
        for place, tags in enumerate(rows):
            codes = [known.get(tag, UNSEEN) for tag in tags[: ends[place]]]
            target[place, : len(codes)] = codes
        return target, column.valid & (target[:, 0] != PADDING)

    def decode(
        self,
        raw: NDArray[np.float32],
        *,
        threshold: float | Many[float] = 0.5,
        tokens: Many[Many[str]] | None = None,
    ) -> dict[str, Any]:
        """A tag and its probability for each token; None for tokens that were not read."""
        labels, codes, most = np.array(self.labels, object), raw.argmax(2), raw.max(2)
        ends = [self.length] * len(raw) if tokens is None else [len(row) for row in tokens]
        reads = self._ends(tokens) or ends
        found: list[list[str | None]] = []
        sure: list[list[float | None]] = []
        for row, (chosen, probability) in enumerate(zip(codes, most, strict=True)):
            read = min(reads[row], self.length)
            rest = [None] * (ends[row] - read)
            found.append([*labels[chosen[:read]].tolist(), *rest])
            sure.append([*np.asarray(probability[:read], np.float64).tolist(), *rest])
        return {"prediction": found, "probability": sure}

    def _ends(self, tokens: Many[Many[str]] | None) -> list[int] | None:
        """How many tokens of each row are read; None where that cannot be told."""
        return None if tokens is None or self.reader is None else self.reader.read(tokens)
