"""One process that answers."""

import socket
from collections.abc import Callable

from crosstie.serving.http.app import make_app
from crosstie.serving.http.holder import ModelHolder
from crosstie.serving.http.listener import Listener
from crosstie.serving.http.settings import Settings
from crosstie.serving.http.swap import Place, Swap
from crosstie.serving.model import Model


def answer(
    model: Model,
    settings: Settings,
    listener: socket.socket,
    place: Place | None = None,
    *,
    swapped: Callable[[Model], None] | None = None,
) -> None:
    """Answer requests in this process until SIGTERM or SIGINT.

    Args:
        model: What answers.
        settings: How.
        listener: Where requests come from.
        place: Where the model's successors will lie.
        swapped: Told of each that is taken in.

    Raises:
        KeyboardInterrupt: SIGINT ended it.
    """
    holder = ModelHolder(model)
    app = make_app(holder, settings)
    swap = None
    if place is not None:
        count = app.state.service.metrics.swap
        swap = Swap(holder, place, count, threads=settings.threads, swapped=swapped)
    Listener(app, holder, settings, swap).answer(listener)
