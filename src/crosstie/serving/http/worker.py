"""One of several processes that answer on one socket: `python -m …worker`, told what to do on its standard input.

Its input stays open for as long as whoever started it lives; when that ends it ends too, and drops no request.
"""

import json
import os
import signal
import socket
import sys
from pathlib import Path
from threading import Thread

from crosstie.config.registry import use_components
from crosstie.data.files import write_text
from crosstie.errors import CrosstieError
from crosstie.serving.http.alone import answer
from crosstie.serving.http.log import note
from crosstie.serving.http.settings import Settings
from crosstie.serving.http.swap import Place
from crosstie.serving.model import Model

SERVED = "served"  # the file that names the model that the workers have taken in since


def main() -> int:
    """Answer until a signal: the exit code."""
    given = json.loads(sys.stdin.buffer.readline())
    Thread(target=_end_with_the_other, daemon=True).start()
    for folder in given["components"]:
        use_components(Path(folder))
    served = Path(given["state"]) / SERVED
    folder = Path(served.read_text(encoding="utf-8") if served.is_file() else given["folder"])
    settings = Settings(**given["settings"])
    try:
        model = Model.load(folder, threads=settings.threads)
    except CrosstieError as error:
        note(f"a worker cannot serve: {error}")
        return 2
    place = Place(folder, Path(given["pointer"]) if given["pointer"] else None)
    with socket.socket(fileno=given["socket"]) as listener:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        try:
            answer(
                model,
                settings,
                listener,
                place,
                swapped=lambda new: write_text(served, str(new.path)),
            )
        except KeyboardInterrupt:
            return 130
    return 0


def _end_with_the_other() -> None:
    """End as SIGTERM would once whoever started this process is gone."""
    while os.read(0, 1):  # not through sys.stdin, whose lock would be held when the process ends
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
