"""One score for each class or label."""

from crosstie.models.decoders.decoder import decoders
from crosstie.models.decoders.scores import Scores


@decoders("classifier", of=("category", "set"), elsewhere=("classification", "linear", "softmax"))
class Classifier(Scores):
    """A linear unit for each class of a category, each label of a set."""
