from typing import Annotated, Any, Literal

from annotated_types import Ge
from typing_extensions import TypedDict

from crosstie.config.json_schema import json_schema
from crosstie.config.options import ComponentOf
from crosstie.config.registry import Registry
from crosstie.config.words import Alias

optimizers: Registry = Registry("optimizer", home="crosstie.config")


@optimizers("adamw")
class AdamW:
    """Adam with decoupled decay.

    Args:
        weight_decay: How fast weights shrink.
    """

    def __init__(self, *, weight_decay: Annotated[float, Ge(0)] = 0.01): ...


class Layer(TypedDict, total=False):
    size: int


class Stack:
    def __init__(self, *, layers: list[Layer] | None = None): ...


class Trainer:
    """Learns.

    Args:
        epochs: Times through the data,
            at most.
        optimizer: What steps.
    """

    def __init__(
        self,
        *,
        epochs: Annotated[int, Ge(1), Alias("train_epochs")] = 100,
        batch_size: Annotated[int | Literal["auto"], Ge(1)] = "auto",
        optimizer: Annotated[dict[str, Any] | None, ComponentOf(optimizers)] = "adamw",
    ): ...


def test_a_class_becomes_a_schema_with_prose_limits_and_defaults():
    schema = json_schema(Trainer)
    assert schema["description"] == "Learns."
    assert schema["additionalProperties"] is False
    assert schema["properties"]["epochs"] == {
        "type": "integer",
        "minimum": 1,
        "description": "Times through the data, at most.",
        "default": 100,
    }
    assert schema["properties"]["train_epochs"]["description"] == "The same as epochs."
    assert schema["properties"]["batch_size"]["anyOf"] == [
        {"minimum": 1, "type": "integer"},
        {"const": "auto", "type": "string"},
    ]


def test_a_component_is_a_name_or_a_section_with_its_options():
    assert json_schema(Trainer)["properties"]["optimizer"] == {
        "anyOf": [
            {
                "anyOf": [
                    {"enum": ["adamw"]},
                    {
                        "type": "object",
                        "description": "Adam with decoupled decay.",
                        "properties": {
                            "type": {"const": "adamw"},
                            "weight_decay": {
                                "type": "number",
                                "minimum": 0,
                                "description": "How fast weights shrink.",
                                "default": 0.01,
                            },
                        },
                        "required": ["type"],
                        "additionalProperties": False,
                    },
                ]
            },
            {"type": "null"},
        ],
        "description": "What steps.",
        "default": "adamw",
    }


def test_a_section_within_an_option_needs_no_root_of_its_own():
    assert json_schema(Stack)["properties"]["layers"]["anyOf"][0]["items"] == {
        "properties": {"size": {"title": "Size", "type": "integer"}},
        "title": "Layer",
        "type": "object",
    }
