"""Options of a text that do not go together: most belong to some tokenizers and not to others."""

from collections.abc import Mapping
from typing import Any

from crosstie.errors import ConfigError, Problem
from crosstie.features.word_pieces import beside_pieces


def check_tokenizer(
    name: str,
    tokenizer: str,
    *,
    tokenizer_model: str | None,
    tokenizer_revision: str | None,
    lowercase: bool,
    ngram_size: int | None,
    most_common: int,
    min_frequency: int | None,
    characters: bool,
    pieces: str | None,
) -> None:
    """See that the options of a text, as `Text` has them, go with its tokenizer.

    Raises:
        ConfigError: They do not.
    """
    if pieces is not None and (
        problems := beside_pieces(
            name,
            {
                "lowercase": (lowercase, True),
                "most_common": (most_common, 20_000),
                "min_frequency": (min_frequency, None),
                "characters": (characters, False),
            },
        )
    ):
        raise ConfigError(problems)
    if tokenizer == "bpe" and (ngram_size or 1) > 1:
        raise ConfigError(
            Problem(
                f"{name}.preprocessing.ngram_size",
                f"byte pairs have no n-grams, got {ngram_size}. Take it out, or use tokenizer: word.",
            )
        )
    if problems := _beside_published(
        name,
        tokenizer,
        {"tokenizer_model": tokenizer_model, "tokenizer_revision": tokenizer_revision},
        {
            "lowercase": (lowercase, True),
            "ngram_size": (ngram_size, None),
            "most_common": (most_common, 20_000),
            "min_frequency": (min_frequency, None),
        },
    ):
        raise ConfigError(problems)
    if characters and (tokenizer in ("bpe", "ngram", "pretrained") or (ngram_size or 1) > 1):
        raise ConfigError(
            Problem(
                f"{name}.preprocessing.characters",
                "byte pairs and n-grams have no letters of their own. Take another tokenizer, "
                "or leave characters out.",
            )
        )


def _beside_published(
    name: str,
    tokenizer: str,
    wanted: Mapping[str, Any],
    idle: Mapping[str, tuple[Any, Any]],
) -> list[Problem]:
    """What a published tokenizer needs and lacks, or does not read; idle options are (value, default)."""
    where = f"{name}.preprocessing"
    if tokenizer != "pretrained":
        return [
            Problem(f"{where}.{key}", f"is read with `tokenizer: pretrained` only, got {value!r}")
            for key, value in wanted.items()
            if value is not None
        ]
    problems = [
        Problem(
            f"{where}.{key}",
            f"the published tokenizer decides this by itself, got {value!r}. Take it out.",
        )
        for key, (value, default) in idle.items()
        if value != default
    ]
    if not wanted["tokenizer_model"]:
        problems.append(
            Problem(
                f"{where}.tokenizer_model",
                "say whose tokenizer: a folder, an installed package, or a name of the hub",
            )
        )
    return problems
