"""A process that runs trials beside others: `python -m crosstie.search.tune_worker RUN UNTIL`, started by `tune`."""

import os
import sys
from pathlib import Path

from crosstie.errors import CrosstieError
from crosstie.pipeline.run import Run
from crosstie.search.tune import work

if __name__ == "__main__":
    try:
        work(
            Run(Path(sys.argv[1])),
            until=float(sys.argv[2]) if sys.argv[2] else None,
            parent=os.getppid(),
        )
    except KeyboardInterrupt:  # as the first process was, or that is gone
        sys.exit(130)
    except CrosstieError as error:
        print(error, file=sys.stderr)  # noqa: T201 - read by the first process
        sys.exit(2)
