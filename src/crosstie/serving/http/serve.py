"""A process that listens, until it is told to end."""

import asyncio
import errno
import socket
from collections.abc import Callable
from contextlib import suppress

from crosstie.errors import ConfigError
from crosstie.serving.http.app import make_app
from crosstie.serving.http.in_process import InProcess
from crosstie.serving.http.listener import Listener
from crosstie.serving.http.processes import Processes
from crosstie.serving.http.service import Service
from crosstie.serving.http.settings import Settings
from crosstie.serving.http.swap import Place, Swap
from crosstie.serving.model import Model

WAITING = 2048  # connections that the system holds until they are taken


def serve(
    model: Model,
    settings: Settings,
    *,
    place: Place | None = None,
    say: Callable[[str], None] | None = None,
) -> None:
    """Answer requests until SIGTERM or SIGINT; those that came before are answered first.

    Args:
        model: What answers.
        settings: How.
        place: Where to look for the model's successors, if not where it was loaded from.
        say: Called with one line once requests may come.

    Raises:
        ArtifactError: The model cannot be asked.
        ConfigError: The settings contradict each other, the address cannot be listened on, or an event loop runs
            here already.
        KeyboardInterrupt: SIGINT ended it.
    """
    settings.check()
    _check_no_loop()
    if place is None and model.path is not None:
        place = Place(model.path)
    if settings.watch and place is None:
        raise ConfigError("--watch: this model lies nowhere. Serve one that was loaded")
    if settings.workers > 1 and model.path is None:
        raise ConfigError("--workers: each loads the model, and this one lies nowhere")
    holder = (
        InProcess(model, max_rows=settings.max_rows)
        if settings.workers == 1
        else Processes(model, settings)
    )
    with listening(settings) as listener:

        def ready() -> None:
            if say is not None:
                say(f"{model!r} on {address(listener)}, shown at {address(listener)}/docs")

        service, swap = Service(holder, settings), None
        if place is not None:
            swap = Swap(holder, place, service.metrics.swap, threads=settings.threads)
        Listener(make_app(service), holder, settings, ready=ready, swap=swap).answer(listener)


def _check_no_loop() -> None:
    """Raise within an event loop, as a notebook has one: a server needs its own."""
    with suppress(RuntimeError):  # there is none
        asyncio.get_running_loop()
        raise ConfigError(
            "a server needs an event loop of its own, and one runs here, as in a notebook. Use a thread: "
            "threading.Thread(target=crosstie.serve, args=(model,), daemon=True).start()"
        )


def listening(settings: Settings) -> socket.socket:
    """A socket that takes connections already.

    Raises:
        ConfigError: The address is another's, or none of this computer.
    """
    try:
        family, kind, *_, place = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(place)
            listener.listen(WAITING)
        except BaseException:
            listener.close()
            raise
    except OSError as error:
        raise ConfigError(_why(settings, error)) from None
    return listener


def _why(settings: Settings, error: OSError) -> str:
    where = f"{settings.host}:{settings.port}"
    if error.errno == errno.EADDRINUSE:
        return f"{where}: another program listens there. Give another --port, or 0 for a free one"
    if error.errno == errno.EACCES:
        return f"{where}: not allowed to listen there. Give a --port above 1023"
    return (
        f"{where}: cannot listen there: {error.strerror}. Give --host an address of this computer"
    )


def address(listener: socket.socket) -> str:
    """What to type into a browser."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared only
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
