"""One number for each step of a series."""

from crosstie.models.decoders.decoder import decoders
from crosstie.models.decoders.scores import Scores


@decoders("projector", of=("timeseries",), elsewhere=("forecaster", "regressor", "linear"))
class Projector(Scores):
    """A linear unit for each step."""
