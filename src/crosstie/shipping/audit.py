"""That a package imports nothing which it does not list, shown from its text: no path through it is forgotten.

What is imported as soon as the package is must come with what is always installed. What a function imports when it
is called, and what only such imports reach, may be of an extra, whose absence the code answers by naming it.
"""

from collections.abc import Collection, Iterable, Mapping

from crosstie.errors import Problem
from crosstie.shipping.modules import Module, own, targets
from crosstie.shipping.needs import Needs, distribution_of, is_foreign


def unlisted(
    modules: Mapping[str, Module], roots: Iterable[str], needs: Needs, shown: Mapping[str, str]
) -> list[Problem]:
    """Imports that a package's requirements do not answer.

    Args:
        modules: Everything in the wheel that is Python, by name.
        roots: What is imported first.
        needs: What the wheel lists.
        shown: What to call the files that are a user's own, by module.

    Returns:
        One problem for each file and distribution, in order.
    """
    at_once = _at_once(modules, roots)
    found: dict[tuple[str, str], Problem] = {}
    near = {name.partition(".")[0] for name in shown}  # a user's files may import each other
    for name, module in modules.items():
        for each in module.imports:
            if each.when == "typing" or not is_foreign(each.module):
                continue
            if name in shown and each.module.partition(".")[0] in near:
                continue
            brought = distribution_of(each.module)
            listed = each.when == "call" or name not in at_once
            if brought in needs.always or (listed and brought in needs.optional):
                continue
            place = f"{shown.get(name, name)}:{each.line}"
            found.setdefault(
                (name, brought), Problem(place, _why(each.module, brought, name in shown))
            )
    return list(found.values())


def _why(module: str, brought: str, users: bool) -> str:
    what = f"imports {module}, which the package does not list"
    if not users:
        return what
    return (
        f"{what}. Let the feature type's `requires` name {brought!r}, or keep what predicting does not need in "
        "another file"
    )


def _at_once(modules: Mapping[str, Module], roots: Iterable[str]) -> Collection[str]:
    """What is imported with the package, or by a registry that looks a name up."""
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        module = modules.get(name) or own(name)
        if name in found or module is None:
            continue
        found.add(name)
        waiting += targets(module, eager=True)
        waiting.append(name.rpartition(".")[0])
    return found
