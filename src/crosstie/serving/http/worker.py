"""A process that predicts for a server: `python -m …worker`, told what with on its standard input.

It is asked and answers over a socket, and ends once the server is gone.
"""

import json
import socket
import sys
from pathlib import Path

from crosstie.config.registry import use_components
from crosstie.data.rowwise.function import look_in
from crosstie.errors import CrosstieError
from crosstie.serving.http.frames import frame, of_replies, read_frame, to_jobs
from crosstie.serving.http.job import work
from crosstie.serving.http.tried import tried


def main() -> int:
    """Answer until nobody asks: the exit code."""
    told = json.load(sys.stdin)
    with socket.socket(fileno=told["socket"]) as line, line.makefile("rwb") as file:
        try:
            for folder in told["components"]:
                use_components(Path(folder))
            for folder in told["features"]:
                look_in(Path(folder))
            model = tried(Path(told["model"]), threads=told["threads"])
        except CrosstieError as error:
            file.write(frame([({"error": str(error)}, b"")]))
            return 2
        file.write(frame([({"error": None}, b"")]))
        file.flush()
        while (said := read_frame(file.read)) is not None:
            file.write(of_replies(work(model, to_jobs(said), told["max_rows"])))
            file.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
