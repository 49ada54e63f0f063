"""What a server says of itself: its schema, its API, its counters, and a page to try it on."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from crosstie.serving.http.described import described
from crosstie.serving.http.openapi import openapi
from crosstie.serving.http.page import PAGE
from crosstie.serving.http.refused import Refused
from crosstie.serving.http.responses import json_answer
from crosstie.serving.http.service import Service


async def healthz(request: Request) -> Response:
    """`GET /healthz`: whether the process lives."""
    return json_answer({"status": "ok"})


async def readyz(request: Request) -> Response:
    """`GET /readyz`: whether requests may come."""
    if not request.scope["service"].holder.ready:
        raise Refused(503, "not ready", headers={"Retry-After": "1"})
    return json_answer({"status": "ready"})


async def schema(request: Request) -> Response:
    """`GET /schema`: what rows and predictions look like."""
    about = described(request.scope["service"].holder.model)
    named = {"name": about.name, "version": about.version}
    return json_answer({**named, **about.schema, "example": about.example})


async def api(request: Request) -> Response:
    """`GET /openapi.json`."""
    service: Service = request.scope["service"]
    return json_answer(openapi(described(service.holder.model), service.settings))


async def metrics(request: Request) -> Response:
    """`GET /metrics`: for Prometheus."""
    service: Service = request.scope["service"]
    text = service.metrics.text(service.holder.model)
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")


async def docs(request: Request) -> Response:
    """`GET /docs`: a page that asks the server what it can do; there is nothing of the model in it."""
    headers = {
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    }
    return Response(PAGE, headers=headers, media_type="text/html")


async def root(request: Request) -> Response:
    """`GET /`: to the page."""
    return RedirectResponse("docs", 307)
