"""The card of a published model: what it reads and predicts, how good it is, how it is used.

Its head is the one that the hub of published models asks for; the rest is for people. No cell of the training table
is in it: the row it shows is the artifact's, which is made up.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from crosstie.artifact.artifact import Artifact
from crosstie.config.document import dump
from crosstie.features.feature import Feature
from crosstie.features.output_feature import OutputFeature
from crosstie.reports.verdict import LEARNERS

LONG = 200  # characters of a cell: what is longer, such as a picture, is no example to read
FEW = 12  # classes that are named one by one


def card(
    model: Artifact,
    facts: Mapping[str, Any],
    evaluation: Mapping[str, Any],
    example: Mapping[str, Any],
    *,
    called: str,
    licence: str | None = None,
    limits: Sequence[str] = (),
) -> str:
    """The text of README.md.

    Args:
        model: The loaded model.
        facts: Of the published manifest.
        evaluation: Of the published evaluation.
        example: The artifact's `example.json`.
        called: What others type where a model is wanted.
        licence: As the hub calls it (`apache-2.0`); None leaves it open.
        limits: What to mind, a sentence each.
    """
    kind = _kind(model.inputs, model.outputs)
    head = _head(model, facts, evaluation, kind, licence)
    sections = [
        f"---\n{dump(head)}---",
        f"# {facts['name']}",
        _summary(model, facts),
        _use(called, example),
        _reads(model, example),
        _predicts(model.outputs, example),
        *_figures(evaluation),
        *(["## Limits\n\n" + "\n".join(f"- {_cell(each)}" for each in limits)] if limits else []),
        _made(model, facts, licence),
    ]
    return "\n\n".join(sections) + "\n"


def _kind(inputs: Sequence[Feature], outputs: Sequence[OutputFeature]) -> str | None:
    """What the hub calls such a task; None where it has no word for it."""
    if len(outputs) != 1:
        return None
    reads = {feature.type for feature in inputs}
    media = next((each for each in ("image", "audio", "text") if reads == {each}), "tabular")
    output = outputs[0].type
    if output == "number":
        return "tabular-regression" if media == "tabular" else None
    if output in ("binary", "category", "set"):
        return f"{media}-classification"
    return {
        "sequence": "token-classification",
        "text": "text-generation",
        "timeseries": "time-series-forecasting",
    }.get(output)


def _head(
    model: Artifact,
    facts: Mapping[str, Any],
    evaluation: Mapping[str, Any],
    kind: str | None,
    licence: str | None,
) -> dict[str, Any]:
    head: dict[str, Any] = {"library_name": "crosstie"}
    if licence:
        head["license"] = licence
    if kind:
        head["pipeline_tag"] = kind
    head["tags"] = ["crosstie", "onnx", facts.get("learner", facts["model_type"])]
    based = [each["source"] for each in _provenance(facts) if each.get("kind") == "hub"]
    if based:
        head["base_model"] = based
    results: list[dict[str, Any]] = []
    for name, report in evaluation["outputs"].items():
        found = evaluation["models"][0]["metrics"][evaluation["judged_on"]][name]
        results.append(
            {
                "task": {"type": kind or "other", "name": name},
                "dataset": {
                    "name": f"{report['rows']} {evaluation['judged_on']} rows",
                    "type": "unpublished",
                },
                "metrics": [
                    {"type": metric, "name": metric, "value": round(value, 4)}
                    for metric, value in found.items()
                    if metric in report["intervals"]
                ],
            }
        )
    if results:  # nothing measures groups, which have no truth
        named = dict.fromkeys(each["type"] for result in results for each in result["metrics"])
        head["metrics"] = list(named)
        head["model-index"] = [{"name": facts["name"], "results": results}]
    return head


def _summary(model: Artifact, facts: Mapping[str, Any]) -> str:
    outputs = " and ".join(f"**{_cell(each.name)}** ({each.type})" for each in model.outputs)
    count = len({feature.column for feature in model.inputs})
    learner = facts.get("learner", facts["model_type"])
    return (
        f"Predicts {outputs} from {count} {'column' if count == 1 else 'columns'}. It is "
        f"{LEARNERS.get(learner, learner)}, trained with crosstie {facts['versions']['crosstie']} on "
        f"{facts['started'][:10]}."
    )


def _use(called: str, example: Mapping[str, Any]) -> str:
    row = example["rows"][0]
    short = all(len(repr(each)) <= LONG for each in row.values())
    what, said = (_lines(row), "The row is made up. ") if short else ('"table.csv"', "")
    return (
        "## Use\n\n```python\nimport crosstie\n\n"
        f'model = crosstie.load("{called}")\nmodel.predict({what})\n```\n\n'
        f"```sh\ncrosstie predict {called} table.csv -o predictions.csv\n```\n\n"
        f"{said}Opening the model runs no code of it; predicting needs no PyTorch."
    )


def _lines(row: Mapping[str, Any]) -> str:
    """A dict as Python writes it, in lines of usual length."""
    lines = [""]
    for key, value in row.items():
        item = f"{key!r}: {value!r},"
        if lines[-1] and len(lines[-1]) + len(item) > 90:
            lines.append("")
        lines[-1] += f" {item}" if lines[-1] else item
    return "{\n" + "".join(f"    {line}\n" for line in lines) + "}"


def _reads(model: Artifact, example: Mapping[str, Any]) -> str:
    rows = []
    for feature in model.inputs:
        shown = str(example["rows"][0].get(feature.column))
        rows.append((feature.column, feature.type, shown if len(shown) <= 40 else shown[:39] + "…"))
    known = {feature.column for feature in model.inputs}
    rows += [(name, "orders or groups rows", "") for name in model.columns if name not in known]
    return "## Reads\n\n" + _table(("column", "type", "made-up cell"), rows)


def _predicts(outputs: Sequence[OutputFeature], example: Mapping[str, Any]) -> str:
    rows = []
    for feature in outputs:
        classes = ", ".join(list(feature.labels)[:FEW])
        if len(feature.labels) > FEW:
            classes += f", … ({len(feature.labels)} in all)"
        rows.append((feature.name, feature.type, classes))
    columns = [_cell(each) for each in list(example["predictions"][0])[:FEW]]
    more = " …" if len(example["predictions"][0]) > FEW else ""
    return (
        "## Predicts\n\n"
        + _table(("output", "type", "classes"), rows)
        + f"\n\nColumns of a prediction: {', '.join(columns)}{more}."
    )


def _figures(evaluation: Mapping[str, Any]) -> list[str]:
    """A table for each output: this model with its intervals beside the simple ones."""
    if not evaluation["outputs"]:
        return []
    part = evaluation["judged_on"]
    how = "that training never saw" if part == "test" else f"of the {part} part"
    found = []
    for name, report in evaluation["outputs"].items():
        models = [
            (each["model"], each["metrics"][part][name])
            for each in evaluation["models"]
            if name in each["metrics"].get(part, {})
        ]
        own = models[0][1]
        rows = []
        for metric, value in own.items():
            if metric not in report["intervals"]:
                continue
            low, high = report["intervals"][metric]
            rows.append(
                (
                    metric,
                    f"**{_number(value)}**",
                    f"{_number(low)} to {_number(high)}",
                    *(_number(other.get(metric)) for _, other in models[1:]),
                )
            )
        title = f"## Figures: {_cell(name)}" if len(evaluation["outputs"]) > 1 else "## Figures"
        header = ("metric", "this model", "95 % interval", *(each for each, _ in models[1:]))
        found.append(f"{title}\n\nOn {report['rows']} rows {how}.\n\n" + _table(header, rows))
    return found


def _made(model: Artifact, facts: Mapping[str, Any], licence: str | None) -> str:
    lines = [
        f"- {each['rows']} rows of {part} data, which are not published"
        for part, each in facts["data"].items()
    ]
    versions = facts["versions"]
    named = [
        f"{name} {versions[name]}"
        for name in ("torch", "lightgbm", "catboost")
        if versions.get(name)
    ]
    learner = facts.get("learner")
    used = {"ecd": "torch", "gbm": "lightgbm", "catboost": "catboost"}.get(str(learner))
    shown = [each for each in named if used and each.startswith(used)]
    lines.append(f"- seed {facts['seed']}" + "".join(f", {each}" for each in shown))
    if "start" in facts:
        lines.append(
            f"- began with the weights of {_cell(facts['start']['from'])} (SHA-256 {facts['start']['weights']})"
        )
    for each in _provenance(facts):
        revision = f" at {each['revision']}" if each.get("revision") else ""
        said = f", licence {each['licence']}" if each.get("licence") else ", licence not stated"
        lines.append(
            f"- holds published weights: {_cell(each['source'])}{revision} ({each['kind']}{said}), "
            f"SHA-256 {each['sha256']}"
        )
    own = model.manifest.get("own_types", {})
    lines += [
        f"- needs the feature type {_cell(kind)}, whose code ({_cell(file)}) is not part of the model"
        for kind, file in own.items()
    ]
    if licence is None:
        lines.append("- no licence was given: ask before you use it")
    return "## Made with\n\n" + "\n".join(lines)


def _provenance(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Where published weights that it began with are from, each once."""
    found = facts.get("published", {}).values()
    return list({each["sha256"]: each for each in found}.values())


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _cell(text: object) -> str:
    """What stands in a line of a table without breaking it."""
    return " ".join(str(text).replace("|", "\\|").replace("`", "'").split())


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, each))} |" for each in lines)
