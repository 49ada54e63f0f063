"""`POST /predict`: rows in, predictions out."""

from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response

from crosstie.serving.http.body import read_body
from crosstie.serving.http.job import Job
from crosstie.serving.http.media import Form, came_as, wanted_as
from crosstie.serving.http.refused import Refused
from crosstie.serving.http.service import Service


async def predict(request: Request) -> Response:
    """Answer a body of rows in the form it came in, or in what Accept says."""
    service: Service = request.scope["service"]
    if request.scope["query_string"]:
        _check_query(request)
    given = request.scope["given"]
    came, form = _forms(given.get(b"content-type"), given.get(b"accept"))
    body = await read_body(request, service.settings)
    return await service.answer(request, Job(body, came, form))


@lru_cache(maxsize=64)  # the same few come again and again
def _forms(content_type: bytes | None, accept: bytes | None) -> tuple[Form, Form]:
    """What a body is, and what its answer is to be.

    Raises:
        Refused: None that is read or written here.
    """
    came = came_as(content_type.decode("latin-1") if content_type else None)
    return came, wanted_as(accept.decode("latin-1") if accept else None, came)


def _check_query(request: Request) -> None:
    """Refuse what stands behind a question mark: nothing there is read, and it is not ignored either."""
    names = list(request.query_params)
    if "explain" in names:
        raise Refused(
            400, "?explain is kept for explanations, which are not served yet. Leave it out"
        )
    if names:
        raise Refused(400, f"?{names[0][:100]} is no option of /predict. Leave it out")
