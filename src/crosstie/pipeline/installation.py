"""What is installed here, what is missing, and the one line that installs it."""

import os
import platform
import re
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any

from crosstie.data.processors import processors

_PURPOSE = {
    "": "prediction",
    "arrow": "Parquet and Arrow",
    "text": "byte-pair tokens",
    "serve": "answering over HTTP",
    "train": "training",
    "catboost": "model_type catboost",
    "tune": "searching for the best options",
    "pretrained": "published networks",
    "vectors": "vectors in .hdf5 files",
    "sklearn": "models of scikit-learn",
    "hub": "publishing, and models of the hub",
    "devices": "mixed precision and several devices",
    "frames": "DataFrames in and out",
    "console": "a console",
    "notebooks": "notebooks as steps",
    "postgres": "steps in PostgreSQL",
    "install": "locking packages",
    "mlflow": "tracking in MLflow",
    "wandb": "tracking in Weights & Biases",
}


def installation() -> dict[str, Any]:
    """`{"ready": …, "packages": […], "advice": […], …}`, as `crosstie doctor` prints it."""
    packages: list[dict[str, str | None]] = []
    advice = []
    for extra, names in _extras().items():
        missing = []
        for name in names:
            found = installed(name)
            if not any(each["name"] == name for each in packages):
                packages.append({"name": name, "version": found, "for": _PURPOSE[extra]})
            if found is None:
                missing.append(name)
        if missing:
            advice.append(
                f"{_PURPOSE[extra]} needs {', '.join(missing)}: pip install 'crosstie[{extra}]'"
            )
    ready = not any("[train]" in line for line in advice)
    return {
        "crosstie": installed("crosstie"),
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
        "processors": processors(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "packages": packages,
        "advice": advice,
        "ready": ready,
    }


def extra_for(module: str) -> str | None:
    """The extra that brings a module; None if it is none of ours.

    Examples:
        >>> extra_for("ruamel.yaml"), extra_for("antigravity")
        ('train', None)
    """
    wanted = module.partition(".")[0].replace("_", "-")
    for extra, names in _extras().items():
        if extra and any(
            name.replace("_", "-").split(".")[0] in {wanted, f"{wanted}-yaml"} for name in names
        ):
            return extra
    return None


def _extras() -> dict[str, list[str]]:
    """Our own requirements by extra, as the installed package states them."""
    found: dict[str, list[str]] = {extra: [] for extra in _PURPOSE}
    for line in requires("crosstie") or ():
        requirement, _, marker = line.partition(";")
        system = re.search(r"sys_platform (==|!=) '(\w+)'", marker)
        if system and (system[1] == "==") != (sys.platform == system[2]):
            continue  # not for this system
        name = re.split(r"[<>=!~\[ ]", requirement.strip(), maxsplit=1)[0]
        told = re.search(r"extra == '(\w+)'", marker)
        extra = told[1] if told else ""
        if extra in found and name != "crosstie":
            found[extra].append(name)
    return found


def installed(name: str) -> str | None:
    """The version of a package that is installed, or None."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None
