"""Numbers, shares and times as people read them, and which metrics are shown first."""

from collections.abc import Mapping, Sequence

HEADLINES: Mapping[str, Sequence[str]] = {
    "binary": ("roc_auc", "accuracy", "f1", "log_loss"),
    "category": ("accuracy", "f1", "log_loss"),
    "number": ("rmse", "mae", "r2"),
    "timeseries": ("mase", "smape", "rmse", "mae"),
    "set": ("f1_micro", "f1_macro", "jaccard", "log_loss"),
    "text": ("bleu", "chrf", "rouge_l", "row_accuracy"),
    "sequence": ("span_f1", "span_precision", "span_recall", "token_accuracy", "row_accuracy"),
}


def headlines(kind: str, watched: str | None, have: Mapping[str, float]) -> list[str]:
    """The metrics of an output that a table shows, what training went by among them.

    Args:
        kind: The output's type.
        watched: The metric that it was watched by.
        have: What was measured.

    Examples:
        >>> headlines("number", "mape", {"rmse": 2.0, "r2": 0.5, "mape": 0.1})
        ['mape', 'rmse', 'r2']
    """
    names = [name for name in HEADLINES[kind] if name in have]
    if watched is not None and watched in have and watched not in names:
        names.insert(0, watched)
    return names


def figure(value: float | None) -> str:
    """A metric as people read it: four digits that matter.

    Examples:
        >>> figure(43551.2), figure(0.86364), figure(12.5), figure(None)
        ('43,551', '0.8636', '12.50', '')
    """
    if value is None:
        return ""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) >= 1:
        return f"{value:#.4g}"
    if 0 < value < 0.001:  # an error in a small unit; what is so little below zero is nothing
        return f"{value:.2g}"
    return f"{value:.4f}".replace("-0.0000", "0.0000")


def count(value: float, noun: str = "") -> str:
    """A number of things, with what they are.

    Examples:
        >>> count(1, "row"), count(12000, "row"), count(2.5)
        ('1 row', '12,000 rows', '2.5')
    """
    shown = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}"
    return f"{shown} {noun}{'' if value == 1 else 's'}" if noun else shown


def share(value: float) -> str:
    """A part of a whole in percent; what is little is not called nothing.

    Examples:
        >>> share(0.2), share(0.0004), share(0.0)
        ('20 %', 'below 0.1 %', '0 %')
    """
    if 0 < value < 0.001:
        return "below 0.1 %"
    text = f"{100 * value:.1f}"
    return f"{text.removesuffix('.0')} %"


def seconds(value: float) -> str:
    """How long something took.

    Examples:
        >>> seconds(0.25), seconds(64.2), seconds(163.4), seconds(7260)
        ('0.2 s', '64 s', '2 min 43 s', '2 h 1 min')
    """
    if value < 10:
        return f"{value:.1f} s"
    if value < 100:
        return f"{value:.0f} s"
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"
