"""What a package may be called and which versions there are: as the rest of Python reads them, nothing near them."""

import keyword
import re
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution

from crosstie.errors import Problem
from crosstie.shipping.needs import owners

GENERATOR = "crosstie"  # who wrote a wheel, as its WHEEL file says
_NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
_CANONICAL = re.compile(
    r"([1-9]\d*!)?(0|[1-9]\d*)(\.(0|[1-9]\d*))*((a|b|rc)(0|[1-9]\d*))?(\.post(0|[1-9]\d*))?(\.dev(0|[1-9]\d*))?"
    r"(\+[a-z0-9]+(\.[a-z0-9]+)*)?"
)
_LOOSE = re.compile(
    r"v?(?P<release>\d+(\.\d+)*)([-_.]?(?P<pre>alpha|beta|preview|pre|rc|a|b|c)[-_.]?(?P<number>\d*))?"
    r"([-_.]?(?P<post>post|rev|r)[-_.]?(?P<after>\d*))?([-_.]?(?P<dev>dev)[-_.]?(?P<before>\d*))?"
)
_STAGES = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}


@dataclass(frozen=True)
class Names:
    """What a package is called.

    Attributes:
        distribution: By installers: `churn-model`.
        module: By `import`, and in the wheel's own name: `churn_model`.
    """

    distribution: str
    module: str


def names_of(name: str) -> Names | Problem:
    """A package's names, or why it may not be called so and what comes near.

    A package of one's own may be installed already; one of somebody else's would be hidden by it.

    Examples:
        >>> names_of("churn-model")
        Names(distribution='churn-model', module='churn_model')
        >>> print(names_of("Customer churn"))
        --name Customer churn: is no name of a package, which has a-z, 0-9 and _; did you mean 'customer_churn'?
        >>> print(names_of("json"))
        --name json: is a module of Python itself; did you mean 'json_model'?
    """
    why = _wrong(name)
    if why is None:
        return Names(name.replace("_", "-"), name.replace("-", "_"))
    return Problem(f"--name {name}", f"{why}; did you mean {usable(name)!r}?")


def usable(name: str) -> str:
    """The nearest name that a package may have.

    Examples:
        >>> usable("Customer churn"), usable("2024 sales"), usable("class"), usable("numpy")
        ('customer_churn', 'model_2024_sales', 'class_model', 'numpy_model')
    """
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    plain = plain if plain[:1].isalpha() else f"model_{plain}".rstrip("_")
    return f"{plain}_model" if _wrong(plain) else plain


def _wrong(name: str) -> str | None:
    module = name.replace("-", "_")
    if _NAME.fullmatch(name) is None:
        return "is no name of a package, which has a-z, 0-9 and _"
    if keyword.iskeyword(module) or keyword.issoftkeyword(module):
        return "is a word of Python itself"
    if module in sys.stdlib_module_names:
        return "is a module of Python itself"
    taken = _installed(module)
    return f"would hide {taken}, which is installed here" if taken else None


def _installed(module: str) -> str | None:
    """Somebody else's distribution that is installed under a name; None if there is none."""
    found = [*owners(module), module]
    for each in found:
        try:
            its = distribution(each)
        except PackageNotFoundError:
            continue
        if f"Generator: {GENERATOR}" not in (its.read_text("WHEEL") or ""):
            return str(its.metadata["Name"])
    return None


def wrong_version(version: str) -> Problem | None:
    """Why a version is none, and what comes near.

    Examples:
        >>> wrong_version("1.2.0"), wrong_version("2026.11.dev3")
        (None, None)
        >>> print(wrong_version("v1.2-beta"))
        --version v1.2-beta: is no version as Python's packages have it; did you mean '1.2b0'?
    """
    if _CANONICAL.fullmatch(version):
        return None
    found = _LOOSE.fullmatch(version.strip().lower())
    near = f"did you mean {_canonical(found)!r}?" if found else "write it like 1.2.0, or 1.2.0rc1"
    return Problem(f"--version {version}", f"is no version as Python's packages have it; {near}")


def _canonical(found: re.Match[str]) -> str:
    text = ".".join(str(int(each)) for each in found["release"].split("."))
    if found["pre"]:
        text += f"{_STAGES.get(found['pre'], found['pre'])}{int(found['number'] or 0)}"
    if found["post"]:
        text += f".post{int(found['after'] or 0)}"
    return f"{text}.dev{int(found['before'] or 0)}" if found["dev"] else text
