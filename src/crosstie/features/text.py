"""Text: words (or letters, or byte pairs) as token ids, cut to the length that nearly all rows have; or written."""

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from crosstie.config.words import Alias, Elsewhere, LocalFolder
from crosstie.data.column import Column
from crosstie.data.profile import ColumnProfile
from crosstie.data.published import find
from crosstie.errors import ConfigError, DataError, Problem
from crosstie.features import writing
from crosstie.features.cut import Cut
from crosstie.features.feature import Arrays, Defaults, State, feature_types
from crosstie.features.fills import FILLS
from crosstie.features.items import cells
from crosstie.features.letters import Letters
from crosstie.features.levels import ROOM, LevelCounts
from crosstie.features.output_feature import OutputFeature
from crosstie.features.published_tokens import PublishedTokens
from crosstie.features.spacing import Spacing
from crosstie.features.tokenizer_options import check_tokenizer
from crosstie.features.tokenizers import BytePairs, TokenizerName
from crosstie.features.vocabulary import Lengths, Vocabulary, nothing_known, padded
from crosstie.features.word_pieces import WordPieces


@feature_types("text")
class Text(OutputFeature):
    """Free text: int32 token ids `[rows, length]`, 0 padding, 1 unknown.

    As an output it is written token by token: ids as in `writing`, as many places as the longest training row has
    tokens, and one for the end.

    Args:
        name: What the file calls the feature.
        column: The column of the table; None for the one of the same name.
        missing_value_strategy: What stands in for a missing cell: the text `fill_value`, or nothing (the row
            is left out).
        fill_value: The text for `fill_with_const`; empty means a row of padding.
        tokenizer: `word` (words and signs apart, `don't` whole), `space`, `space_punct`, `character`,
            `characters` (the same), `comma`, `underscore`, `untokenized`, `ngram` (`space` with `ngram_size`
            2), `bpe` (byte pairs learned from the training rows), or `pretrained` (that of a published model,
            which `encoder: pretrained` sets by itself).
        tokenizer_model: With `pretrained`: a folder, an installed package that carries weights, or a name of the hub.
        tokenizer_revision: The hub's commit, tag or branch.
        lowercase: Whether `Yes` and `yes` are one token; a published tokenizer knows by itself.
        ngram_size: After a row's tokens come its pairs, triples … of neighbours up to this size, for encoders
            that do not see order. None is 1, or 2 with the tokenizer `ngram`. Not with `bpe`.
        most_common: Keep at most so many tokens; with `bpe` learn at most so many.
        min_frequency: Keep tokens seen at least so often; None is 2 from 100 rows on, else 1.
        max_sequence_length: Cut rows to so many tokens at most; the length is the least multiple of 8 that
            holds 99 in 100 training rows, if that is less.
        sequence_length: Exactly this length instead.
        characters: Beside each token give its letters, capital ones too, for an encoder that reads them;
            `characters: true` of the encoder sets it. Not with `bpe` or an `ngram_size`.
        pieces: Read each token as the pieces of a published model's own tokenizer: a folder, an installed package that
            carries weights, or a name of the hub. `encoder: pretrained` sets it where tokens are tagged.
        pieces_revision: The hub's commit, tag or branch.
    """

    type = "text"
    kind = "tokens"
    reads = "text"
    defaults = Defaults("embed", "generator", "sequence_softmax_cross_entropy", "bleu")
    input_only = (
        "fill_value",
        "tokenizer_model",
        "tokenizer_revision",
        "ngram_size",
        "sequence_length",
        "characters",
        "pieces",
        "pieces_revision",
    )
    folders = ("tokenizer_model", "pieces")
    usual: ClassVar[Mapping[str, Any]] = {"lowercase": False}

    def __init__(
        self,
        name: str,
        *,
        column: str | None = None,
        missing_value_strategy: Annotated[
            Literal["fill_with_const", "drop_row"], FILLS
        ] = "fill_with_const",
        fill_value: str = "",
        tokenizer: Annotated[
            TokenizerName, Elsewhere(values={"hf_tokenizer": "pretrained"})
        ] = "word",
        tokenizer_model: Annotated[
            str | None, LocalFolder(), Alias("pretrained_model_name_or_path")
        ] = None,
        tokenizer_revision: str | None = None,
        lowercase: bool = True,
        ngram_size: Annotated[int, Ge(1)] | None = None,
        most_common: Annotated[int, Ge(1)] = 20_000,
        min_frequency: Annotated[int, Ge(1)] | None = None,
        max_sequence_length: Annotated[int, Ge(1)] = 256,
        sequence_length: Annotated[int, Ge(1)] | None = None,
        characters: bool = False,
        pieces: Annotated[str | None, LocalFolder()] = None,
        pieces_revision: str | None = None,
    ) -> None:
        check_tokenizer(
            name,
            tokenizer,
            tokenizer_model=tokenizer_model,
            tokenizer_revision=tokenizer_revision,
            lowercase=lowercase,
            ngram_size=ngram_size,
            most_common=most_common,
            min_frequency=min_frequency,
            characters=characters,
            pieces=pieces,
        )
        self.name = name
        self.column = column or name
        self.missing_value_strategy = missing_value_strategy
        self.fill_value = fill_value
        self.tokenizer = tokenizer
        self.tokenizer_model = tokenizer_model
        self.tokenizer_revision = tokenizer_revision
        self.lowercase = lowercase
        self.ngram_size = ngram_size
        self.most_common = most_common
        self.min_frequency = min_frequency
        self.max_sequence_length = max_sequence_length
        self.sequence_length = sequence_length
        self.characters = characters
        self.pieces = pieces
        self.pieces_revision = pieces_revision
        self.pieces_: WordPieces | None = None
        self._cut = Cut(
            tokenizer,
            lowercase=lowercase and pieces is None,  # a published tokenizer knows what letters mean
            ngram_size=ngram_size,
            apart=characters or pieces is not None,
            fill_value=fill_value,
        )
        self.letters_ = Letters()
        self._counts = LevelCounts()
        self._lengths = Lengths(max_sequence_length)
        self.vocabulary_ = Vocabulary()
        self.pairs_: BytePairs | None = None
        self.published_: PublishedTokens | None = None
        self.length_ = sequence_length or 1
        self.spacing_ = Spacing()

    @classmethod
    def affinity(cls, profile: ColumnProfile) -> float:
        varied = profile.distinct / max(profile.present, 1)
        if max(profile.numbers, profile.dates, profile.lists) > 0.5 or profile.distinct <= 20:
            return 0.0
        if (profile.words >= 3 and varied >= 0.5) or (profile.words >= 8 and varied >= 0.05):
            return 0.8
        return 0.3

    @classmethod
    def because(cls, profile: ColumnProfile) -> str:
        return f"{profile.words:.0f} words a cell, {profile.distinct} different cells"

    @classmethod
    def because_predicted(cls, profile: ColumnProfile) -> str:
        return f"{cls.because(profile)}, to be written; say type: category if they are classes"

    def observe(self, column: Column) -> None:
        if self.tokenizer == "pretrained":
            self._lengths.add(self._published().ids(cells(column, self.fill_value), self._most))
            return
        rows = self._cut.tokens(column)
        self._lengths.add(rows)
        if self.pieces is not None:
            self._word_pieces().observe(rows)
            return
        self._counts.add(chain.from_iterable(rows), len(rows))
        if self.characters:
            self.letters_.observe(self._cut.cased(column))
        if self.predicted:
            self.spacing_.observe(zip(self._cut.texts(column), rows, strict=True))

    def merge(self, other: Self) -> None:
        self._counts.merge(other._counts)
        self._lengths.merge(other._lengths)
        self.letters_.merge(other.letters_)
        self.spacing_.merge(other.spacing_)
        if self.pieces is not None:
            self._word_pieces().merge(other._word_pieces())

    def finish(self) -> None:
        if self.predicted:
            self._finish_predicted()
            return
        if self.tokenizer == "pretrained":
            self._published()
        elif self.pieces is not None:
            self._word_pieces().finish(share=1.0 if self.whole else 0.99)
        elif self.tokenizer == "bpe":
            self.pairs_ = BytePairs.train(
                self._counts.kept(most_common=ROOM, min_frequency=1), size=self.most_common
            )
        else:
            kept = self._counts.kept(most_common=self.most_common, min_frequency=self.min_frequency)
            self.vocabulary_ = Vocabulary(token for token, _ in kept)
        self.length_ = self.sequence_length or self._usual_length()
        self.letters_.finish()
        self._counts, self._lengths = LevelCounts(), Lengths(1)

    def _finish_predicted(self) -> None:
        kept = self._counts.kept(most_common=self.most_common, min_frequency=self.min_frequency)
        if not kept:
            raise DataError(
                Problem(
                    self.column,
                    "training rows hold no token often enough to write it. Give more rows, or `min_frequency: 1`.",
                )
            )
        self.vocabulary_ = Vocabulary(token for token, _ in kept)
        self.length_ = self._lengths.covering(1.0) + 1  # the end takes a place
        self.spacing_.finish()
        self._counts, self._lengths = LevelCounts(), Lengths(1)

    @property
    def wanted(self) -> str:
        return "a text"

    def encode(self, column: Column) -> NDArray[np.int32]:
        if self.published_:
            texts = cells(column, self.fill_value)
            return padded(self.published_.ids(texts, self.width), self.width)
        rows = self._cut.tokens(column)
        if self.pieces_:
            return self.pieces_.encode([row[: self.width] for row in rows])
        if self.pairs_:
            return padded(self.pairs_.ids([" ".join(row) for row in rows]), self.width)
        ids = padded([self.vocabulary_.ids(row[: self.width]) for row in rows], self.width)
        return self.letters_.beside(ids, self._cut.cased(column)) if self.characters else ids

    def tokens(self, column: Column) -> list[list[str]]:
        return self._cut.tokens(column)

    def read(self, rows: Sequence[Sequence[str]]) -> list[int]:
        cut = [row[: self.width] for row in rows]
        return self.pieces_.read(cut) if self.pieces_ else [len(row) for row in cut]

    def spellings(self, column: Column) -> list[list[str]]:
        return self._cut.spellings(column)

    def unseen(self, column: Column, encoded: NDArray[Any]) -> int:
        return nothing_known(encoded)

    def state(self) -> tuple[State, Arrays]:
        fitted = {
            "length": self.length_,
            "tokens": list(self.vocabulary_.tokens),
            "pairs": self.pairs_.text if self.pairs_ else None,
            **({"letters": self.letters_.state()} if self.characters else {}),
        }
        if self.predicted:
            fitted |= {"spacing": self.spacing_.state(), "source": self.source}
            fitted |= {"copying": self.copying, "copies": self.copies}
        options = self.options()
        if self.published_:
            fitted["published"] = {"text": self.published_.text, "limit": self.published_.limit}
            options["tokenizer_model"] = Path(
                str(self.tokenizer_model)
            ).name  # a model holds no paths
        if self.pieces_:
            fitted["pieces"] = self.pieces_.state()
            options["pieces"] = Path(str(self.pieces)).name
        return {"options": options, "fitted": fitted}, {}

    @classmethod
    def from_state(
        cls, name: str, state: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> Self:
        feature, fitted = cls(name, **state["options"]), state["fitted"]
        feature.length_ = fitted["length"]
        if feature.characters:
            feature.letters_.restore(fitted["letters"])
        feature.vocabulary_ = Vocabulary(fitted["tokens"])
        feature.pairs_ = BytePairs(fitted["pairs"]) if fitted["pairs"] else None
        if published := fitted.get("published"):
            feature.published_ = PublishedTokens(published["text"], published["limit"])
        if feature.pieces is not None:
            feature.pieces_ = WordPieces.from_state(fitted["pieces"], feature.most_words)
        if "spacing" in fitted:
            feature.predicted = True
            feature.source = fitted["source"]
            feature.copying, feature.copies = fitted["copying"], fitted["copies"]
            feature.spacing_.restore(fitted["spacing"])
        return feature

    def example(self, rng: np.random.Generator, n: int) -> list[Any]:
        pieces = self.published_ or (self.pieces_ and self.pieces_.tokens) or self.pairs_
        tokens = pieces.spellings() if pieces else self.vocabulary_.tokens[:1000] or ("a",)
        between = self._cut.between
        sizes = rng.integers(3, 9, size=n)
        return [between.join(tokens[i] for i in rng.integers(len(tokens), size=k)) for k in sizes]

    @property
    def words(self) -> tuple[str, ...]:
        return self.vocabulary_.tokens

    def continued(self, earlier: Self) -> Self | None:
        if self.predicted:  # what is written means what it meant
            return super().continued(earlier)
        before, now = earlier.published_, self.published_
        if (before and before.text) != (now and now.text):
            return None
        if self.pieces_ and not (earlier.pieces_ and self.pieces_.continued(earlier.pieces_)):
            return None
        self.length_ = max(self.length_, earlier.length_)
        self.pairs_ = earlier.pairs_
        self.vocabulary_ = earlier.vocabulary_.extended(self.vocabulary_.tokens)
        if self.characters:
            self.letters_.continue_from(earlier.letters_)
        return self

    @property
    def letters(self) -> tuple[int, int]:
        return (self.letters_.size, self.letters_.length_) if self.characters else (0, 0)

    @property
    def codes(self) -> int:
        if self.pieces_:
            return self.pieces_.tokens.size
        return (self.published_ or self.pairs_ or self.vocabulary_).size

    @property
    def width(self) -> int:
        return self.length_

    @property
    def places(self) -> int:
        return self.pieces_.length_ if self.pieces_ else 0

    @property
    def requires(self) -> tuple[str, ...]:
        published = self.tokenizer in ("bpe", "pretrained") or self.pieces is not None
        return ("tokenizers",) if published else ()

    @property
    def most_words(self) -> int:
        """Of a row, where words are read as pieces."""
        return self.sequence_length or self.max_sequence_length

    def _word_pieces(self) -> WordPieces:
        """What splits words into the pieces of a published model, read once."""
        if self.pieces_ is None:
            self.pieces_ = WordPieces.published(
                str(self.pieces), self.pieces_revision, self.most_words
            )
        return self.pieces_

    def _published(self) -> PublishedTokens:
        """The published tokenizer, read once."""
        if self.published_ is None:
            found = find(str(self.tokenizer_model), self.tokenizer_revision)
            self.published_ = PublishedTokens(found.tokenizer(), found.tokens())
            if (self.sequence_length or 0) > self.published_.limit:
                raise ConfigError(
                    Problem(
                        f"{self.name}.preprocessing.sequence_length",
                        f"{self.tokenizer_model!r} reads at most {self.published_.limit} tokens, got {self.sequence_length}",
                    )
                )
        return self.published_

    @property
    def _most(self) -> int:
        """Tokens of a row at most."""
        limit = self.published_.limit if self.published_ else self.max_sequence_length
        return self.sequence_length or min(self.max_sequence_length, limit)

    @property
    def fills(self) -> bool:
        """Never: no text could stand for that of another row."""
        return False

    @property
    def size(self) -> int:
        """Ids that can be written, copies aside."""
        return self.vocabulary_.size

    @property
    def length(self) -> int:
        return self.length_ if self.predicted else 0

    def align(self, length: int) -> None:
        self.copies = length

    def encode_target(self, column: Column) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        return self.encode_target_beside(column, None)

    def encode_target_beside(
        self, column: Column, tokens: Sequence[Sequence[str]] | None
    ) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """A row without any token is not usable."""
        rows = self._cut.tokens(column)
        sources = self._cut.small(tokens) if self.copies and tokens is not None else None
        target = writing.targets(rows, self.vocabulary_, self.length, sources, self.copies)
        return target, column.valid & (target[:, 0] != writing.END)

    def truth(self, column: Column) -> NDArray[Any]:
        found: NDArray[Any] = np.empty(len(column), object)
        found[:] = self._cut.texts(column)
        return found

    def copied(self, tokens: Sequence[Sequence[str]]) -> NDArray[np.int32]:
        return writing.copied(self._cut.small(tokens), self.vocabulary_, self.copies)

    def decode(
        self,
        raw: NDArray[Any],
        *,
        threshold: float | Sequence[float] = 0.5,
        tokens: Sequence[Sequence[str]] | None = None,
    ) -> dict[str, Any]:
        """The text of each row of ids."""
        sources = None if tokens is None else self._cut.small(tokens)
        rows = writing.tokens(raw, self.vocabulary_, sources)
        return {"prediction": [self._cut.joined(row, self.spacing_) for row in rows]}

    def _usual_length(self) -> int:
        length: float = self._lengths.covering(1.0 if self.whole else 0.99)
        if self.pairs_:
            words = self._counts.kept(most_common=10_000, min_frequency=1)
            pieces = self.pairs_.ids([word for word, _ in words])
            total = sum(len(ids) * count for ids, (_, count) in zip(pieces, words, strict=True))
            length *= total / max(sum(count for _, count in words), 1)
        return min(-int(-length // 8) * 8, self._most)
