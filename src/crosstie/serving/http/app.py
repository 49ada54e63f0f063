"""The server's routes, as an ASGI application.

Requests are led by a look-up and not by the HTTP library's router: with its layers between, one took a third longer.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from crosstie.serving.http import inference, pages
from crosstie.serving.http.guard import Guard
from crosstie.serving.http.predict import predict
from crosstie.serving.http.refused import Refused
from crosstie.serving.http.service import Service

Endpoint = Callable[[Request], Awaitable[Response]]

ROUTES: dict[str, tuple[str, Endpoint]] = {
    "/": ("GET", pages.root),
    "/docs": ("GET", pages.docs),
    "/schema": ("GET", pages.schema),
    "/openapi.json": ("GET", pages.api),
    "/metrics": ("GET", pages.metrics),
    "/healthz": ("GET", pages.healthz),
    "/readyz": ("GET", pages.readyz),
    "/predict": ("POST", predict),
    "/v2": ("GET", inference.server),
    "/v2/health/live": ("GET", inference.live),
    "/v2/health/ready": ("GET", inference.ready),
}
MODEL = re.compile(r"/v2/models/(?P<name>[^/]+)(?:/versions/(?P<version>[^/]+))?(?P<rest>/.*)?")
OF_MODEL: dict[str | None, tuple[str, Endpoint]] = {
    None: ("GET", inference.model),
    "/ready": ("GET", inference.ready),
    "/infer": ("POST", inference.infer),
}


def make_app(service: Service) -> ASGIApp:
    """A model as an ASGI application.

    Args:
        service: The model within its limits.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        endpoint, named = _endpoint(scope["path"], scope["method"])
        scope["endpoint"], scope["path_params"], scope["service"] = endpoint, named, service
        response = await endpoint(Request(scope, receive))
        await response(scope, receive, send)

    return Guard(app, service.settings.token, service.metrics.request)


def _endpoint(path: str, method: str) -> tuple[Endpoint, dict[str, Any]]:
    """What answers, and what the path names.

    Raises:
        Refused: There is no such path (404), or not with this method (405).
    """
    route, named = ROUTES.get(path), {}
    if route is None and (found := MODEL.fullmatch(path)):
        named = {name: each for name, each in found.groupdict().items() if each is not None}
        route = OF_MODEL.get(named.pop("rest", None))
    if route is None:
        raise Refused(404, "there is nothing here. GET /docs shows what there is")
    wanted, endpoint = route
    allowed = [wanted, "HEAD"] if wanted == "GET" else [wanted]
    if method not in allowed:
        why = f"{method} is not for this path; allowed: {', '.join(allowed)}"
        raise Refused(405, why, headers={"Allow": ", ".join(allowed)})
    return endpoint, named
