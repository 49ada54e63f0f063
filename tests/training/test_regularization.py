import pytest
import torch
from torch import nn

from crosstie.training.regularization import Regularization

PENALTIES = {
    "l1": lambda weight: weight.abs().sum(),
    "l2": lambda weight: weight.square().sum(),
    "l1_l2": lambda weight: weight.abs().sum() + weight.square().sum(),
}


@pytest.mark.parametrize("kind", PENALTIES)
def test_the_gradient_is_that_of_the_penalty_in_the_loss(kind):
    weight, copy = (nn.Parameter(torch.tensor([0.5, -2.0, 0.0])) for _ in range(2))
    (weight**3).sum().backward()
    Regularization([weight], kind, 0.1).apply()
    ((copy**3).sum() + 0.1 * PENALTIES[kind](copy)).backward()
    assert torch.allclose(weight.grad, copy.grad)


def test_no_strength_or_no_kind_is_no_penalty():
    weight = nn.Parameter(torch.ones(2))
    weight.grad = torch.zeros(2)
    for regularization in (Regularization([weight], "l2", 0.0), Regularization([weight], None, 9)):
        regularization.apply()
    assert weight.grad.tolist() == [0, 0]


def test_a_penalty_makes_the_weights_of_a_fit_smaller(fit):
    def size(**options):
        weights = fit(epochs=10, early_stop=-1, judged=False, **options).run().weights
        return sum(float(each.square().sum()) for name, each in weights.items() if each.dim() > 1)

    assert size(regularization_lambda=1.0) < 0.85 * size()
