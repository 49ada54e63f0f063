import torch
from torch import nn

from crosstie.training.clipping import Clipping


def parameters():
    one, other = nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(1))
    one.grad, other.grad = torch.tensor([3.0, 0.0]), torch.tensor([-4.0])
    return one, other


def clipped(**options):
    found = parameters()
    Clipping(**options).apply(found)
    return [[round(value, 4) for value in each.grad.tolist()] for each in found]


def test_clipglobalnorm_scales_all_gradients_alike():
    assert clipped() == [[0.6, 0.0], [-0.8]]
    assert clipped(clipglobalnorm=2.5) == [[1.5, 0.0], [-2.0]]


def test_clipnorm_scales_each_parameter_by_itself():
    assert clipped(clipglobalnorm=None, clipnorm=3.5) == [[3.0, 0.0], [-3.5]]


def test_clipvalue_cuts_each_number():
    assert clipped(clipglobalnorm=None, clipvalue=2.0) == [[2.0, 0.0], [-2.0]]


def test_nothing_is_clipped_when_all_are_null():
    assert clipped(clipglobalnorm=None) == [[3.0, 0.0], [-4.0]]
