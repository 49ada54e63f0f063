"""What a row in and a prediction out look like, as JSON Schema, from the fitted features themselves."""

from collections.abc import Sequence
from typing import Any

from crosstie.features.feature import Feature
from crosstie.features.output_feature import OutputFeature

_TYPES: dict[str, Any] = {
    "number": {"type": ["number", "string", "null"]},
    "vector": {"type": ["array", "string", "null"]},
    "date": {"type": ["string", "null"]},
    "timeseries": {"type": ["array", "string", "null"]},
    "audio": {
        "type": ["string", "null"],
        "contentMediaType": "audio/*",
        "description": "audio input: `data:audio/wav;base64,…`, a path or an address",
    },
    "image": {
        "type": ["string", "array", "null"],
        "contentMediaType": "image/*",
        "description": "image input: `data:image/png;base64,…`, a path, an address, or bytes [height, width, 3]",
    },
}
_ANY: dict[str, Any] = {"type": ["string", "number", "boolean", "null"]}
_MANY: dict[str, Any] = {"type": ["array", "string", "null"]}


def row_schema(inputs: Sequence[Feature], outputs: Sequence[OutputFeature]) -> dict[str, Any]:
    """`{"input": schema of one row, "output": schema of one prediction}`."""
    rows = {
        feature.column: {
            "description": f"{feature.type} input",
            **(
                _MANY
                if feature.kind == "tokens" and feature.acts_as() != "text"
                else _TYPES.get(feature.type, _ANY)
            ),
        }
        for feature in inputs
    }
    predictions: dict[str, Any] = {}
    for feature in outputs:
        kinds: dict[str, Any] = {
            "number": {"type": "number"},
            "timeseries": {
                "type": "array",
                "items": {"type": "number"},
                "minItems": feature.size,
                "maxItems": feature.size,
            },
            "set": {"type": "array", "items": {"enum": list(feature.labels)}},
            "sequence": {"type": "array", "items": {"enum": [*feature.labels, None]}},
            "text": {"type": "string"},
        }
        predictions[f"{feature.name}_prediction"] = kinds.get(
            feature.type, {"enum": list(feature.labels)}
        )
        if feature.type == "sequence":
            predictions[f"{feature.name}_probability"] = {
                "type": "array",
                "items": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
            }
            continue
        for label in feature.labels:
            predictions[f"{feature.name}_probability_{label}"] = {
                "type": "number",
                "minimum": 0,
                "maximum": 1,
            }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "input": {"type": "object", "properties": rows},
        "output": {"type": "object", "properties": predictions},
    }
