"""Series: the default forecast beside naive and seasonal-naive ones, on the test part; and two sets to classify.

    python benchmarks/series.py DATA [NAME …]

DATA is the folder of data sets; a line a table, as in docs/series.md.
"""

import csv
import gzip
import json
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import crosstie

PROPHET, CO2, TAXI = "ts_prophet_examples", "ts_statsmodels_co2", "ts_nab_nyc_taxi"
FORECASTS: dict[str, tuple[str, str, int, int, int | None]] = {
    # name: table, column, window, horizon, season where no date tells it
    "air passengers": (f"{PROPHET}/example_air_passengers.csv", "y", 24, 12, None),
    "retail sales": (f"{PROPHET}/example_retail_sales.csv", "y", 24, 12, None),
    "page views": (f"{PROPHET}/example_wp_log_peyton_manning.csv", "y", 56, 14, None),
    "pedestrians": (f"{PROPHET}/example_pedestrians_multivariate.csv", "location_4", 72, 24, None),
    "co2": (f"{CO2}/co2.csv", "co2", 104, 26, 52),
    "electrical equipment": (f"{CO2}/elec_equip.csv", "STS.M.I7.W.TOVT.NS0016.4.000", 24, 12, 12),
    "taxi demand": (f"{TAXI}/nyc_taxi.csv", "value", 96, 48, None),
    "pm2.5": ("ts_beijing_pm25/pollution.csv.gz", "pm2.5", 48, 24, 24),
}
BESIDE = {"pm2.5": ("DEWP", "TEMP", "PRES", "Iws")}  # windows of other columns


def forecast(data: Path, name: str, runs: Path) -> list[str]:
    """Train the default, and say what it and the naive ones miss on the test part."""
    table, column, window, horizon, season = FORECASTS[name]
    seen = [column, *BESIDE.get(name, ())]
    options: dict[str, Any] = {"horizon": horizon, **({"seasonality": season} if season else {})}
    file = {
        "input_features": [
            {"name": each, "type": "timeseries", "preprocessing": {"window_size": window}}
            for each in seen
        ],
        "output_features": [
            {"name": "next", "column": column, "type": "timeseries", "preprocessing": options}
        ],
    }
    started = time.perf_counter()
    run = crosstie.train(file, data=str(data / table), runs=runs)
    seconds = time.perf_counter() - started
    models = json.loads((run.path / "evaluation.json").read_text())["models"]
    said = {each["model"]: each["metrics"]["test"]["next"] for each in models}
    seasonal = next((each for each in said if each.startswith("seasonal")), "naive")
    errors = [said[each].get("mase", float("nan")) for each in ("ecd", "naive", seasonal)]
    shares = [said[each]["smape"] for each in ("ecd", seasonal)]
    return [
        f"{name} ({window} → {horizon})",
        *(f"{each:.3f}" for each in errors),
        *(f"{each:.3f}" for each in shares),
        f"{seconds:.0f}",
    ]


def digits(data: Path, runs: Path) -> list[str]:
    """Spoken digits: tested on each speaker's first five recordings, as their authors ask."""
    with tempfile.TemporaryDirectory() as folder:
        zipfile.ZipFile(data / "aud_fsdd" / "fsdd_600.zip").extractall(folder)
        sounds = sorted(Path(folder).rglob("*.wav"))
        tables = {}
        for part in ("train", "test"):
            tables[part] = Path(folder) / f"{part}.csv"
            rows = [
                each for each in sounds if (int(each.stem.split("_")[2]) < 5) == (part == "test")
            ]
            with tables[part].open("w", newline="") as file:
                lines = [(each, each.stem.split("_")[0]) for each in rows]
                csv.writer(file).writerows([("sound", "digit"), *lines])
        return _classified("spoken digits", tables["train"], tables["test"], "digit", runs)


def vowels(data: Path, runs: Path) -> list[str]:
    """Who says the vowels: twelve channels, 7 to 29 steps."""
    with tempfile.TemporaryDirectory() as folder:
        tables = []
        for part in ("TRAIN", "TEST"):
            packed = data / "ts_japanese_vowels" / f"JapaneseVowels_{part}.ts.gz"
            tables.append(Path(folder) / f"{part}.ts")
            tables[-1].write_bytes(gzip.decompress(packed.read_bytes()))
        return _classified("Japanese vowels", *tables, "label", runs)


def _classified(name: str, train: Path, test: Path, target: str, runs: Path) -> list[str]:
    started = time.perf_counter()
    run = crosstie.train(str(train), target=target, test=str(test), runs=runs)
    seconds = time.perf_counter() - started
    found = json.loads((run.path / "metrics.json").read_text())["test"][target]
    return [name, f"{found['accuracy']:.3f}", f"{found['log_loss']:.3f}", f"{seconds:.0f}"]


def main() -> None:
    """Print a line a table."""
    data, *names = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        for name in names or FORECASTS:
            if name in FORECASTS:
                print(" | ".join(forecast(Path(data), name, Path(folder))), flush=True)
        for name, measure in {"spoken digits": digits, "Japanese vowels": vowels}.items():
            if not names or name in names:
                print(" | ".join(measure(Path(data), Path(folder))), flush=True)


if __name__ == "__main__":
    main()
