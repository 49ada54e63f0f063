"""`POST /predict`: rows in, predictions out."""

from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response

from crosstie.serving.http.body import read_body
from crosstie.serving.http.explained import samples_of
from crosstie.serving.http.job import Job
from crosstie.serving.http.media import Form, came_as, wanted_as
from crosstie.serving.http.refused import Refused
from crosstie.serving.http.service import Service
from crosstie.serving.http.settings import Settings


async def predict(request: Request) -> Response:
    """Answer a body of rows in the form it came in, or in what Accept says."""
    service: Service = request.scope["service"]
    given = request.scope["given"]
    came, form = _forms(given.get(b"content-type"), given.get(b"accept"))
    samples = 0
    if request.scope["query_string"]:
        samples = _samples(request, form, service.settings)
    body = await read_body(request, service.settings)
    job = Job(body, came, form, samples, service.settings.explain_rows if samples else 0)
    return await service.answer(request, job)


@lru_cache(maxsize=64)  # the same few come again and again
def _forms(content_type: bytes | None, accept: bytes | None) -> tuple[Form, Form]:
    """What a body is, and what its answer is to be.

    Raises:
        Refused: None that is read or written here.
    """
    came = came_as(content_type.decode("latin-1") if content_type else None)
    return came, wanted_as(accept.decode("latin-1") if accept else None, came)


def _samples(request: Request, form: Form, settings: Settings) -> int:
    """How explanations are asked for. Nothing else may stand behind a question mark: it is not ignored."""
    others = [name for name in request.query_params if name != "explain"]
    if others:
        raise Refused(400, f"?{others[0][:100]} is no option of /predict. Leave it out")
    return samples_of(request.query_params["explain"], form, settings)
