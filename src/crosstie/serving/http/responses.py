"""Answers as the HTTP library has them."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from crosstie.serving.http.answers import as_json
from crosstie.serving.http.media import MEDIA
from crosstie.serving.http.refused import Refused


def json_answer(
    value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Any JSON values as an answer."""
    return Response(as_json(value), status, headers, media_type=MEDIA["json"])


def refusal(refused: Refused) -> Response:
    """Why a request got no prediction."""
    return json_answer(refused.body(), status=refused.status, headers=refused.headers)
