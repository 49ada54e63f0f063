"""Answers with what each column adds beside them: `POST /predict?explain`."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from crosstie.artifact.exchange import Exchange
from crosstie.data.table import Table
from crosstie.errors import ConfigError
from crosstie.serving.explain import Explanation, check_explained, made_background, sampled, seen
from crosstie.serving.http.answers import as_json, rows_of
from crosstie.serving.http.media import MEDIA, Form
from crosstie.serving.http.refused import Refused
from crosstie.serving.http.settings import Settings
from crosstie.serving.model import Model

PRIVATE = "(private)"  # columns whose names askers need not know, all together


def samples_of(asked: str, form: Form, settings: Settings) -> int:
    """How many pairs of orders are walked for each row.

    Args:
        asked: What stands behind `explain=`; "" asks for as many as there may be.
        form: What the answer is to be.
        settings: How many there may be.

    Raises:
        Refused: None is explained here (403), not with so many (400), or not in this form (406).
    """
    if not settings.explain_rows:
        raise Refused(
            403,
            "explanations are not served here. Leave out ?explain, or start the server with --explain-rows",
        )
    if form != "json":
        raise Refused(406, "explanations are in JSON. Say Accept: application/json")
    most = settings.explain_samples
    if not asked:
        return most
    if not re.fullmatch("[0-9]{1,9}", asked) or not 1 <= int(asked) <= most:
        raise Refused(
            400,
            f"?explain={asked[:20]}: wanted how often columns are put in order, from 1 to {most}",
        )
    return int(asked)


def check_asked(model: Model, rows: int, most: int) -> None:
    """Refuse what cannot be explained.

    Raises:
        Refused: Too many rows (413), or predictions that are no numbers and classes of a row (400).
    """
    if rows > most:
        raise Refused(
            413,
            f"{rows} rows are more than the {most} that a request with ?explain may have. Send them in parts",
        )
    try:
        check_explained(model.artifact)
    except ConfigError as error:
        raise Refused(400, f"?{error}") from None


def written_with(
    model: Model, table: Table, columns: Mapping[str, Any], *, samples: int, one: bool
) -> tuple[bytes, str]:
    """Predictions with explanations beside them as the body of an answer, and its media type.

    Args:
        model: What predicted.
        table: The rows.
        columns: Predictions by name.
        samples: Pairs of orders of columns.
        one: Whether it is of one object, not of an array.
    """
    rows = rows_of(columns)
    for row in rows:
        row["explanations"] = {}
    background = _background(model, samples)
    for each in sampled(model.artifact, seen(model.artifact, table), background, samples=samples):
        rows[each.row - 1]["explanations"][each.output] = _shown(each, model)
    return as_json(rows[0] if one else rows), MEDIA["json"]


@lru_cache(maxsize=8)  # a model and the one that takes its place, with a few numbers of samples
def _background(model: Model, samples: int) -> Exchange:
    return made_background(model.artifact, rows=samples)


def _shown(found: Explanation, model: Model) -> dict[str, Any]:
    """What of an explanation is said: its row and output are known, private columns are one."""
    added: dict[str, float] = {}
    squares: dict[str, float] = {}
    for name, value in found.contributions.items():
        shown = PRIVATE if name in model.artifact.private else name
        added[shown] = added.get(shown, 0.0) + value
        error = (found.errors or {})[name]
        squares[shown] = squares.get(shown, 0.0) + error * error
    return {
        "scale": found.scale,
        "of": found.of,
        "base": found.base,
        "value": found.value,
        "contributions": added,
        "errors": {name: each**0.5 for name, each in squares.items()},
        "method": found.method,
    }


def explanation_schema() -> dict[str, Any]:
    """Of what stands below `explanations` for an output."""
    numbers = {"type": "object", "additionalProperties": {"type": ["number", "null"]}}
    return {
        "type": "object",
        "description": "What each column adds: base and all contributions add up to value.",
        "properties": {
            "scale": {"enum": ["number", "log-odds", "probability"]},
            "of": {"type": ["string", "null"], "description": "The class that scale is of."},
            "base": {"type": "number", "description": "What is said of made-up rows on average."},
            "value": {"type": "number", "description": "What is said of this row."},
            "contributions": numbers,
            "errors": {**numbers, "description": "Standard errors of contributions."},
            "method": {"const": "sampling"},
        },
        "required": ["scale", "of", "base", "value", "contributions", "errors", "method"],
    }


def explain_parameter(settings: Settings) -> dict[str, Any]:
    """The query of OpenAPI."""
    return {
        "name": "explain",
        "in": "query",
        "allowEmptyValue": True,
        "schema": {"type": "integer", "minimum": 1, "maximum": settings.explain_samples},
        "description": (
            "Say what each column adds to each prediction, by so many pairs of orders; of at most "
            f"{settings.explain_rows} rows, in JSON."
        ),
    }
