"""What was found, in sentences: how many groups there are, and what speaks for them."""

from crosstie.clustering.choose import MARGIN, STABLE, Choice
from crosstie.reports.numbers import count, share

ALIKE = 0.8  # adjusted Rand index from which on what differs is not worth a word


def verdict(choice: Choice, *, method: str, asked: int | None) -> str:
    """Whether there are groups, how many, and why that may be believed.

    Args:
        choice: What was chosen.
        method: How groups were sought.
        asked: How many were asked for, if so.
    """
    groups = choice.grouping.groups
    if not groups:
        return "No groups: nowhere do rows lie so dense that they would be one."
    if choice.clear:
        as_asked = ", as asked," if asked is not None else ""
        alike = "alike" if choice.stability >= ALIKE else "much alike"
        said = (
            f"{count(groups, 'group')}{as_asked} stand apart: {_figures(choice, method)}, and two halves of the rows are "
            f"grouped {alike} ({_stability(choice)})."
        )
        last = choice.chosen == len(choice.tried) - 1 and method != "hdbscan"
        return f"{said} No more were tried." if last and asked is None else said
    if choice.one and method == "mixture":
        why = f"one cloud describes the rows better than {groups} (BIC)"
    elif choice.stability < STABLE:
        why = f"two halves of the rows are grouped too differently ({_stability(choice)}, at least {STABLE:g} would do)"
    else:
        why = _by_chance(choice, method)
    return f"No clear groups: {why}. The {groups} that were made are one way to part the rows, no more."


def _by_chance(choice: Choice, method: str) -> str:
    """That rows without groups look about the same."""
    if method == "hdbscan":
        return "rows that are one cloud lie in dense places as well"
    reference = choice.best.reference or 0.0
    most = min(reference + max(choice.bound, MARGIN), 1.0)
    return (
        f"rows that are one cloud come as far by chance (silhouette {choice.best.silhouette or 0:.2f}, of such rows "
        f"{reference:.2f} and by chance up to {most:.2f})"
    )


def _figures(choice: Choice, method: str) -> str:
    best = choice.best
    if method == "hdbscan":
        outside = f", {share(best.outside)} in none" if best.outside else ""
        return f"{share(1 - best.outside)} of the rows lie in dense places{outside}"
    return (
        f"rows are nearer to their own than to the next (silhouette {best.silhouette or 0:.2f}, of rows that are one cloud "
        f"{best.reference or 0:.2f})"
    )


def _stability(choice: Choice) -> str:
    return f"stability {choice.stability:.2f}"
