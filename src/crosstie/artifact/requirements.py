"""What has to be installed where a model predicts, in the versions that made it: nothing that only training needs."""

from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from crosstie.features.feature import Feature

ALWAYS = ("annotated-types", "numpy", "onnxruntime", "safetensors")


def requirements(features: Sequence[Feature], more: Sequence[str] = ()) -> dict[str, str]:
    """Distributions by name with the versions installed here.

    Args:
        features: All inputs of a model.
        more: What else it needs.
    """
    names = {*ALWAYS, *more, *(name for feature in features for name in feature.requires)}
    return {name: _version(name) for name in sorted(names)}


def _version(name: str) -> str:
    try:
        return version(name)
    except (
        PackageNotFoundError
    ):  # its module came under another name: onnxruntime in onnxruntime-gpu
        return str(import_module(name).__version__)
