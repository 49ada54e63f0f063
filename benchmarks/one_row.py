"""One row in process: how long a prediction takes, and how long the first one after starting Python.

    one_row.py MODEL           one line of JSON: seconds to the first prediction, microseconds of each after

The peer is LightGBM asked through a DataFrame of one row, as one does without Crosstie.
"""

import json
import statistics
import sys
import time
from typing import Any

Row = dict[str, Any]
TIMES, ROUNDS = 200, 25


def one_row() -> list[Row]:
    """Adult's 14 columns by boosting and by a network."""
    from adult import booster, run_of
    from process import peer, run
    from tables import prepared

    theirs = peer("lightgbm_row.py", booster(), prepared("adult")[1]).json
    rows = []
    for learner in ("gbm", "ecd"):
        where = run_of(learner)
        found = [run(sys.executable, __file__, where).json for _ in range(5)]
        ours = {name: statistics.median(each[name] for each in found) for name in found[0]}
        for what, key, target in (
            ("one row, a dict", "row_us", "target 100 us"),
            ("one row, JSON text to answer", "json_us", ""),
        ):
            note = f"LightGBM through pandas{'; ' if target else ''}{target}"
            rows.append(_row(f"{what}, {learner}", ours[key], theirs["row_us"], note))
        first = {
            "what": f"import, load and first prediction, {learner}",
            "ours": f"{ours['first_s']:.2f} s",
            "peer": f"{theirs['first_s']:.2f} s",
            "ratio": f"{ours['first_s'] / theirs['first_s']:.2f}",
            "note": "LightGBM through pandas; target 0.5 s",
        }
        rows.append(first)
    return rows


def _row(what: str, ours: float, theirs: float, note: str) -> Row:
    return {
        "what": what,
        "ours": f"{ours:.0f} us",
        "peer": f"{theirs:.0f} us",
        "ratio": f"{ours / theirs:.3f}",
        "note": note,
    }


def main(model_path: str) -> None:
    start = time.perf_counter()
    import crosstie

    model = crosstie.load(model_path, threads=1)
    stored = json.loads((model.path / "example.json").read_text())
    row = stored["rows"][0]
    model.predict(row)
    first = time.perf_counter() - start
    text = json.dumps(row)
    print(
        json.dumps(
            {
                "first_s": round(first, 3),
                "row_us": timed(lambda: model.predict(row)),
                "json_us": timed(lambda: json.dumps(model.predict(json.loads(text)))),
            }
        )
    )


def timed(call: Any) -> float:
    """Microseconds of a call: the median of rounds."""
    found = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(TIMES):
            call()
        found.append((time.perf_counter() - start) / TIMES)
    return round(statistics.median(found) * 1e6, 1)


if __name__ == "__main__":
    main(sys.argv[1])
