"""What a run comes to in three sentences: what was predicted from what, how well beside simple models, what to mind."""

from collections.abc import Mapping
from typing import Any

from crosstie.evaluation.metric import metrics
from crosstie.reports.folder import Folder
from crosstie.reports.numbers import count, figure, share

FEW = 200  # rows that figures are of, below which they say little
UNCALIBRATED = 0.08
LEARNERS = {
    "catboost": "boosted symmetric trees",
    "decision_tree": "a decision tree",
    "ecd": "a neural network",
    "ensemble": "an average of several models",
    "extra_trees": "extremely randomised trees",
    "gbm": "boosted trees",
    "hdbscan": "the nearest of rows that lie dense (HDBSCAN)",
    "kmeans": "the nearest middle of a group (k-means)",
    "linear": "a linear model",
    "mixture": "the likeliest of several clouds (a Gaussian mixture)",
    "nearest_neighbors": "the nearest training rows",
    "random_forest": "a random forest",
    "support_vectors": "a support vector machine",
}
BASELINE = "baseline"
TOLD: Mapping[str, str] = {  # by type, what is told to who does not know metrics
    "binary": "accuracy",
    "category": "accuracy",
    "number": "mae",
    "timeseries": "mae",
    "set": "f1_micro",
    "sequence": "token_accuracy",
    "text": "row_accuracy",
}
LINEAR = {"accuracy": "a linear model in", "mae": "a linear model by"}
GUESSES: Mapping[str, str] = {
    "binary": "always saying the most frequent class in",
    "category": "always saying the most frequent class in",
    "number": "always saying the mean by",
}
Scores = Mapping[str, float]


def verdict(run: Folder) -> list[str]:
    """Three sentences, the last two for each output; of a run without figures, how it ended."""
    if run.groups:
        return [_grouped(run), run.groups["verdict"]]
    if not run.evaluation:
        return [_ended(run)]
    found = [_what(run)]
    for output in run.evaluation["outputs"]:
        found.append(how_well(run, output))
        found.append(_mind(run, output))
    return found


def limits(run: Folder) -> list[str]:
    """What to mind, a sentence for each output; of groups, whether there are any."""
    if run.groups:
        return [run.groups["verdict"]]
    return [_mind(run, output) for output in run.evaluation.get("outputs", {})]


def scores(run: Folder, output: str) -> dict[str, Scores]:
    """By model, the chosen one first, its metrics of an output on the part that judges them."""
    return {
        each["model"]: found
        for each in run.evaluation["models"]
        if (found := each["metrics"].get(run.judged, {}).get(output))
    }


def better(kind: str, metric: str) -> int:
    """1 where more of a metric is better, else -1."""
    return 1 if metrics.get(metric, of=kind).greater_is_better else -1


def _grouped(run: Folder) -> str:
    rows = count(run.groups["rows"], "row")
    source = str(run.manifest.get("data", {}).get("train", {}).get("source", "")).rsplit("/", 1)[-1]
    columns = count(len(run.config.get("input_features", ())), "column")
    method = LEARNERS.get(run.groups["method"], run.groups["method"])
    return f"{rows}{f' of {source}' if source else ''} are grouped by {columns}, without a target, by {method}."


def _ended(run: Folder) -> str:
    why = run.manifest.get("error")
    said = f": {why}" if why else ""
    return f"There is no model to report on: the run is {run.manifest.get('exit', 'empty')}{said}."


def _what(run: Folder) -> str:
    outputs = run.evaluation["outputs"]
    named = " and ".join(f"{name} ({_kind(each)})" for name, each in outputs.items())
    inputs = len(run.config.get("input_features", ()))
    data = run.manifest.get("data", {}).get("train", {})
    source = str(data.get("source", "")).rsplit("/", 1)[-1]
    of = (
        f" of {source}" if source and "fingerprint" in data else ""
    )  # a published run does not name it
    rows = next(iter(outputs.values()))["rows"]
    learner = str(run.manifest.get("learner", run.manifest.get("model_type", "")))
    seen = "that it did not learn from" if run.judged != "train" else "that it learned from, too"
    model = LEARNERS.get(learner, learner) or "a model"
    return (
        f"{named} {'is' if len(outputs) == 1 else 'are'} predicted from {count(inputs, 'column')}"
        f"{of} by {model}: {count(data.get('rows', 0), 'row')} in all, judged on "
        f"{count(rows, f'{run.judged} row')} {seen}."
    )


def _kind(report: Mapping[str, Any]) -> str:
    kind, labels = report["type"], report["labels"]
    if kind == "binary":
        return f"{labels[1]!s} or {labels[0]!s}"
    if kind == "category":
        return f"one of {len(labels)} classes"
    if kind == "set":
        return f"any of {len(labels)} labels"
    return {"number": "a number", "timeseries": "the steps ahead", "sequence": "a tag a word"}.get(
        kind, f"a {kind}"
    )


def how_well(run: Folder, output: str) -> str:
    """How often, or by how much, the model is wrong, and how the simple models do."""
    report, found = run.evaluation["outputs"][output], scores(run, output)
    kind = report["type"]
    chosen, own = next(iter(found.items()))
    metric = TOLD[kind] if TOLD[kind] in own else next(iter(own))
    interval = report["intervals"].get(metric)
    between = (
        f" (95 % interval {_told(kind, metric, interval[0])} to {_told(kind, metric, interval[1])})"
        if interval
        else ""
    )
    others = [
        f"{name} {_told(kind, metric, found[model][metric])}"
        for model, name in (
            (BASELINE, GUESSES.get(kind, "a guess that sees no column")),
            ("linear", LINEAR.get(metric, "a linear model")),
        )
        if model != chosen and metric in found.get(model, {})
    ]
    rows = " of rows" if metric == "accuracy" else ""
    said = f"For {output} it {_does(metric)} {_told(kind, metric, own[metric])}{rows}{between}"
    if others:
        said += f", {' and '.join(others)}"
    watched = run.evaluation["watched"].get(output)
    if watched and watched != metric and watched in own:
        span = report["intervals"].get(watched)
        said += f"; its {watched} is {figure(own[watched])}"
        said += f" ({figure(span[0])} to {figure(span[1])})" if span else ""
    return f"{said}."


def _does(metric: str) -> str:
    """The beginning of a sentence that a figure ends."""
    return {
        "accuracy": "is right in",
        "mae": "is off on average by",
    }.get(metric, f"has a {metric} of")


def _told(kind: str, metric: str, value: float) -> str:
    return share(value) if metric.endswith("accuracy") and kind != "number" else figure(value)


def _mind(run: Folder, output: str) -> str:
    doubts = [*_doubts(run, output)][:2]
    if not doubts:
        return (
            f"To mind for {output}: the figures hold for rows like these; on others, measure again."
        )
    return f"To mind for {output}: {'; and '.join(doubts)}."


def _doubts(run: Folder, output: str) -> list[str]:
    """What a person should know before trusting the figures, what matters most first."""
    report, found = run.evaluation["outputs"][output], scores(run, output)
    kind = report["type"]
    watched = run.evaluation["watched"].get(output)
    chosen, own = next(iter(found.items()))
    doubts = []
    metric = watched if watched in own else next(iter(own))
    sign = better(kind, metric)
    interval = report["intervals"].get(metric)
    guess = found.get(BASELINE, {}).get(metric)
    linear = found.get("linear", {}).get(metric)
    worst = None if interval is None else min(interval, key=lambda end: sign * end)
    if guess is not None and sign * own[metric] <= sign * guess:
        doubts.append(f"by {metric} it is no better than the baseline, which sees no column")
    elif guess is not None and worst is not None and sign * worst <= sign * guess:
        doubts.append(
            f"by {metric} it may be no better than the baseline: the interval reaches that"
        )
    if chosen != "linear" and linear is not None:
        if sign * linear >= sign * own[metric]:
            within = interval is not None and interval[0] <= linear <= interval[1]
            doubts.append(
                f"a linear model does {'as well' if within else 'better'} on these rows ({metric} {figure(linear)} against "
                f"{figure(own[metric])}){' and is simpler' if within else ''}"
            )
        elif worst is not None and sign * linear >= sign * worst:
            doubts.append(
                f"by {metric} it may be no better than a linear model, which is in its interval"
            )
    doubts += _weak(report)
    if report["rows"] < FEW:
        doubts.append(f"{count(report['rows'], 'row')} are few, so that the intervals are wide")
    if own.get("ece", 0.0) > UNCALIBRATED:
        doubts.append(f"its probabilities are off by {share(own['ece'])} on average")
    return doubts


def _weak(report: Mapping[str, Any]) -> list[str]:
    """The class that is missed most often, where that is more than half of it."""
    rows = [each for each in report.get("details", {}).get("per_class", ()) if each.get("support")]
    if len(rows) < 2:
        return []
    least = min(rows, key=lambda each: each["recall"])
    if least["recall"] >= 0.5:
        return []
    return [
        f"of {count(least['support'])} rows that are {least['label']} it finds {share(least['recall'])}"
    ]
