"""TabNet and sparsemax."""

import pytest
import torch

from crosstie.models.combiners.combiner import Part, Parts
from crosstie.models.combiners.tabnet import GhostNorm, TabNet
from crosstie.models.layers.sparsemax import sparsemax

PARTS = Parts((Part("number", (1,) * 6, embedded=False), Part("category", (2, 2))))


def encoded(rows: int = 32) -> list[torch.Tensor]:
    torch.manual_seed(1)
    return [torch.randn(rows, 6), torch.randn(rows, 4)]


@pytest.mark.parametrize(
    ("scores", "shares"),
    [
        ([0.0, 0.0], [0.5, 0.5]),
        ([1.0, 0.8, -1.0], [0.6, 0.4, 0.0]),
        ([3.0, 1.0, 0.0], [1.0, 0.0, 0.0]),
        ([0.5, 0.3, 0.2], [0.5, 0.3, 0.2]),  # already on the simplex
        ([1.0, 0.5, 0.5, -2.0], [2 / 3, 1 / 6, 1 / 6, 0.0]),
    ],
)
def test_sparsemax_is_the_nearest_point_of_the_simplex(
    scores: list[float], shares: list[float]
) -> None:
    torch.testing.assert_close(sparsemax(torch.tensor(scores)), torch.tensor(shares))


def test_every_steps_mask_adds_up_to_one_and_leaves_inputs_out() -> None:
    combiner = TabNet(PARTS, num_steps=4)
    masks = combiner.masks(encoded())
    assert len(masks) == 4
    for mask in masks:
        torch.testing.assert_close(mask.sum(1), torch.ones(32))
        assert (mask >= 0).all()
    assert (torch.stack(masks) == 0).any()


def test_at_relaxation_one_what_a_step_used_up_does_not_attract_the_next() -> None:
    combiner = TabNet(PARTS, num_steps=3, relaxation_factor=1.0)
    values = torch.cat(encoded(), 1)
    first, second, third = combiner.masks(encoded())
    allowed = (1 - first) * (1 - second)
    hint = _hint(combiner, values, [first, second])
    scores = combiner.choices[2](hint) * allowed
    torch.testing.assert_close(third, sparsemax(scores))


def _hint(combiner: TabNet, values: torch.Tensor, masks: list[torch.Tensor]) -> torch.Tensor:
    normal = combiner.before(values)
    made = combiner.steps[len(masks)](masks[-1] * normal, combiner.shared)
    return made[:, combiner.width :]


def test_the_penalty_is_the_masks_mean_entropy() -> None:
    combiner = TabNet(PARTS, sparsity=0.25, dropout=0.0).train()
    assert combiner.penalty() is None
    masks = combiner.masks(encoded())
    combiner(encoded())
    entropy = torch.stack([torch.special.entr(mask).sum(1).mean() for mask in masks]).mean()
    torch.testing.assert_close(combiner.penalty(), 0.25 * entropy)


def test_steps_share_their_first_layers() -> None:
    combiner = TabNet(PARTS, num_steps=3, num_total_blocks=4, num_shared_blocks=1)
    assert len(combiner.shared) == 1
    assert [len(step.own) for step in combiner.steps] == [3] * 4
    assert [len(step.norms) for step in combiner.steps] == [4] * 4


def test_ghost_norms_see_a_few_rows_at_a_time_in_training() -> None:
    norm = GhostNorm(3, 4, momentum=0.05, eps=1e-3)
    values = torch.randn(10, 3) * 5 + 2
    found = norm(values)
    for piece in found.tensor_split(3):
        torch.testing.assert_close(piece.mean(0), torch.zeros(3), atol=1e-5, rtol=0)
    assert norm.num_batches_tracked == 3
    whole = norm.eval()(values)
    expected = (values - norm.running_mean) / (norm.running_var + 1e-3).sqrt()
    torch.testing.assert_close(whole, expected)
