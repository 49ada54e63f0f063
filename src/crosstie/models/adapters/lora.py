"""Low-rank adaptation."""

import warnings
from typing import Annotated, Any

from annotated_types import Ge, Lt
from torch import nn

from crosstie.config.words import Alias, Elsewhere
from crosstie.errors import ConfigError, MissingExtra, Problem
from crosstie.models.adapters.adapter import Adapter, adapters


@adapters("lora", elsewhere=("peft", "low_rank"))
class Lora(Adapter):
    """Beside each chosen layer a product of two narrow ones learns the change (Hu et al. 2021, arXiv:2106.09685).

    Args:
        r: Width between the two.
        alpha: How strongly the change counts, over `r`; null is twice `r`.
        dropout: Share of a layer's inputs set to 0 in training, for the change only.
        target_modules: Names of the layers, or ends of them; null is every linear layer.
        use_rslora: Divide `alpha` by the root of `r` instead (arXiv:2312.03732).
    """

    def __init__(
        self,
        *,
        r: Annotated[int, Ge(1), Elsewhere("rank", "lora_r")] = 8,
        alpha: Annotated[int | None, Ge(1), Alias("lora_alpha")] = None,
        dropout: Annotated[float, Ge(0), Lt(1), Alias("lora_dropout")] = 0.05,
        target_modules: list[str] | None = None,
        use_rslora: bool = False,
    ) -> None:
        self.r = r
        self.alpha = alpha or 2 * r
        self.dropout = dropout
        self.target_modules = target_modules
        self.use_rslora = use_rslora

    def add(self, network: nn.Module) -> nn.Module:
        try:
            from peft import LoraConfig, get_peft_model  # 1 s
        except ImportError:
            raise MissingExtra("peft", "pretrained", needed_for="`adapter: lora`") from None
        config = LoraConfig(
            r=self.r,
            lora_alpha=self.alpha,
            lora_dropout=self.dropout,
            target_modules=self.target_modules or "all-linear",
            use_rslora=self.use_rslora,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                found: nn.Module = get_peft_model(network, config)
            except ValueError as error:
                linear = sorted(
                    {
                        name.rpartition(".")[2]
                        for name, each in network.named_modules()
                        if isinstance(each, nn.Linear)
                    }
                )
                raise ConfigError(
                    Problem(
                        "adapter.target_modules",
                        f"no layer of the model has one of these names, got {self.target_modules}; "
                        f"linear layers end in {', '.join(map(repr, linear))}",
                    )
                ) from error
        return found

    def merge(self, network: nn.Module) -> nn.Module:
        adapted: Any = network
        found: nn.Module = adapted.merge_and_unload()
        return found
