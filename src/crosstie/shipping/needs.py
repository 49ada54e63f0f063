"""What a package lists: the pinned requirements of its model, and extras for what its code can do beside predicting.

the model's own         as its manifest names them, in the versions that training had
[serve]                 the server's, likewise
[arrow], [frames], …    readers of further kinds of files and the like: ours, as far as the code in the wheel
                        imports them, in the ranges that we allow
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import (
    PackageNotFoundError,
    metadata,
    packages_distributions,
    requires,
    version,
)
from importlib.metadata import distributions as every_distribution

from crosstie.shipping.modules import OWN, Module

SERVER = f"{OWN}.serving.http"
OLDEST = 11  # minor version of Python that our own code runs on
_ELSEWHERE = {"pil": "pillow"}  # a module whose distribution is called otherwise and may be absent
_WHOLE = {"all", "dev"}
_EXTRA = re.compile(r"(?:\band\s+)?extra == ['\"](.+?)['\"]")


@dataclass(frozen=True)
class Needs:
    """What a package needs.

    Attributes:
        always: Distribution to requirement.
        extras: By extra: distribution to requirement.
        python: The oldest Python that all of `always` runs on.
    """

    always: Mapping[str, str]
    extras: Mapping[str, Mapping[str, str]]
    python: str

    @property
    def optional(self) -> set[str]:
        """Distributions of the extras."""
        return {name for needed in self.extras.values() for name in needed}


def needs_of(pinned: Mapping[str, str], modules: Iterable[Module]) -> Needs:
    """What a package lists.

    Args:
        pinned: Distribution to version: the model's, which its manifest names.
        modules: Of ours, those in the wheel.
    """
    always = {normal(name): f"{name}=={public(text)}" for name, text in sorted(pinned.items())}
    modules = list(modules)
    wanted = {
        distribution_of(each.module)
        for module in modules
        for each in module.imports
        if each.when != "typing" and is_foreign(each.module)
    }
    serving = {
        distribution_of(each.module)
        for module in modules
        if module.name.startswith(SERVER)
        for each in module.imports
        if each.when != "typing" and is_foreign(each.module)
    }
    ours = own_extras()
    extras = {
        extra: {name: text for name, text in needed.items() if name in wanted - {*always}}
        for extra, needed in ours.items()
        if extra not in _WHOLE
    }
    elsewhere = {name for extra, needed in extras.items() if extra != "serve" for name in needed}
    server = {*(serving - elsewhere), *ours.get("serve", {})} - {*always}
    extras["serve"] = {
        name: _pinned(name, ours.get("serve", {}).get(name, name))
        for name in sorted(server)
        if serving
    }
    return Needs(
        always,
        {extra: needed for extra, needed in sorted(extras.items()) if needed},
        _python(always),
    )


def own_extras() -> dict[str, dict[str, str]]:
    """Our own requirements by extra, as installed: distribution to requirement, with the systems that it is for."""
    found: dict[str, dict[str, str]] = {}
    try:
        lines = requires(OWN) or ()
    except PackageNotFoundError:
        return found
    for line in lines:
        requirement, _, marker = line.partition(";")
        extra = _EXTRA.search(marker)
        systems = _EXTRA.sub("", marker).strip()
        name = normal(re.split(r"[<>=!~\[ ]", requirement.strip(), maxsplit=1)[0])
        if extra is not None and name != OWN:
            told = f"{requirement.strip()} ; {systems}" if systems else requirement.strip()
            found.setdefault(extra[1], {})[name] = told
    return found


def distribution_of(module: str) -> str:
    """The distribution that brings a module, by its normal name: the installed one, or the one of that name."""
    top = module.partition(".")[0]
    found = owners(top)
    if found:
        return normal(found[0])
    name = normal(top)
    if name in _ELSEWHERE:
        return _ELSEWHERE[name]
    known = {each for needed in own_extras().values() for each in needed}
    return next((each for each in known if each.split(".")[0] == name), name)


def is_foreign(module: str) -> bool:
    """Whether a module comes neither with Python nor with us."""
    import sys

    top = module.partition(".")[0]
    return bool(top) and top != OWN and top not in sys.stdlib_module_names


def normal(name: str) -> str:
    """A distribution's name as installers compare it.

    Examples:
        >>> normal("Huggingface_Hub"), normal("ruamel.yaml")
        ('huggingface-hub', 'ruamel.yaml')
    """
    return name.lower().replace("_", "-")


def public(version: str) -> str:
    """A version without what only a machine's own build adds to it.

    Examples:
        >>> public("2.6.0+cpu")
        '2.6.0'
    """
    return version.partition("+")[0]


def installed() -> dict[str, str]:
    """Distribution to version of all that is installed here."""
    told = (each.metadata for each in every_distribution())  # read and parsed anew whenever asked
    return {normal(each["Name"]): public(each["Version"]) for each in told if each["Name"]}


def owners(module: str) -> list[str]:
    """The installed distributions that bring a module, by its first name."""
    import sys

    return _owners(tuple(sys.path)).get(module, [])


@lru_cache
def _owners(path: tuple[str, ...]) -> Mapping[str, list[str]]:
    """Those of every module that lies on `path`, Python's own: 0.3 s to look up."""
    return packages_distributions()


def _pinned(name: str, otherwise: str) -> str:
    _, semicolon, systems = otherwise.partition(" ;")
    try:
        return f"{name}=={public(version(name))}{semicolon}{systems}"
    except PackageNotFoundError:
        return otherwise


def _python(names: Iterable[str]) -> str:
    """The oldest Python that some distributions say they run on."""
    minors = [OLDEST]
    for name in names:
        try:
            said = str(metadata(name).json.get("requires_python", ""))
        except PackageNotFoundError:
            continue
        minors += [int(each) for each in re.findall(r">=\s*3\.(\d+)", said)]
    return f"3.{max(minors)}"
