import pytest
import torch

from crosstie.models.layers.dropout import Dropout


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.97])
def test_the_share_is_dropped_and_the_mean_is_kept(rate: float) -> None:
    torch.manual_seed(0)
    found = Dropout(rate)(torch.ones(1000, 1001))
    dropped = found == 0
    assert abs(dropped.double().mean().item() - rate) < 0.002
    torch.testing.assert_close(
        found[~dropped], torch.full_like(found[~dropped], 1 / (1 - rate)), rtol=1e-3, atol=0
    )
    assert abs(found.double().mean().item() - 1) < 0.02


def test_neighbours_are_dropped_independently() -> None:
    torch.manual_seed(0)
    dropped = (Dropout(0.3)(torch.ones(1_000_000)) == 0).double()
    for apart in (1, 2, 3, 4):
        assert abs((dropped[apart:] * dropped[:-apart]).mean().item() - 0.09) < 0.002


def test_gradients_go_where_values_went() -> None:
    values = torch.ones(64, requires_grad=True)
    found = Dropout(0.5)(values)
    found.sum().backward()
    assert torch.equal(values.grad, found.detach())


def test_a_seed_decides_what_is_dropped() -> None:
    torch.manual_seed(7)
    first = Dropout(0.2)(torch.ones(5, 7))
    torch.manual_seed(7)
    assert torch.equal(first, Dropout(0.2)(torch.ones(5, 7)))


def test_nothing_is_dropped_outside_training() -> None:
    values = torch.ones(3)
    assert Dropout(0.9).eval()(values) is values
    assert Dropout(0.0)(values) is values
