"""`crosstie audit`: whether groups of people are treated alike."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from crosstie import api
from crosstie.cli.output import put, put_json, put_table, tell
from crosstie.cli.told import model_asked, of_a_model, predictions_asked
from crosstie.cli.types import TablePath, names
from crosstie.pipeline.run import Run
from crosstie.reports.numbers import figure

if TYPE_CHECKING:
    from crosstie.evaluation.fairness import Criterion, Fairness, Group, Rate
    from crosstie.evaluation.mitigation import Mitigation
    from crosstie.serving.audit import Audit

SHOWN = {  # rates of a group that a terminal has room for; all are in --json
    "binary": ("selection_rate", "accuracy", "tpr", "fpr", "precision", "calibration"),
    "category": ("accuracy", "calibration"),
    "number": ("mean_true", "mean_predicted", "mean_error", "mae"),
}
WITH_INTERVAL = {"binary": "selection_rate", "category": "accuracy", "number": "mae"}


def audit(
    model: str | None = None,
    data: TablePath | None = None,
    /,
    *,
    by: Annotated[list[str] | None, Parameter(name="--by", negative="")] = None,
    target: str | None = None,
    positive: str | None = None,
    least: Annotated[int, Parameter(validator=Number(gte=2))] = 50,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    even_out: Annotated[str | None, Parameter(name="--even-out")] = None,
    save: Path | None = None,
    predictions: Path | None = None,
    prediction: str | None = None,
    probability: str | None = None,
    no_header: Annotated[bool, Parameter(negative="")] = False,
    columns: Annotated[list[str] | None, Parameter(name="--columns", negative="")] = None,
    components: Path | None = None,
    runs: Path = Path("runs"),
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Say whether a model treats groups of people alike, and how sure that is, on data that has the true values.

    Without a model: `crosstie audit --predictions FILE --target COLUMN --prediction COLUMN`.

    Args:
        model: A run, its model/, NAME/latest, hf://ORG/NAME@REVISION, a folder that `push` wrote, or a wheel.
        data: A table with the input columns, the target and the columns of --by; `-` reads standard input.
        by: Columns that groups are told apart by, separated by commas, alone and two by two. Those that seem to be about
            sex, race, age and the like if not given.
        target: Which output, of a model with several; with --predictions the column of true values.
        positive: The class that counts as chosen, where that is not the model's own positive one.
        least: Groups of fewer rows are shown and not judged.
        output: Write it as a page there, too: .html.
        even_out: Make a model of it that decides each group of --by by a threshold of its own, chosen on these rows, so
            that groups are alike by demographic_parity, equal_opportunity or equalized_odds.
        save: The folder that this model is written to. Judge it on other rows.
        predictions: A table with true and predicted values, whoever made them, in place of a model and its data.
        prediction: The column of predictions in it.
        probability: The column of the positive class's probability in it, if there is one.
        no_header: The first line of the data is a row, not names of columns.
        columns: Names of the data's columns in order, separated by commas, in place of those in it.
        components: The folder of your own feature types, if the model has one.
        runs: The folder of all runs, for NAME/latest.
        quiet: Do not say where figures were written.
        json: Print one line of JSON on standard output.
    """
    if predictions is not None:
        misplaced = {
            **of_a_model(model, columns, no_header, components),
            "--even-out": even_out,
            "--save": save,
        }
        true, said = predictions_asked(
            predictions, {"--target": target, "--prediction": prediction}, misplaced
        )
        found = api.audit_predictions(
            predictions,
            target=true,
            prediction=said,
            probability=probability,
            by=names(by),
            positive=positive,
            least=least,
            output=output,
            say=None if quiet else tell,
        )
    else:
        found = api.audit(
            *model_asked(
                "audit", model, data, {"--prediction": prediction, "--probability": probability}
            ),
            by=names(by),
            target=target,
            positive=positive,
            least=least,
            output=output,
            even_out=even_out,
            save=save,
            header=not no_header,
            columns=names(columns),
            components=components,
            runs=runs,
            say=None if quiet else tell,
        )
    if json:
        put_json({"audit": found.to_dict()})
    else:
        _put(found, model, trained=model is not None and Run.named(model, runs))
    return 0


def _put(found: "Audit", model: str | None, *, trained: bool) -> None:
    """Each column's groups and criteria, the intersections, what evening out costs, and the verdict."""
    from crosstie.serving.audit import LIMITS  # numpy, 120 ms

    chosen = f", {found.positive!r} counting as chosen" if found.positive else ""
    left = (
        f", {found.left_out} without a true or a predicted value left out" if found.left_out else ""
    )
    put(f"{found.output} on {found.rows} rows{chosen}{left}")
    for proposal in found.proposals:
        put(f"taken for its {proposal.why}: {proposal.column} ({proposal.about})")
    for note in found.notes:
        put(f"note: {note}")
    pairs = [each for each in found.by if len(each.columns) > 1]
    for each in found.by if len(pairs) == 1 else found.by[: len(found.by) - len(pairs)]:
        put("")
        _put_groups(found, each)
    if len(pairs) > 1:
        put("")
        _put_pairs(pairs)
    _put_costs(found)
    if (
        model is not None
        and found.mitigations
        and not any(each.applied for each in found.mitigations)
    ):
        _put_ways(found.mitigations[0], model, trained=trained)
    put("")
    _put_slices(found)
    put(found.verdict)
    put(LIMITS)


def _put_costs(found: "Audit") -> None:
    """What evening out would cost."""
    from crosstie.reports.audit import COSTS, cost_row  # numpy, 120 ms

    for columns in dict.fromkeys(each.columns for each in found.mitigations):
        own = [each for each in found.mitigations if each.columns == columns]
        put("")
        put_table(
            f"evening out by {' and '.join(columns)}, on rows that nothing was chosen by",
            list(COSTS),
            [cost_row(each) for each in own],
        )


def _put_ways(first: "Mitigation", model: str, *, trained: bool) -> None:
    """What to type to have groups evened out; a run can be trained again."""
    by, criterion = first.columns[0], first.criterion
    if trained:
        again = f"crosstie train {model} --set fairness.by={by} --set fairness"
        put(f"  to apply one: {again}.thresholds={criterion}")
        put(f"  to even out in training: {again}.reweighing=true")
    else:
        told = f"--by {by} --even-out {criterion} --save FOLDER"
        put(f"  to apply one: crosstie audit {model} OTHER_ROWS {told}")


def _put_pairs(pairs: "Sequence[Fairness]") -> None:
    """One line for each two columns: how many groups, and the criterion that is first."""
    first = next((criterion.name for each in pairs for criterion in each.criteria), "")
    rows = []
    for each in pairs:
        cells = [" and ".join(each.columns), str(len(each.groups) - len(each.small))]
        cells.append(str(len(each.small)))
        if each.criteria:
            _, value, interval, _, verdict, least, most = _criterion(each.criteria[0])
            cells += [value, interval, verdict, least, most]
        else:
            cells += ["", "", "", "", ""]
        rows.append(cells)
    put_table(
        f"two columns at a time, {first}; all criteria with --json",
        ["by", "groups", "too small", "value", "95 % interval", "verdict", "least", "most"],
        rows,
    )


def _put_groups(found: "Audit", each: "Fairness") -> None:
    by = " and ".join(each.columns)
    judged = [group for group in each.groups if group.judged]
    shown = [name for name in SHOWN[found.type] if name in found.overall]
    head = WITH_INTERVAL[found.type]
    rows = [
        [group.name, str(group.rows), _interval(group.rates.get(head)), *_rates(group, shown)]
        for group in judged
    ]
    everyone = [figure(found.overall[name].value) for name in shown]
    rows.append(["all rows", str(found.rows), _interval(found.overall.get(head)), *everyone])
    put_table(f"by {by}", ["group", "rows", f"{head}: 95 %", *shown], rows)
    if each.small:
        some = ", ".join(f"{group.name} ({group.rows})" for group in each.small[:8])
        more = f" and {len(each.small) - 8} more" if len(each.small) > 8 else ""
        put(f"  too small to be judged, fewer than {found.least} rows: {some}{more}")
    if each.criteria:
        put_table(
            "",
            ["criterion", "value", "95 % interval", "usual bound", "verdict", "least", "most"],
            [_criterion(criterion) for criterion in each.criteria],
        )
    else:
        put("  fewer than two groups can be judged, so nothing can be said of them")


def _rates(group: "Group", names: Sequence[str]) -> list[str]:
    return [figure(group.rates[name].value) if name in group.rates else "" for name in names]


def _interval(rate: "Rate | None") -> str:
    return "" if rate is None else f"{figure(rate.low)} to {figure(rate.high)}"


def _criterion(each: "Criterion") -> list[str]:
    bound = ""
    if each.bound is not None:
        bound = f"{'at least' if each.name.endswith('ratio') else 'at most'} {each.bound:g}"
    return [
        each.name,
        figure(each.value),
        f"{figure(each.low)} to {figure(each.high)}",
        bound,
        each.verdict,
        each.least,
        each.most,
    ]


def _put_slices(found: "Audit") -> None:
    """Where predictions are surely worse than elsewhere, whatever the columns are about."""
    if not found.slices:
        put(
            f"Of {found.slices_seen} slices by any columns none is surely predicted worse than the other rows."
        )
        return
    rows = [
        [
            each.name,
            str(each.rows),
            figure(each.loss),
            figure(each.others),
            f"{figure(each.low)} to {figure(each.high)}",
        ]
        for each in found.slices
    ]
    put_table(
        f"surely predicted worse than the other rows, of {found.slices_seen} slices by any columns",
        ["slice", "rows", found.loss, "others", "difference: 95 %"],
        rows,
    )
