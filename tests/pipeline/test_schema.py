import json

import jsonschema
import pytest

from crosstie.pipeline.schema import file_schema


@pytest.fixture(scope="module")
def validator():
    schema = file_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


GOOD = [
    {"data": "x.csv", "target": "y"},
    {"data": ["a.csv", "b.csv"], "target": ["y", "z"], "model_type": "gbm", "exclude": ["id"]},
    {
        "data": {"connection": "duckdb:///x.db", "query": "select 1"},
        "input_features": ["a", {"name": "b", "type": "number", "encoder": "passthrough"}],
        "output_features": [
            {"name": "y", "type": "binary", "loss": {"type": "binary_weighted_cross_entropy"}}
        ],
        "trainer": {"epochs": 3},
        "combiner": "concat",
    },
    {"data": "x", "target": "y", "preprocessing": {"split": {"type": "random"}, "number": {}}},
    {"data": "x", "target": "y", "defaults": {"category": {"encoder": "dense"}}},
]
BAD = [
    {"target": "y"},
    {"data": "x.csv", "target": 3},
    {"data": "x.csv", "target": "y", "traget": "z"},
    {"data": "x.csv", "target": "y", "seed": -1},
    {"data": "x.csv", "target": "y", "model_type": "gmb"},
    {"data": "x.csv", "target": "y", "trainer": {"epoch": 3}},
    {"data": "x.csv", "target": "y", "combiner": {"type": "conkat"}},
    {"data": "x.csv", "input_features": [{"type": "number"}], "target": "y"},
    {"data": "x.csv", "input_features": [{"name": "a", "type": "numerical"}], "target": "y"},
    {
        "data": "x.csv",
        "target": "y",
        "input_features": [
            {"name": "a", "type": "number", "preprocessing": {"normalization": "zscor"}}
        ],
    },
    {"data": "x.csv", "target": "y", "preprocessing": {"split": {"type": "random", "shares": []}}},
]


@pytest.mark.parametrize("document", GOOD, ids=json.dumps)
def test_good_documents_are_valid(validator, document):
    assert [error.message for error in validator.iter_errors(document)] == []


@pytest.mark.parametrize("document", BAD, ids=json.dumps)
def test_bad_documents_are_not(validator, document):
    assert not validator.is_valid(document)


def test_every_reference_leads_somewhere(validator):
    references = {each["$ref"] for each in _dicts(validator.schema) if "$ref" in each}
    assert references == {f"#/$defs/{name}" for name in validator.schema["$defs"]}


def _dicts(schema):
    if isinstance(schema, dict):
        yield schema
    for each in (
        schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    ):
        yield from _dicts(each)


def test_every_option_is_described(validator):
    nameless = [
        path
        for path, schema in _sections(validator.schema)
        for name, option in schema["properties"].items()
        if not (option.get("description") or "const" in option or "$ref" in option)
        for path in [f"{path}.{name}"]
    ]
    assert nameless == []


def _sections(schema, path=""):
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict) and (not path or "title" not in schema):
            yield path, schema
        for key, each in schema.items():
            yield from _sections(each, f"{path}.{key}")
    elif isinstance(schema, list):
        for index, each in enumerate(schema):
            yield from _sections(each, f"{path}[{index}]")
