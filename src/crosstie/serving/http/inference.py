"""The Open Inference Protocol, version 2, over REST: a tensor for each column, in and out."""

from starlette.requests import Request
from starlette.responses import Response

from crosstie.serving.http.body import read_body
from crosstie.serving.http.described import Described, described
from crosstie.serving.http.job import Job
from crosstie.serving.http.refused import Refused
from crosstie.serving.http.responses import json_answer
from crosstie.serving.http.service import Service
from crosstie.serving.http.tensors import tensor
from crosstie.serving.model import Model


async def server(request: Request) -> Response:
    """`GET /v2`: what this is, of the version that made the model."""
    about = described(request.scope["service"].holder.model)
    return json_answer({"name": "crosstie", "version": about.made_by, "extensions": []})


async def live(request: Request) -> Response:
    """`GET /v2/health/live`."""
    return json_answer({"live": True})


async def ready(request: Request) -> Response:
    """`GET /v2/health/ready`, and of the one model."""
    service: Service = request.scope["service"]
    if "name" not in request.path_params:
        return json_answer({"ready": service.holder.ready})
    about = _named(request, service.holder.model)
    return json_answer({"name": about.name, "ready": service.holder.ready})


async def model(request: Request) -> Response:
    """`GET /v2/models/{name}`: the tensors of a request and of an answer."""
    about = _named(request, request.scope["service"].holder.model)
    return json_answer(
        {
            "name": about.name,
            "versions": [about.version],
            "platform": "crosstie",
            "inputs": [tensor(each) for each in about.schema["columns"]["input"]],
            "outputs": [tensor(each) for each in about.schema["columns"]["output"]],
        }
    )


async def infer(request: Request) -> Response:
    """`POST /v2/models/{name}/infer`: predict."""
    service: Service = request.scope["service"]
    _named(request, service.holder.model)
    body = await read_body(request, service.settings)
    return await service.answer(request, Job(body, came="tensors"))


def _named(request: Request, held: Model) -> Described:
    """The model, if the path names it.

    Raises:
        Refused: The path names another, or another version of it.
    """
    about = described(held)
    name, version = request.path_params["name"], request.path_params.get("version", about.version)
    if (name, version) != (about.name, about.version):
        raise Refused(
            404, f"this server has the model {about.name!r}, version {about.version!r}, only"
        )
    return about
