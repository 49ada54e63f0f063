"""What every learning-rate schedule has beside its own options."""

from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le

from crosstie.config.words import Elsewhere
from crosstie.training.drops import Drops


class Pace:
    """Options of `learning_rate_scheduler` that do not depend on its type.

    Args:
        reduce_on_plateau: How often the rate may be lowered because training got no better; 0 never.
        reduce_on_plateau_patience: Evaluations without gain before it is.
        reduce_on_plateau_rate: What it is multiplied by each time.
        reduce_eval_metric: What has to get better: the `loss`; null is the metric that is watched.
        reduce_eval_split: On which rows; on `training` rows it is always the loss.
        warmup_evaluations: Epochs over which the rate rises from 0, where that is more than `warmup_fraction`.
        eta_min: The rate that a schedule falls to where it would fall to 0.
    """

    def __init__(
        self,
        *,
        reduce_on_plateau: Annotated[int, Ge(0)] = 0,
        reduce_on_plateau_patience: Annotated[int, Ge(1)] = 10,
        reduce_on_plateau_rate: Annotated[float, Gt(0), Le(1)] = 0.1,
        reduce_eval_metric: Literal["loss"] | None = None,
        reduce_eval_split: Literal["training", "validation"] = "validation",
        warmup_evaluations: Annotated[float, Ge(0), Elsewhere("warmup_epochs")] = 0.0,
        eta_min: Annotated[float, Ge(0), Elsewhere("min_lr", "lr_min", "end_lr")] = 0.0,
    ) -> None:
        self.drops = Drops(
            reduce_on_plateau, patience=reduce_on_plateau_patience, rate=reduce_on_plateau_rate
        )
        self.reduce_eval_metric = reduce_eval_metric
        self.reduce_eval_split = reduce_eval_split
        self.warmup_evaluations = warmup_evaluations
        self.eta_min = eta_min
