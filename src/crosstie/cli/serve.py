"""`crosstie serve`: a model that answers over HTTP."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from crosstie import api
from crosstie.cli.output import tell


def serve(
    model: str,
    /,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    token: str | None = None,
    insecure: Annotated[bool, Parameter(negative="")] = False,
    max_body: int = 16 << 20,
    max_rows: int = 10_000,
    explain_rows: int = 0,
    explain_samples: int = 32,
    timeout: float = 30.0,
    concurrency: int = 64,
    drain: float = 30.0,
    workers: int = 1,
    threads: int = 1,
    watch: Annotated[bool, Parameter(negative="")] = False,
    components: Path | None = None,
    runs: Path = Path("runs"),
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative="")] = False,
) -> int:
    """Answer requests with a model. The log, one line of JSON a request, goes to standard error.

    Args:
        model: A run, its model/, NAME/latest, hf://ORG/NAME@REVISION, a folder that `push` wrote, or a wheel.
        host: The address to listen on; one that others reach needs a token.
        port: 0 takes a free one.
        token: What requests must carry. Set CROSSTIE_TOKEN rather: others on this computer see a command line.
        insecure: Listen where others reach it without a token.
        max_body: Bytes of a request.
        max_rows: Rows of a request.
        explain_rows: Rows of a request that asks what columns add to predictions (POST /predict?explain); 0 answers none.
        explain_samples: Pairs of orders of columns that are walked for such a row at most: each asks the model of twice as
            many rows as there are columns.
        timeout: Seconds for a request to arrive, and again for its answer.
        concurrency: Requests that are answered at once; further ones are turned away.
        drain: Seconds that requests have to end after SIGTERM or Ctrl-C.
        workers: Processes that predict, each with the model; 1 is the server itself.
        threads: Processor threads of a prediction: more are quicker for large networks and slower for all else.
        watch: Serve a new model in place of this one when it lies where this one was found, as SIGHUP does once.
        components: The folder of your own feature types, if the model has one.
        runs: The folder of all runs, for NAME/latest.
        quiet: Do not say where it listens.
    """
    api.serve(
        model,
        host=host,
        port=port,
        token=token,
        insecure=insecure,
        max_body=max_body,
        max_rows=max_rows,
        explain_rows=explain_rows,
        explain_samples=explain_samples,
        timeout=timeout,
        concurrency=concurrency,
        drain=drain,
        workers=workers,
        threads=threads,
        watch=watch,
        components=components,
        runs=runs,
        say=None if quiet else tell,
    )
    return 0
