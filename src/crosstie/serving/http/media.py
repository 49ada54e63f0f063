"""In which forms rows may come and predictions may go: what Content-Type and Accept say."""

from typing import Literal

from crosstie.serving.http.refused import Refused

Form = Literal["json", "csv", "arrow stream", "arrow file", "parquet"]

FORMS: dict[str, Form] = {
    "application/json": "json",
    "text/csv": "csv",
    "application/vnd.apache.arrow.stream": "arrow stream",
    "application/vnd.apache.arrow.file": "arrow file",
    "application/vnd.apache.parquet": "parquet",
}
MEDIA: dict[Form, str] = {form: kind for kind, form in FORMS.items()}


def came_as(content_type: str | None) -> Form:
    """The form of a body; JSON where nothing is said.

    Raises:
        Refused: It is none that is read here.

    Examples:
        >>> came_as("text/csv; charset=utf-8"), came_as(None)
        ('csv', 'json')
    """
    kind = (content_type or "application/json").partition(";")[0].strip().lower()
    if kind not in FORMS:
        raise Refused(415, f"rows cannot come as {kind!r}. Say Content-Type: {', '.join(FORMS)}")
    return FORMS[kind]


def wanted_as(accept: str | None, came: Form) -> Form:
    """The form of an answer: what Accept likes best, and of two that it likes as well what the body came as.

    Raises:
        Refused: It is none that is written here.

    Examples:
        >>> wanted_as("*/*", "csv"), wanted_as("text/html, application/json;q=0.9", "csv")
        ('csv', 'json')
    """
    if not accept:
        return came
    liked = [_liking(each) for each in accept.split(",")]
    likes = {form: _likes(kind, liked) for kind, form in FORMS.items()}
    best = max(likes, key=lambda form: (likes[form], form == came))
    if likes[best] <= 0:
        raise Refused(406, f"no answer can be {accept[:100]!r}. Say Accept: {', '.join(FORMS)}")
    return best


def _liking(text: str) -> tuple[str, float]:
    kind, *options = [each.strip().lower() for each in text.split(";")]
    weight = next((each[2:] for each in options if each.startswith("q=")), "1")
    try:
        return kind, float(weight)
    except ValueError:
        return kind, 0.0


def _likes(kind: str, liked: list[tuple[str, float]]) -> float:
    """How much a type is liked: what names it most exactly counts."""
    for name in (kind, f"{kind.partition('/')[0]}/*", "*/*"):
        weights = [weight for each, weight in liked if each == name]
        if weights:
            return weights[0]
    return 0.0
