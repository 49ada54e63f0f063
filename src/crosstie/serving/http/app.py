"""The server's routes."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crosstie.serving.http import inference, pages
from crosstie.serving.http.answers import json_answer, refusal
from crosstie.serving.http.guard import Guard
from crosstie.serving.http.holder import ModelHolder
from crosstie.serving.http.predict import predict
from crosstie.serving.http.refused import Refused
from crosstie.serving.http.service import Service
from crosstie.serving.http.settings import Settings


def make_app(holder: ModelHolder, settings: Settings) -> Starlette:
    """A model as an ASGI application.

    Args:
        holder: The model.
        settings: Who may ask, and how much.
    """
    service = Service(holder, settings)
    app = Starlette(
        routes=[
            Route("/", pages.root),
            Route("/docs", pages.docs),
            Route("/schema", pages.schema),
            Route("/openapi.json", pages.api),
            Route("/metrics", pages.metrics),
            Route("/predict", predict, methods=["POST"]),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/v2", inference.server),
            Route("/v2/health/live", inference.live),
            Route("/v2/health/ready", inference.ready),
            *(
                route
                for path in ("/v2/models/{name}", "/v2/models/{name}/versions/{version}")
                for route in (
                    Route(path, inference.model),
                    Route(f"{path}/ready", inference.ready),
                    Route(f"{path}/infer", inference.infer, methods=["POST"]),
                )
            ),
        ],
        middleware=[Middleware(Guard, settings.token, service.metrics.request)],
        exception_handlers={Refused: _refused, HTTPException: _refused_by_route},
    )
    app.router.redirect_slashes = False
    app.state.service = service
    return app


async def healthz(request: Request) -> Response:
    """Whether the process lives."""
    return json_answer({"status": "ok"})


async def readyz(request: Request) -> Response:
    """Whether requests may come."""
    if not request.app.state.service.holder.ready:
        raise Refused(503, "not ready", headers={"Retry-After": "1"})
    return json_answer({"status": "ready"})


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return refusal(error)


async def _refused_by_route(request: Request, error: Exception) -> Response:
    """No such route (404), or not with this method (405)."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        why = "there is nothing here. GET /docs shows what there is"
    else:
        allowed = (error.headers or {}).get("Allow", "")
        why = f"{request.method} is not for this path; allowed: {allowed}"
    return refusal(Refused(error.status_code, why, headers=error.headers))
