"""What every command asks that takes a model file or a table: which data, which column, and options of the file."""

from dataclasses import dataclass
from typing import Annotated, Any

from cyclopts import Parameter

from crosstie.cli.types import TablePath, column_types


@Parameter(name="*")
@dataclass(frozen=True)
class Asked:
    """Options of the commands that take a model file or a table.

    Attributes:
        target: The column to predict, when a table is given.
        data: A table to use instead of the one that the file names.
        validation: A table of its own to validate on.
        test: A table of its own to test on.
        model_type: auto, linear, gbm, catboost, ecd, or a classic: random_forest, extra_trees, decision_tree, nearest_neighbors, support_vectors.
        name: The model's name; its runs lie together under it.
        seed: Everything random comes from it.
        folds: Train this many models, each validated on rows of its own, and keep them as one.
        from_: A run, a folder with a network's weights, or hf://ORG/NAME@REVISION, to begin with where they fit.
        set_: Set any option of the file: --set trainer.epochs=3. May be repeated.
        type_: The type of a column, when inference is wrong: --type zip=category. May be repeated.
    """

    target: str | None = None
    data: TablePath | None = None
    validation: TablePath | None = None
    test: TablePath | None = None
    model_type: str | None = None
    name: str | None = None
    seed: int | None = None
    folds: int | None = None
    from_: Annotated[str | None, Parameter(name="--from")] = None
    set_: Annotated[list[str] | None, Parameter(name=["--set", "-s"], negative="")] = None
    type_: Annotated[list[str] | None, Parameter(name="--type", negative="")] = None

    def arguments(self) -> dict[str, Any]:
        """As `api.train`, `check` and `show` take them."""
        own = ("from_", "set_", "type_")
        given = {key: value for key, value in vars(self).items() if key not in own}
        return {
            **given,
            "start_from": self.from_,
            "set": self.set_ or (),
            "types": column_types(self.type_ or ()),
        }


USUAL = Asked()
