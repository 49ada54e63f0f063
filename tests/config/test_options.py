from typing import Annotated, Any, Literal

import pytest
from annotated_types import Ge, Gt, Le
from typing_extensions import TypedDict

from crosstie.config.json_schema import json_schema
from crosstie.config.options import ComponentOf, Section, build, fill, options
from crosstie.config.registry import Registry
from crosstie.config.source import load
from crosstie.config.words import Alias
from crosstie.errors import ConfigError

optimizers: Registry = Registry("optimizer", home="crosstie.config")


@optimizers("adamw")
class AdamW:
    """Adam with decoupled decay.

    Args:
        weight_decay: How fast weights shrink.
    """

    def __init__(self, parameters, *, weight_decay: Annotated[float, Ge(0)] = 0.01):
        self.parameters, self.weight_decay = parameters, weight_decay


class Clipping:
    """Limits of gradients."""

    def __init__(self, *, norm: Annotated[float, Gt(0)] | None = None): ...


class Trainer:
    """Learns.

    Args:
        epochs: Times through the data,
            at most.
        batch_size: Rows at a time.
        optimizer: What steps.
    """

    def __init__(
        self,
        layout: Any = None,
        *,
        epochs: Annotated[int, Ge(1), Alias("train_epochs")] = 100,
        batch_size: Annotated[int | Literal["auto"], Ge(1)] = "auto",
        learning_rate: Annotated[float, Gt(0), Le(1)] = 0.001,
        shares: tuple[Annotated[float, Ge(0)], ...] = (0.7, 0.3),
        kind: Literal["a", "b"] = "a",
        weights: dict[str, float] | list[float] | None = None,
        optimizer: Annotated[dict[str, Any] | None, ComponentOf(optimizers)] = "adamw",
        clipping: Annotated[dict[str, Any], Section(Clipping)] = {},  # noqa: B006
    ):
        self.shares, self.optimizer = shares, optimizer


FILLED = {
    "epochs": 100,
    "batch_size": "auto",
    "learning_rate": 0.001,
    "shares": [0.7, 0.3],
    "kind": "a",
    "weights": None,
    "optimizer": {"type": "adamw", "weight_decay": 0.01},
    "clipping": {"norm": None},
}


class Layer(TypedDict, total=False):
    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012

    size: Annotated[int, Ge(1)]
    norm: str | None


class Stack:
    def __init__(self, *, layers: list[Layer] | None = None): ...


def messages(given, cls=Trainer):
    with pytest.raises(ConfigError) as caught:
        fill(cls, given, load({"trainer": given}).at("trainer"))
    return [str(problem) for problem in caught.value.problems]


def test_options_are_the_keyword_only_parameters():
    found = options(Trainer)
    assert list(found) == list(FILLED)
    assert found["epochs"].default == 100
    assert found["epochs"].description == "Times through the data, at most."
    assert found["epochs"].aliases == ("train_epochs",)
    assert found["optimizer"].optional
    assert not found["clipping"].optional


def test_defaults_fill_what_is_not_given():
    assert fill(Trainer, {}, "trainer") == FILLED
    assert fill(Trainer, None, "trainer") == FILLED


def test_filling_what_was_filled_changes_nothing():
    given = {
        "optimizer": {"weight_decay": 1},
        "shares": [1],
        "train_epochs": 3,
        "weights": {"a": 2},
    }
    filled = fill(Trainer, given, "trainer")
    assert filled == {
        **FILLED,
        "optimizer": {"type": "adamw", "weight_decay": 1.0},
        "shares": [1.0],
        "epochs": 3,
        "weights": {"a": 2.0},
    }
    assert fill(Trainer, filled, "trainer") == filled


def test_null_is_allowed_where_the_type_says_so():
    assert fill(Trainer, {"optimizer": None}, "trainer")["optimizer"] is None
    assert messages({"epochs": None}) == ["trainer.epochs: must be a whole number, got null"]


def test_all_problems_are_told_at_once_with_their_lines(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.yaml").write_text(
        "trainer:\n  epoch: 3\n  batch_size: -1\n  optimizer: {type: adamw, weight_decay: -1, wd: 2}\n"
    )
    document = load("model.yaml")
    with pytest.raises(ConfigError) as caught:
        fill(Trainer, document.value["trainer"], document.at("trainer"))
    assert str(caught.value) == (
        "model.yaml:2 trainer.epoch: unknown option; did you mean 'epochs'?\n"
        "model.yaml:3 trainer.batch_size: must be at least 1, got -1\n"
        "model.yaml:4 trainer.optimizer.wd: unknown option; choose one of 'weight_decay'\n"
        "model.yaml:4 trainer.optimizer.weight_decay: must be at least 0, got -1"
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"epochs": True}, "trainer.epochs: must be a whole number, got true"),
        ({"epochs": "3"}, "trainer.epochs: must be a whole number, got '3'"),
        ({"epochs": 2.5}, "trainer.epochs: must be a whole number, got 2.5"),
        ({"epochs": 0}, "trainer.epochs: must be at least 1, got 0"),
        ({"learning_rate": 0}, "trainer.learning_rate: must be more than 0, got 0"),
        ({"learning_rate": 2}, "trainer.learning_rate: must be at most 1, got 2"),
        ({"learning_rate": "fast"}, "trainer.learning_rate: must be a number, got 'fast'"),
        ({"batch_size": "big"}, "trainer.batch_size: must be a whole number or 'auto', got 'big'"),
        ({"kind": "c"}, "trainer.kind: must be 'a' or 'b', got 'c'"),
        ({"shares": 3}, "trainer.shares: must be a list, each a number, got 3"),
        ({"shares": [1, "x"]}, "trainer.shares[1]: must be a number, got 'x'"),
        ({"shares": [1, -1]}, "trainer.shares[1]: must be at least 0, got -1"),
        (
            {"weights": 3},
            "trainer.weights: must be a section of options, a list, each a number or null, got 3",
        ),
        ({"optimizer": "adam"}, "trainer.optimizer: 'adam' is no optimizer; did you mean 'adamw'?"),
        ({"optimizer": {"type": 3}}, "trainer.optimizer.type: must be a text, got 3"),
        (
            {"optimizer": [1]},
            "trainer.optimizer: must be the name of an optimizer or a section, got [1]",
        ),
        (
            {"clipping": {"norms": 1}},
            "trainer.clipping.norms: unknown option; did you mean 'norm'?",
        ),
        ({"clipping": 3}, "trainer.clipping: must be a section of options, got 3"),
        (
            {"epochs": 3, "train_epochs": 3},
            "trainer.train_epochs: says the same as 'epochs'; keep one",
        ),
    ],
)
def test_a_wrong_value_is_told_in_words(given, expected):
    assert messages(given) == [expected]


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        (3, "trainer.layers: must be a list, each a section of options or null, got 3"),
        ([3], "trainer.layers[0]: must be a section of options, got 3"),
        ([{"size": 0}], "trainer.layers[0].size: must be at least 1, got 0"),
        ([{}, {"sise": 1}], "trainer.layers[1].sise: unknown option; did you mean 'size'?"),
        ([{"norm": 1}], "trainer.layers[0].norm: must be a text or null, got 1"),
    ],
)
def test_a_list_of_sections_names_the_part_that_is_wrong(layers, expected):
    assert messages({"layers": layers}, Stack) == [expected]


def test_a_required_option_is_asked_for():
    class Needs:
        def __init__(self, *, column: str): ...

    assert messages({}, Needs) == ["trainer: needs 'column': a text"]


def test_a_kind_of_component_may_have_options_of_its_own():
    class Weighted:
        def __init__(self, *, weight: Annotated[float, Ge(0)] = 1.0): ...

    class Losses:
        def __init__(
            self,
            *,
            loss: Annotated[dict[str, Any], ComponentOf(optimizers, also=Weighted)] = "adamw",
        ): ...

    assert fill(Losses, {"loss": {"weight": 2}}, "x") == {
        "loss": {"type": "adamw", "weight_decay": 0.01, "weight": 2.0}
    }
    assert messages({"loss": {"weight": -1}}, Losses) == [
        "trainer.loss.weight: must be at least 0, got -1"
    ]


def test_a_list_of_components_is_filled_one_by_one():
    class Many:
        def __init__(
            self, *, steps: Annotated[list[Any], ComponentOf(optimizers, many=True)] = ()
        ): ...

    assert fill(Many, {"steps": ["adamw", {"type": "adamw", "weight_decay": 1}]}, "x") == {
        "steps": [{"type": "adamw", "weight_decay": 0.01}, {"type": "adamw", "weight_decay": 1.0}]
    }
    assert messages({"steps": ["adam"]}, Many) == [
        "trainer.steps[0]: 'adam' is no optimizer; did you mean 'adamw'?"
    ]


def test_a_list_of_components_may_be_switched_on_and_off():
    class Switched:
        def __init__(
            self,
            *,
            steps: Annotated[list[Any] | bool | None, ComponentOf(optimizers, many=True)] = None,
        ): ...

    for given in (True, False, None):
        assert fill(Switched, {"steps": given}, "x") == {"steps": given}
    assert fill(Switched, {"steps": ["adamw"]}, "x")["steps"][0]["type"] == "adamw"
    assert messages({"steps": 1}, Switched) == [
        "trainer.steps: must be a list, true or false, got 1"
    ]
    steps = json_schema(Switched)["properties"]["steps"]["anyOf"]
    assert [each["type"] for each in steps] == ["array", "boolean", "null"]


def test_a_class_may_be_named_by_another_key():
    class Schedules:
        def __init__(
            self,
            *,
            scheduler: Annotated[dict[str, Any], ComponentOf(optimizers, key="decay")] = "adamw",
        ): ...

    assert fill(Schedules, {"scheduler": {"weight_decay": 2}}, "x") == {
        "scheduler": {"decay": "adamw", "weight_decay": 2.0}
    }


def test_the_key_may_have_another_word():
    class Schedules:
        def __init__(
            self,
            *,
            scheduler: Annotated[dict[str, Any], ComponentOf(optimizers, alias="decay")] = "adamw",
        ): ...

    assert fill(Schedules, {"scheduler": {"decay": "adamw", "weight_decay": 2}}, "x") == {
        "scheduler": {"type": "adamw", "weight_decay": 2.0}
    }


def test_build_turns_lists_into_tuples_where_the_type_says_so():
    trainer = build(Trainer, **fill(Trainer, {"shares": [1, 2]}, "trainer"))
    assert trainer.shares == (1.0, 2.0)
    assert trainer.optimizer == {"type": "adamw", "weight_decay": 0.01}
    assert build(AdamW, "parameters", weight_decay=1.0).parameters == "parameters"


def test_wiring_is_no_option():
    class Feature:
        def __init__(self, name, *, column: str | None = None, size: int = 1): ...

    assert list(options(Feature, wiring=("column",))) == ["size"]
    with pytest.raises(ConfigError, match=r"x\.column: unknown option; choose one of 'size'"):
        fill(Feature, {"column": "a"}, "x", wiring=("column",))
