"""Words of other tools: understood, answered with ours, or answered with what to do instead."""

from typing import Annotated, Any, ClassVar, Literal

import pytest
from annotated_types import Ge
from typing_extensions import TypedDict

from crosstie.config.json_schema import json_schema
from crosstie.config.options import ComponentOf, check, fill, options
from crosstie.config.registry import Registry
from crosstie.config.words import ANYTHING, Alias, Answer, Elsewhere

solvers: Registry = Registry("solver", home="crosstie.config")


@solvers("adamw", elsewhere=("decoupled",))
class AdamW:
    """Steps."""

    answers: ClassVar = {"lr": Answer("belongs into 'trainer'")}

    def __init__(self, *, decay: float = 0.0): ...


class Layer(TypedDict, total=False):
    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - pydantic's own place for it

    width: Annotated[int, Elsewhere("units")]


class Old:
    answers: ClassVar = {"shards": Answer("tables are not cut up", (1, None))}


class Trainer(Old):
    """Learns.

    Args:
        epochs: Times through the data.
        scaling: How numbers are scaled.
    """

    answers: ClassVar = {"version": Answer("says who wrote the file", (ANYTHING,))}

    def __init__(
        self,
        *,
        epochs: Annotated[int, Ge(1), Alias("passes"), Elsewhere("num_epochs", "n_iter")] = 10,
        rate: Annotated[float | Literal["auto"], Ge(0), Elsewhere("lr")] = "auto",
        scaling: Annotated[
            Literal["zscore", "minMax"] | None,
            Elsewhere(values={"standard": "zscore", "gone": "log"}, never={"rank": "is not built"}),
        ] = "zscore",
        layers: list[Layer] | None = None,
        solver: Annotated[dict[str, Any] | str, ComponentOf(solvers)] = "adamw",
    ): ...


def told(**given):
    return [str(problem) for problem in check(Trainer, given, "trainer")[1]]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"num_epochs": 3}, "trainer.num_epochs: is called 'epochs' here"),
        ({"lr": 3}, "trainer.lr: is called 'rate' here"),
        ({"scaling": "Standard"}, "trainer.scaling: 'Standard' is called 'zscore' here"),
        ({"scaling": "min-max"}, "trainer.scaling: 'min-max' is called 'minMax' here"),
        ({"scaling": "rank"}, "trainer.scaling: 'rank' is not built"),
        (
            {"scaling": "gone"},
            "trainer.scaling: must be 'zscore' or 'minMax' or null, got 'gone'",
        ),
        ({"layers": [{"units": 3}]}, "trainer.layers[0].units: is called 'width' here"),
        ({"solver": "Adam-W"}, "trainer.solver: 'Adam-W' is no solver; it is called 'adamw' here"),
        (
            {"solver": "decoupled"},
            "trainer.solver: 'decoupled' is no solver; it is called 'adamw' here",
        ),
        ({"solver": {"lr": 3}}, "trainer.solver.lr: belongs into 'trainer'"),
        ({"shards": 4}, "trainer.shards: tables are not cut up"),
        ({"shards": True}, "trainer.shards: tables are not cut up"),
        ({"epoch": 4}, "trainer.epoch: unknown option; did you mean 'epochs'?"),
    ],
)
def test_a_word_of_another_tool_is_answered_with_ours(given, said):
    assert told(**given) == [said]


def test_an_alias_is_understood():
    assert fill(Trainer, {"passes": 3}, "trainer")["epochs"] == 3


def test_what_asks_for_what_happens_anyway_is_taken_and_not_shown():
    filled = fill(Trainer, {"shards": 1, "version": "0.11"}, "trainer")
    assert filled == fill(Trainer, {"shards": None}, "trainer") == fill(Trainer, {}, "trainer")
    assert set(filled) == {"epochs", "rate", "scaling", "layers", "solver"}


def test_descriptions_and_the_schema_show_the_other_words():
    said = "Times through the data. Elsewhere: num_epochs, n_iter."
    assert options(Trainer)["epochs"].description == said
    properties = json_schema(Trainer)["properties"]
    assert properties["epochs"]["description"] == said
    assert properties["scaling"]["description"] == (
        "How numbers are scaled. Elsewhere: standard (for zscore)."
    )
    assert properties["shards"] == {
        "description": "tables are not cut up",
        "deprecated": True,
        "enum": [1, None],
    }


class Layered:
    called: ClassVar = {"width": ("units", "hidden"), "depth": ("n_layers",)}


def test_a_kind_says_what_others_call_the_options_that_all_of_it_share():
    class Wide(Layered):
        """Wide.

        Args:
            width: Of a layer.
        """

        def __init__(self, *, width: Annotated[int, Elsewhere("dim")] = 3): ...

    assert options(Wide)["width"].description == "Of a layer. Elsewhere: dim, units, hidden."
    _, problems = check(Wide, {"units": 3, "n_layers": 2}, "encoder")
    assert [str(each) for each in problems] == [
        "encoder.units: is called 'width' here",
        "encoder.n_layers: unknown option; choose one of 'width'",
    ]
