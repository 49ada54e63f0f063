"""Every combination."""

from crosstie.tuning.sampler import samplers
from crosstie.tuning.samplers.random import Random


@samplers("grid", elsewhere=("grid_search", "brute_force", "exhaustive"))
class Grid(Random):
    """Tries every combination of values, the last parameter changing fastest. A range of numbers needs steps for that."""

    whole = True
