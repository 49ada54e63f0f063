"""Who listens to a run: the metrics log, TensorBoard, a progress bar where somebody watches, and whom the file names."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from crosstie.config.options import build
from crosstie.errors import CrosstieError
from crosstie.pipeline.findings import Findings
from crosstie.training.callbacks.callback import Callback, callbacks
from crosstie.training.callbacks.metrics_log import MetricsLog
from crosstie.training.callbacks.progress_bar import ProgressBar
from crosstie.training.callbacks.tensorboard import TensorBoard

ALWAYS = ("metrics_log", "tensorboard", "progress_bar")


def company(
    run: Path, sections: Sequence[Mapping[str, Any]] = (), *, progress: bool
) -> list[Callback]:
    """The callbacks of a run.

    Args:
        run: Its directory.
        sections: Of the file's `callbacks:`, filled.
        progress: Whether a person watches.
    """
    always: list[Callback] = [MetricsLog(run), TensorBoard(run)]
    if progress:
        always.append(ProgressBar(run))
    return [*always, *(_built(section, run) for section in sections)]


def read_callbacks(top: Mapping[str, Any], findings: Findings) -> list[dict[str, Any]]:
    """The filled sections of `callbacks:`; what is wrong with them is noted, absent packages too.

    Args:
        top: The file's filled top level.
        findings: Gets what is wrong.
    """
    sections: list[dict[str, Any]] = top["callbacks"]
    for index, section in enumerate(sections):
        place = findings.document.at("callbacks", index)
        if "type" not in section:
            continue  # told already
        if section["type"] in ALWAYS:
            findings.wrong(place, f"{section['type']!r} listens to every run anyway; leave it out")
            continue
        try:
            _built(section, Path())
        except CrosstieError as error:
            for problem in error.problems:
                findings.wrong(place, problem.what)
        except TypeError as error:
            findings.wrong(
                place,
                f"{section['type']!r} cannot be built from the run's folder and its options: {error}",
            )
    return sections


def _built(section: Mapping[str, Any], run: Path) -> Callback:
    given = {name: value for name, value in section.items() if name != "type"}
    return build(callbacks.get(section["type"]), run, **given)
