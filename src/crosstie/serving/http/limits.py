"""How much a request may bring."""

from crosstie.serving.http.refused import Refused


def check_rows(rows: int, most: int) -> None:
    """Refuse more rows than a request may have."""
    if rows > most:
        raise Refused(
            413, f"{rows} rows are more than the {most} that a request may have. Send them in parts"
        )
