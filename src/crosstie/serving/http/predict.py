"""`POST /predict`: rows in, predictions out."""

from starlette.requests import Request
from starlette.responses import Response

from crosstie.serving.http.answers import answered, json_answer
from crosstie.serving.http.asked import asked
from crosstie.serving.http.body import read_body
from crosstie.serving.http.media import came_as, wanted_as
from crosstie.serving.http.refused import Refused
from crosstie.serving.http.service import LARGE, Service


async def predict(request: Request) -> Response:
    """Answer a body of rows in the form it came in, or in what Accept says."""
    service: Service = request.app.state.service
    model, settings = service.holder.model, service.settings
    _check_query(request)
    came = came_as(request.headers.get("content-type"))
    form = wanted_as(request.headers.get("accept"), came)
    body = await read_body(request, settings)
    rows = await service.read(
        lambda: asked(body, came, model, settings.max_rows),
        quick=came == "json" and len(body) < LARGE,
    )
    request.scope["seen"].rows = len(rows.table)
    if not len(rows.table) and form == "json":
        return json_answer([])
    answer = await service.ask(model, rows.table)
    return answered(answer.columns, form, one=rows.one)


def _check_query(request: Request) -> None:
    """Refuse what stands behind a question mark: nothing there is read, and it is not ignored either."""
    names = list(request.query_params)
    if "explain" in names:
        raise Refused(
            400, "?explain is kept for explanations, which are not served yet. Leave it out"
        )
    if names:
        raise Refused(400, f"?{names[0][:100]} is no option of /predict. Leave it out")
