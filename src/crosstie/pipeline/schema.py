"""One JSON Schema for the whole model file, generated from the grammar and the registries.

An editor that knows it completes names and shows descriptions; `crosstie check` says more, with the data.
"""

from typing import Any

from crosstie.config.json_schema import Schema, component_schema, json_schema
from crosstie.config.options import ComponentOf
from crosstie.data.split import splits
from crosstie.features.feature import feature_types
from crosstie.learners.learner import learners
from crosstie.pipeline.auto import Auto
from crosstie.pipeline.grammar import WIRING, Backend, Fairness, File, Input, Output, Preprocessing
from crosstie.pipeline.parts import PARTS, component
from crosstie.tuning.hyperopt import SPACE, Hyperopt

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def file_schema() -> Schema:
    """The schema (draft 2020-12) of a model file.

    Examples:
        >>> file_schema()["properties"]["seed"]["default"]
        42
    """
    definitions: Schema = {"split": component_schema(ComponentOf(splits))}
    for _, name, cls in feature_types.items():
        definitions[f"{name}.preprocessing"] = json_schema(cls, wiring=WIRING)
        for part in PARTS:
            if _has(cls, part):
                definitions[f"{name}.{part}"] = component_schema(component(part, name))
    definitions["combiner"] = component_schema(component("combiner", ""))
    for _, name, learner in learners.items():
        definitions[f"{name}.trainer"] = json_schema(learner.trainer_options())
    definitions["auto.trainer"] = json_schema(Auto)
    schema = json_schema(File)
    described = schema["properties"]
    types = {name: cls for _, name, cls in feature_types.items()}
    outputs = {name: cls for name, cls in types.items() if cls.output}
    replaced: Schema = {
        "model_type": {"enum": ["auto", *learners.names(), None]},
        "split": _ref("split"),
        "combiner": _ref("combiner"),
        "trainer": {"anyOf": [_ref(f"{name}.trainer") for name in ("auto", *learners.names())]},
        "hyperopt": {"anyOf": [_hyperopt(), {"type": "null"}]},
        "backend": {"anyOf": [{"const": "local"}, json_schema(Backend)]},
        "fairness": {"anyOf": [json_schema(Fairness), {"type": "null"}]},
        "preprocessing": _preprocessing(types),
        "defaults": {
            "type": "object",
            "properties": {name: _defaults(name, cls) for name, cls in types.items()},
            "additionalProperties": False,
        },
        "input_features": _features(Input, ("encoder",), list(types)),
        "output_features": _features(Output, ("decoder", "loss"), list(outputs)),
    }
    for key, each in replaced.items():
        described[key] = {**each, "description": described[key]["description"]}
    return {
        "$schema": DRAFT,
        "title": "Crosstie model file",
        **schema,
        "required": ["data"],
        "$defs": definitions,
    }


def _hyperopt() -> Schema:
    """A search; a parameter is a list, or a section with one of the spaces."""
    schema = json_schema(Hyperopt)
    space = component_schema(SPACE)
    ends = {"lower": "The least.", "upper": "The most.", "q": "The step."}
    guessed: Schema = {
        "type": "object",
        "description": "A range: randint where all of it are whole numbers, else uniform.",
        "properties": {key: {"type": "number", "description": each} for key, each in ends.items()},
        "required": ["lower", "upper"],
        "additionalProperties": False,
    }
    sections = [each for each in space["anyOf"] if each.get("type") == "object"]
    parameters = schema["properties"]["parameters"]
    parameters["additionalProperties"] = {
        "anyOf": [{"type": "array", "minItems": 1}, *sections, guessed]
    }
    return schema


def _has(cls: Any, part: str) -> bool:
    return bool(getattr(cls.defaults, part))


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _features(grammar: type[Any], parts: tuple[str, ...], types: list[str]) -> Schema:
    """A list whose entries are read by their type; one without a type may have the options of any."""
    plain = json_schema(grammar)
    branches: list[Schema] = [{"type": "string", "description": "A column's name."}]
    for name in types:
        own = {part: _ref(f"{name}.{part}") for part in ("preprocessing", *parts)}
        properties = {**plain["properties"], "type": {"const": name}}
        properties |= {
            key: {**each, "description": plain["properties"][key]["description"]}
            for key, each in own.items()
        }
        branches.append({**plain, "properties": properties, "required": ["name", "type"]})
    untyped = {key: each for key, each in plain["properties"].items() if key != "type"}
    branches.append({**plain, "properties": untyped})
    return {"type": "array", "items": {"anyOf": branches}}


def _defaults(name: str, cls: Any) -> Schema:
    keys = ["preprocessing", *(part for part in PARTS if _has(cls, part))]
    return {
        "type": "object",
        "description": f"What every {name} has unless it says otherwise.",
        "properties": {key: _ref(f"{name}.{key}") for key in keys},
        "additionalProperties": False,
    }


def _preprocessing(types: dict[str, Any]) -> Schema:
    schema = json_schema(Preprocessing)
    split = {**_ref("split"), "description": schema["properties"]["split"]["description"]}
    older = {name: _ref(f"{name}.preprocessing") for name in types}
    return {**schema, "properties": {**schema["properties"], "split": split, **older}}
