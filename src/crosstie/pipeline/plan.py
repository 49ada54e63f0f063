"""A plan: everything a run does, decided and checked, before anything is learned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from crosstie.data.notebook import notebook
from crosstie.data.profile import ColumnProfile
from crosstie.data.read import Source
from crosstie.data.rowwise.rowwise import Rowwise
from crosstie.data.split import Split
from crosstie.data.windows import Windows
from crosstie.evaluation.costs import Costs
from crosstie.features.feature import Feature
from crosstie.features.output_feature import OutputFeature
from crosstie.pipeline.evening import Fair
from crosstie.pipeline.start import Earlier


class Inferred(NamedTuple):
    """A column whose type nobody wrote."""

    column: str
    type: str
    why: str


class Excluded(NamedTuple):
    """A column that is no input though nobody said so."""

    column: str
    why: str


@dataclass(frozen=True, repr=False)
class Plan:
    """What to do. Two plans are equal when their filled files are: all else follows from `config`.

    Attributes:
        name: The model's name.
        config: The file with every default filled in, plain JSON values; loading it gives an equal plan.
            Texts with `${NAME}` stand in it as they were written.
        data: The tables by part, "train" and where they come apart "validation" and "test", as
            `data.read.open_source` takes them, paths absolute; empty where the table came from Python.
        inputs: Constructed, not fitted.
        outputs: Likewise.
        architecture: The filled `encoder`, `combiner`, `decoder` and `loss` sections, those that the learner reads.
        split: Which row of the first table goes where; None where every part is a table of its own.
        model_type: `auto`, or the learner.
        trainer: The learner's filled options; empty for `auto`.
        metrics: Output to the metric that is watched.
        costs: Binary output to what decisions cost by which its threshold is tuned; those that were written.
        coverages: Output to the share of rows whose number its interval, or class its set, is to hold; those that were written.
        thresholds: Output to a probability, or to the metric that a threshold is tuned by; those that were written.
        uncalibrated: Outputs whose probabilities stay as they were learned.
        seed: Everything random comes from it.
        weight: The column of row weights.
        fairness: By which groups the model is audited, and how they are evened out.
        folds: How many models, or None for one.
        oversample: Ratio of a binary target's classes up to which training rows of the rarer one are repeated.
        earlier: The network that this one begins with.
        private: Columns whose cells never leave the machine.
        callbacks: Filled sections of who listens beside the usual ones; they are built once there is a run.
        cache: Where arrays too large for memory lie while they are needed.
        inferred: Types that nobody wrote.
        excluded: Columns left out that nobody excluded.
        warnings: What a person should know.
        windows: How a long table is cut into series, where one is.
        rowwise: What makes the columns of `sources` of those that the tables have, where something does.
        told: What was taken up that the file need not name, one sentence each.
        hyperopt: The filled section of a search, which no run reads; None where there is none.
        profile: What each column of the first table looks like.
        sources: The opened tables by part.
    """

    name: str
    config: dict[str, Any]
    data: Mapping[str, Any] = field(compare=False)
    inputs: tuple[Feature, ...] = field(compare=False)
    outputs: tuple[OutputFeature, ...] = field(compare=False)
    architecture: dict[str, Any] = field(compare=False)
    split: Split | None = field(compare=False)
    model_type: str = field(compare=False)
    trainer: dict[str, Any] = field(compare=False)
    metrics: dict[str, str] = field(compare=False)
    thresholds: dict[str, float | str] = field(compare=False)
    coverages: dict[str, float] = field(compare=False)
    costs: dict[str, Costs] = field(compare=False)
    seed: int = field(compare=False)
    uncalibrated: frozenset[str] = field(default=frozenset(), compare=False)
    weight: str | None = field(default=None, compare=False)
    fairness: Fair | None = field(default=None, compare=False)
    folds: int | None = field(default=None, compare=False)
    oversample: float | None = field(default=None, compare=False)
    earlier: Earlier | None = field(default=None, compare=False, repr=False)
    private: tuple[str, ...] = field(default=(), compare=False)
    callbacks: tuple[dict[str, Any], ...] = field(default=(), compare=False)
    cache: Path = field(default=Path(".crosstie"), compare=False)
    inferred: tuple[Inferred, ...] = field(default=(), compare=False)
    excluded: tuple[Excluded, ...] = field(default=(), compare=False)
    warnings: tuple[str, ...] = field(default=(), compare=False)
    windows: Windows | None = field(default=None, compare=False)
    rowwise: Rowwise | None = field(default=None, compare=False, repr=False)
    told: tuple[str, ...] = field(default=(), compare=False)
    hyperopt: dict[str, Any] | None = field(default=None, compare=False, repr=False)
    profile: Mapping[str, ColumnProfile] = field(default_factory=dict, compare=False, repr=False)
    sources: Mapping[str, Source] = field(default_factory=dict, compare=False, repr=False)

    def __repr__(self) -> str:
        outputs = ", ".join(f"{each.name} ({each.type})" for each in self.outputs)
        return f"Plan({self.name!r}: {outputs} from {len(self.inputs)} columns, model_type {self.model_type})"

    def _repr_html_(self) -> str:
        why = {each.column: each.why for each in self.inferred}
        why |= {each.column: each.why for each in self.excluded}
        why |= dict.fromkeys(self.private, "private")  # a notebook is shared; reasons show cells

        def features(role: str, found: Sequence[Feature]) -> list[tuple[str, str, str, str]]:
            return [
                (each.column, role, each.type, why.get(each.column, "as written")) for each in found
            ]

        rows = [("", "warning", "", each) for each in self.warnings]
        rows += features("predicted", self.outputs)
        rows += [(each.column, "left out", "", why[each.column]) for each in self.excluded]
        rows += features("input", self.inputs)
        return notebook(repr(self), ["column", "role", "type", "why"], rows)
