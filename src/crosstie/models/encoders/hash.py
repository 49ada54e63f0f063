"""Categories without a vocabulary."""

from collections.abc import Mapping
from typing import Annotated, Any

from annotated_types import Ge, Lt

from crosstie.models.encoders.category_dense import CategoryDense
from crosstie.models.encoders.encoder import Columns, encoders


@encoders("hash", of=("category",), elsewhere=("hashing",))
class Hash(CategoryDense):
    """A learned vector for each bucket of the text's hash: no vocabulary, new levels need no training.

    The feature itself hashes (`preprocessing.hash_buckets` follows from `num_hash_buckets`), so a level never
    seen has the vector of its bucket. Levels that share a bucket cannot be told apart.

    Args:
        num_hash_buckets: Buckets; ten times the expected levels keep collisions rare.
        embedding_size: Width of the vectors.
        dropout: Share of the vectors' entries set to 0 in training.
    """

    def __init__(
        self,
        columns: Columns,
        *,
        num_hash_buckets: Annotated[int, Ge(2)] = 1000,
        embedding_size: Annotated[int, Ge(1)] = 16,
        dropout: Annotated[float, Ge(0), Lt(1)] = 0.0,
    ) -> None:
        super().__init__(columns, embedding_size=embedding_size, dropout=dropout)
        assert all(size >= num_hash_buckets for size in columns.sizes), (
            "the features of a hash encoder hash"
        )

    @classmethod
    def feature_options(cls, options: Mapping[str, Any]) -> dict[str, Any]:
        """The feature's buckets."""
        return {"hash_buckets": options["num_hash_buckets"]}
