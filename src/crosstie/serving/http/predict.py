"""`POST /predict`: rows in, predictions out."""

from starlette.requests import Request
from starlette.responses import Response

from crosstie.serving.http.answers import json_answer, rows_of
from crosstie.serving.http.asked import of_json
from crosstie.serving.http.body import read_body
from crosstie.serving.http.service import Service


async def predict(request: Request) -> Response:
    """Answer a body of rows in the form it came in."""
    service: Service = request.app.state.service
    model = service.holder.model
    body = await read_body(request, service.settings)
    asked = of_json(body, model, service.settings.max_rows)
    request.scope["seen"].rows = len(asked.table)
    if not len(asked.table):
        return json_answer([])
    answer = await service.ask(model, asked.table)
    rows = rows_of(answer.columns)
    return json_answer(rows[0] if asked.one else rows)
