"""Series: the default forecast beside naive and seasonal-naive ones, on the newest rows; and one set to classify."""

import gzip
from typing import Any

from table import CACHE, originals
from trained import trained

TITLE = "Series"
PROPHET, CO2, TAXI = "ts_prophet_examples", "ts_statsmodels_co2", "ts_nab_nyc_taxi"
FORECASTS: dict[str, tuple[str, str, int, int, int | None]] = {
    # name: table, column, window, horizon, season where no date tells it
    "air_passengers": (f"{PROPHET}/example_air_passengers.csv", "y", 24, 12, None),
    "retail_sales": (f"{PROPHET}/example_retail_sales.csv", "y", 24, 12, None),
    "page_views": (f"{PROPHET}/example_wp_log_peyton_manning.csv", "y", 56, 14, None),
    "pedestrians": (f"{PROPHET}/example_pedestrians_multivariate.csv", "location_4", 72, 24, None),
    "co2": (f"{CO2}/co2.csv", "co2", 104, 26, 52),
    "electrical_equipment": (f"{CO2}/elec_equip.csv", "STS.M.I7.W.TOVT.NS0016.4.000", 24, 12, 12),
    "taxi_demand": (f"{TAXI}/nyc_taxi.csv", "value", 96, 48, None),
    "pm25": ("ts_beijing_pm25/pollution.csv.gz", "pm2.5", 48, 24, 24),
}
BESIDE = {"pm25": ("DEWP", "TEMP", "PRES", "Iws")}  # windows of other columns
VOWELS = "japanese_vowels"
CASES = (*FORECASTS, VOWELS)


def measure(name: str) -> dict[str, Any]:
    """What the default and the naive ones miss on the test part; of the vowels, who says them."""
    return vowels() if name == VOWELS else forecast(name)


def forecast(name: str) -> dict[str, Any]:
    table, column, window, horizon, season = FORECASTS[name]
    options = {"horizon": horizon, **({"seasonality": season} if season else {})}
    file = {
        "data": str(originals() / table),
        "input_features": [
            {"name": each, "type": "timeseries", "preprocessing": {"window_size": window}}
            for each in (column, *BESIDE.get(name, ()))
        ],
        "output_features": [
            {"name": "next", "column": column, "type": "timeseries", "preprocessing": options}
        ],
    }
    done = trained(file, CACHE / "series" / name)
    said = {model: found["next"] for model, found in done.models.items()}
    seasonal = next((each for each in said if each.startswith("seasonal")), "naive")
    return {
        "steps": f"{window} → {horizon}",
        "mase": [said[each].get("mase") for each in ("ecd", "naive", seasonal)],
        "smape": [said[each]["smape"] for each in ("ecd", seasonal)],
        "train_s": round(done.seconds),
    }


def vowels() -> dict[str, Any]:
    """Who says the vowels: twelve channels, 7 to 29 steps, the publisher's own test part."""
    folder = CACHE / "series" / VOWELS
    folder.mkdir(parents=True, exist_ok=True)
    parts = {part: folder / f"{part}.ts" for part in ("train", "test")}
    for part, path in parts.items():
        packed = originals() / f"ts_japanese_vowels/JapaneseVowels_{part.upper()}.ts.gz"
        path.write_bytes(gzip.decompress(packed.read_bytes()))
    file = {"data": {each: str(path) for each, path in parts.items()}, "target": "label"}
    done = trained(file, folder / "trained")
    return {"accuracy": done.metrics["label"]["accuracy"], "train_s": round(done.seconds)}


def markdown(done: dict[str, dict[str, Any]]) -> str:
    lines = [
        "| series (window → horizon) | MASE: default | naive | seasonal naive | sMAPE: default | seasonal naive | seconds |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, found in done.items():
        if name == VOWELS:
            continue
        shown = [f"{each:.3f}" for each in (*found["mase"], *found["smape"])]
        lines.append(f"| {name} ({found['steps']}) | {' | '.join(shown)} | {found['train_s']} |")
    if VOWELS in done:
        found = done[VOWELS]
        lines += [
            "",
            f"Japanese vowels, nine speakers: accuracy {found['accuracy']:.3f} in {found['train_s']} s.",
        ]
    return "\n".join(lines)
