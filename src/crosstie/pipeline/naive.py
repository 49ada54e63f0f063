"""Forecasts that nothing is learned for: the last number again, and the last season again."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from crosstie.features.output_feature import OutputFeature
from crosstie.features.timeseries import Timeseries
from crosstie.pipeline.candidate import Candidate, Part
from crosstie.pipeline.prepare import Prepared

Floats = NDArray[np.float64]

BASELINE, NAIVE, SEASONAL = "baseline", "naive", "seasonal naive"


def is_guess(model: str) -> bool:
    """Whether nothing was learned for a model of this name: a class's share, the mean, the last number again."""
    return model in (BASELINE, NAIVE) or model.startswith(SEASONAL)


def naive_parts(
    outputs: Sequence[OutputFeature], prepared: Prepared, chosen: Candidate
) -> dict[str, dict[str, Part]]:
    """By the name of a forecast and part of the data, what it says; nothing where no output goes on with an input.

    Args:
        outputs: Of the model.
        prepared: For the windows.
        chosen: Its parts have the rows.
    """
    found: dict[str, dict[str, Part]] = {}
    for output in outputs:
        window = _window(output, prepared)
        if window is None:
            continue
        assert isinstance(output, Timeseries)
        source, array = window
        seasons = {1, output.seasonality or 1}
        for season in sorted(seasons):
            if season > source.shape[0]:
                continue
            name = NAIVE if season == 1 else f"{SEASONAL} ({season})"
            for part, judged in chosen.parts.items():
                rows = len(judged.truth[output.name])
                scaled = np.asarray(prepared.batches[part].inputs[array][:rows, :, 0], np.float64)
                values = scaled * source.spread_[0] + source.mean_[0]
                said = repeated(values, season, output.size)
                others = found.setdefault(name, {}).get(part, replace(judged, raw={}))
                found[name][part] = replace(judged, raw={**others.raw, output.name: said})
    return found


def repeated(values: Floats, season: int, steps: int) -> Floats:
    """The last `season` numbers of each row `[rows, length]` over and over, `[rows, steps]`.

    The number before stands for one that is missing; a row without any is 0.
    """
    known = ~np.isnan(values)
    places = np.maximum.accumulate(np.where(known, np.arange(values.shape[1]), 0), axis=1)
    filled = np.take_along_axis(np.where(known, values, 0.0), places, axis=1)
    first = values.shape[1] - season
    return filled[:, first + np.arange(steps) % season]


def _window(output: OutputFeature, prepared: Prepared) -> tuple[Timeseries, str] | None:
    """The input that an output goes on with, and its array."""
    series = [each for each in prepared.preprocessor.inputs if each.kind == "series"]
    for place, each in enumerate(series):
        if (
            isinstance(each, Timeseries)
            and isinstance(output, Timeseries)
            and each.window_size
            and each.column == output.column
        ):
            return each, f"series_{place}"
    return None
