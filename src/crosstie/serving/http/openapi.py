"""The API in OpenAPI 3.1, from the features' own schema."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from crosstie.serving.http.described import Described
from crosstie.serving.http.explained import explain_parameter, explanation_schema
from crosstie.serving.http.media import FORMS
from crosstie.serving.http.settings import Settings

_TEXT = {"type": "string"}
_WHY: Mapping[int, str] = {
    400: "The body cannot be read, or the query has what is no option.",
    401: "The token is absent or another.",
    403: "Explanations are not served here.",
    406: "No answer can be what Accept says.",
    408: "The body did not arrive in time.",
    413: "The body is too long, or has too many rows.",
    415: "The body is of no type that is read here.",
    422: "Rows that the model cannot use; every problem by itself.",
    503: "Too many requests at once; Retry-After says when to ask again.",
    504: "Not predicted in time.",
}


def openapi(about: Described, settings: Settings) -> dict[str, Any]:
    """What `GET /openapi.json` answers."""
    rows = {
        "oneOf": [
            {"$ref": "#/components/schemas/Row"},
            {
                "type": "array",
                "items": {"$ref": "#/components/schemas/Row"},
                "maxItems": settings.max_rows,
            },
        ]
    }
    found: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": about.name,
            "version": about.version,
            "description": f"Predictions of a model made by crosstie {about.made_by}.",
        },
        "paths": {
            "/predict": {"post": _predict(about, rows, settings)},
            "/schema": {"get": _get("What rows and predictions look like, with an example.")},
            "/healthz": {"get": _get("Whether the process lives.", open_to_all=True)},
            "/readyz": {"get": _get("Whether requests may come.", 503, open_to_all=True)},
            "/metrics": {"get": _get("Counters, as Prometheus reads them.", kind="text/plain")},
            "/v2": {"get": _get("The server, in the Open Inference Protocol.")},
            "/v2/health/live": {"get": _get("Whether the process lives.", open_to_all=True)},
            "/v2/health/ready": {"get": _get("Whether requests may come.", open_to_all=True)},
            f"/v2/models/{quote(about.name)}": {"get": _get("The model's tensors.")},
            f"/v2/models/{quote(about.name)}/ready": {"get": _get("Whether requests may come.")},
            f"/v2/models/{quote(about.name)}/infer": {"post": _infer()},
        },
        "components": {
            "schemas": {
                "Row": about.schema["input"],
                "Prediction": about.schema["output"],
                "Error": _error(),
                "Tensor": _tensor(),
            }
        },
    }
    if settings.explain_rows:
        found["components"]["schemas"] |= _explained()
    if settings.token is not None:
        found["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        found["security"] = [{"token": []}]
    return found


def _predict(about: Described, rows: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    name = "Explained" if settings.explain_rows else "Prediction"
    prediction = {"$ref": f"#/components/schemas/{name}"}
    several: dict[str, Any] = prediction
    if any(each["type"] == "timeseries" for each in about.schema["columns"]["output"]):
        several = {"anyOf": [prediction, {"type": "object"}]}  # of a long table: a row a step ahead
    answers = {"oneOf": [prediction, {"type": "array", "items": several}]}
    example_rows, example_answers = about.example["rows"], about.example["predictions"]
    others: dict[str, Any] = {kind: {} for kind in FORMS if kind != "application/json"}
    return {
        "summary": "Predict rows.",
        "operationId": "predict",
        **({"parameters": [explain_parameter(settings)]} if settings.explain_rows else {}),
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": rows, "examples": _examples(example_rows)},
                **others,
            },
        },
        "responses": {
            "200": {
                "description": "A prediction for a row, a list for a list.",
                "content": {
                    "application/json": {
                        "schema": answers,
                        "examples": _examples(example_answers),
                    },
                    **others,
                },
            },
            **_refusals(400, 401, 403, 406, 408, 413, 415, 422, 503, 504),
        },
    }


def _explained() -> dict[str, Any]:
    """A prediction that may have explanations beside it."""
    by_output = {
        "type": "object",
        "additionalProperties": {"$ref": "#/components/schemas/Explanation"},
    }
    explained = {
        "allOf": [{"$ref": "#/components/schemas/Prediction"}],
        "properties": {"explanations": {**by_output, "description": "By output, with ?explain."}},
    }
    return {"Explained": explained, "Explanation": explanation_schema()}


def _examples(values: list[Any]) -> dict[str, Any]:
    if not values:
        return {}
    return {"one row": {"value": values[0]}, "several rows": {"value": values}}


def _infer() -> dict[str, Any]:
    tensors = {"type": "array", "items": {"$ref": "#/components/schemas/Tensor"}}
    request = {
        "type": "object",
        "required": ["inputs"],
        "properties": {"id": _TEXT, "inputs": tensors},
    }
    names = {"model_name": _TEXT, "model_version": _TEXT, "id": _TEXT}
    answer = {
        "type": "object",
        "required": ["model_name", "outputs"],
        "properties": {**names, "outputs": tensors},
    }
    return {
        "summary": "Predict rows, a tensor for each column.",
        "operationId": "infer",
        "requestBody": {"required": True, "content": {"application/json": {"schema": request}}},
        "responses": {
            "200": {
                "description": "A tensor for each column of predictions.",
                "content": {"application/json": {"schema": answer}},
            },
            **_refusals(400, 401, 404, 408, 413, 422, 503, 504),
        },
    }


def _get(
    summary: str, *statuses: int, open_to_all: bool = False, kind: str = "application/json"
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "summary": summary,
        "responses": {
            "200": {"description": summary, "content": {kind: {}}},
            **_refusals(*statuses, *(() if open_to_all else (401,))),
        },
    }
    return {**found, "security": []} if open_to_all else found


def _refusals(*statuses: int) -> dict[str, Any]:
    schema = {"schema": {"$ref": "#/components/schemas/Error"}}
    return {
        str(each): {
            "description": _WHY.get(each, "There is no such model."),
            "content": {"application/json": schema},
        }
        for each in statuses
    }


def _error() -> dict[str, Any]:
    text_or_null = {"type": ["string", "null"]}
    problem = {
        "row": {"type": ["integer", "null"], "minimum": 1},
        "column": text_or_null,
        "value": text_or_null,
        "wanted": text_or_null,
        "message": _TEXT,
    }
    problems = {
        "type": "array",
        "items": {"type": "object", "properties": problem, "required": list(problem)},
    }
    return {
        "type": "object",
        "properties": {"error": _TEXT, "problems": problems},
        "required": ["error"],
    }


def _tensor() -> dict[str, Any]:
    shape = {
        "type": "array",
        "items": {"type": "integer", "minimum": 0},
        "minItems": 1,
        "maxItems": 4,
    }
    return {
        "type": "object",
        "properties": {
            "name": _TEXT,
            "shape": shape,
            "datatype": {"enum": ["BOOL", "BYTES", "FP16", "FP32", "FP64", "INT8", "INT16", "INT32", "INT64",
                                  "UINT8", "UINT16", "UINT32", "UINT64"]},
            "data": {"type": "array"},
        },
        "required": ["name", "shape", "datatype", "data"],
    }  # fmt: skip
