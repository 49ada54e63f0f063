"""Which array of a `Batch` each feature goes to, and at which place: told as a `Layout`, and done."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from crosstie.data.batch import Categories, Date, Image, Layout, Output, Series, Tokens, Vector
from crosstie.features.feature import Feature, Kind
from crosstie.features.output_feature import OutputFeature


def layout(inputs: Sequence[Feature], outputs: Sequence[OutputFeature]) -> Layout:
    """What the arrays of `packed`, and the targets of these outputs, are."""
    of = by_kind(inputs)
    return Layout(
        numbers=tuple(each.name for each in of["number"]),
        units=tuple(each.unit for each in of["number"]),
        categories=tuple(Categories(each.name, each.codes) for each in of["category"]),
        tokens=tuple(
            Tokens(
                each.name,
                f"tokens_{i}",
                each.acts_as(),
                each.codes,
                each.places or each.width,
                *each.letters,
                words=each.width if each.places else 0,
            )
            for i, each in enumerate(of["tokens"])
        ),
        vectors=tuple(
            Vector(each.name, f"vector_{i}", each.width) for i, each in enumerate(of["vector"])
        ),
        dates=tuple(Date(each.name, f"date_{i}", each.width) for i, each in enumerate(of["date"])),
        images=tuple(_image(each, f"image_{i}") for i, each in enumerate(of["image"])),
        series=tuple(_series(each, f"series_{i}") for i, each in enumerate(of["series"])),
        outputs=tuple(
            Output(
                each.name,
                f"output_{i}",
                each.type,
                each.size,
                each.prior,
                tuple(each.labels),
                each.length,
                **_followed(each, of["series"]),
                copies=each.copies,
            )
            for i, each in enumerate(outputs)
        ),
    )


def packed(
    inputs: Sequence[Feature], encoded: Mapping[str, NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    """The arrays of inputs by name, as a `Batch` has them, put together as `layout` says."""
    of = by_kind(inputs)
    found: dict[str, NDArray[Any]] = {}
    for name, kind in (("numbers", "number"), ("categories", "category")):
        if features := of[kind]:
            first = encoded[features[0].name]
            found[name] = array = np.empty((len(first), len(features)), first.dtype)
            for place, feature in enumerate(features):
                array[:, place] = encoded[feature.name]
    for kind in ("tokens", "vector", "date", "image", "series"):
        for place, feature in enumerate(of[kind]):
            found[f"{kind}_{place}"] = encoded[feature.name]
    return found


def places(inputs: Sequence[Feature]) -> dict[str, list[tuple[str, int | None]]]:
    """By column, where in the arrays of `packed` stands what is read of it.

    Returns:
        Name of each array, and which column of it where features share one; None where all of it is the feature's.
    """
    of = by_kind(inputs)
    found: dict[str, list[tuple[str, int | None]]] = {each.column: [] for each in inputs}
    for name, kind in (("numbers", "number"), ("categories", "category")):
        for place, feature in enumerate(of[kind]):
            found[feature.column].append((name, place))
    for kind in ("tokens", "vector", "date", "image", "series"):
        for place, feature in enumerate(of[kind]):
            found[feature.column].append((f"{kind}_{place}", None))
    return found


def by_kind(inputs: Sequence[Feature]) -> dict[str, list[Feature]]:
    """Inputs by `Feature.kind`, in order."""
    found: dict[str, list[Feature]] = {kind: [] for kind in get_args(Kind)}
    for feature in inputs:
        found[feature.kind].append(feature)
    return found


def _followed(output: OutputFeature, series: Sequence[Feature]) -> dict[str, Any]:
    """What of `Output` says which series an output goes on with, if it does."""
    for place, each in enumerate(series):
        scales = output.goes_on_from(each)
        if scales is not None:
            rate, shift = scales
            return {"follows": f"series_{place}", "rate": rate, "shift": shift}
    return {}


def _image(feature: Feature, array: str) -> Image:
    channels, height, width = feature.shape
    return Image(feature.name, array, channels, height, width, feature.mean, feature.std)


def _series(feature: Feature, array: str) -> Series:
    length, channels = feature.shape
    return Series(feature.name, array, feature.type, length, channels)
