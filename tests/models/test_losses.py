"""Losses against closed forms."""

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from worlds import BINARY, CATEGORY, NUMBER, SET

from crosstie.data.batch import Output
from crosstie.errors import ConfigError
from crosstie.models.losses.loss import losses

GUESS, TRUTH = [0.5, -1.0, 2.0], [0.0, 1.0, 2.5]  # differences 0.5, -2, -0.5
LOGITS = torch.tensor([[2.0, 0.0, -1.0], [0.5, 0.5, 0.5]])
CLASSES = torch.tensor([0, 2])
SHARES = LOGITS.softmax(1)


def loss(
    name: str, output: Output, logits: Any, target: Any, weights: Any = None, **options: Any
) -> float:
    made = losses.get(name, of=output.type)(output, **options)
    logits, target = (torch.as_tensor(each) for each in (logits, target))
    weights = None if weights is None else torch.tensor(weights)
    return float(made(logits, target, weights))


@pytest.mark.parametrize(
    ("name", "options", "value"),
    [
        ("mean_squared_error", {}, (0.25 + 4 + 0.25) / 3),
        ("mean_absolute_error", {}, (0.5 + 2 + 0.5) / 3),
        ("root_mean_squared_error", {}, math.sqrt((0.25 + 4 + 0.25) / 3)),
        ("huber", {}, (0.125 + 1.5 + 0.125) / 3),
        ("huber", {"delta": 0.25}, 0.25 * ((0.5 - 0.125) * 2 + (2 - 0.125)) / 3),
        ("quantile", {}, (0.25 + 1 + 0.25) / 3),
        ("quantile", {"quantile": 0.9}, (0.05 + 1.8 + 0.45) / 3),
    ],
)
def test_of_numbers(name: str, options: dict[str, float], value: float) -> None:
    assert loss(name, NUMBER, GUESS, TRUTH, **options) == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mean_squared_error", (2 * 0.25 + 4) / 3),
        ("mean_absolute_error", (2 * 0.5 + 2) / 3),
        ("root_mean_squared_error", math.sqrt((2 * 0.25 + 4) / 3)),
    ],
)
def test_rows_count_by_their_weight(name: str, value: float) -> None:
    found = loss(name, NUMBER, GUESS, TRUTH, [2.0, 1.0, 0.0])
    assert found == pytest.approx(value, rel=1e-6)
    assert loss(name, NUMBER, GUESS, TRUTH, [0.0, 0.0, 0.0]) == pytest.approx(0, abs=1e-5)


def test_members_are_averaged_after_the_loss() -> None:
    guesses = torch.tensor([GUESS, [1.0, 1.0, 1.0]]).T
    alone = [loss("root_mean_squared_error", NUMBER, guesses[:, m], TRUTH) for m in range(2)]
    together = loss("root_mean_squared_error", NUMBER, guesses, TRUTH)
    assert together == pytest.approx(sum(alone) / 2)
    assert together > loss("root_mean_squared_error", NUMBER, guesses.mean(1), TRUTH)


def test_members_of_classes_are_averaged_after_the_loss() -> None:
    logits = torch.stack([LOGITS, LOGITS.flip(1)], 1)  # [batch, members, classes]
    alone = [loss("softmax_cross_entropy", CATEGORY, logits[:, m], CLASSES) for m in range(2)]
    together = loss("softmax_cross_entropy", CATEGORY, logits, CLASSES)
    assert together == pytest.approx(sum(alone) / 2)


def test_the_quantile_loss_is_least_at_the_quantile() -> None:
    targets = torch.arange(101.0)
    costs = [
        loss("quantile", NUMBER, torch.full((101,), guess), targets, quantile=0.8)
        for guess in (70.0, 79.0, 80.0, 81.0, 90.0)
    ]
    assert min(costs) == costs[2]


def entropies() -> tuple[float, float]:
    return -math.log(SHARES[0, 0]), -math.log(SHARES[1, 2])


def test_softmax_cross_entropy() -> None:
    first, second = entropies()
    found = loss("softmax_cross_entropy", CATEGORY, LOGITS, CLASSES)
    assert found == pytest.approx((first + second) / 2, rel=1e-6)


def test_class_weights_weigh_rows_as_in_torch() -> None:
    first, second = entropies()
    found = loss("softmax_cross_entropy", CATEGORY, LOGITS, CLASSES, class_weights=[1.0, 5.0, 3.0])
    assert found == pytest.approx((first + 3 * second) / 4, rel=1e-6)
    with_rows = loss(
        "softmax_cross_entropy",
        CATEGORY,
        LOGITS,
        CLASSES,
        [2.0, 1.0],
        class_weights=[1.0, 5.0, 3.0],
    )
    assert with_rows == pytest.approx((2 * first + 3 * second) / 5, rel=1e-6)


def test_balanced_classes_count_alike() -> None:
    made = losses.get("softmax_cross_entropy", of="category")(CATEGORY, class_weights="balanced")
    shares = torch.tensor(CATEGORY.prior)
    torch.testing.assert_close(made.weight * shares, torch.full((3,), 1 / 3))
    positive = losses.get("binary_weighted_cross_entropy", of="binary")
    balanced = positive(BINARY, positive_class_weight="balanced")
    assert float(balanced.positive) == pytest.approx(0.7 / 0.3)


def test_label_smoothing_spreads_certainty() -> None:
    logs = SHARES.log()
    target = torch.tensor([[0.9 + 0.1 / 3, 0.1 / 3, 0.1 / 3], [0.1 / 3, 0.1 / 3, 0.9 + 0.1 / 3]])
    expected = -(target * logs).sum(1).mean()
    found = loss("softmax_cross_entropy", CATEGORY, LOGITS, CLASSES, label_smoothing=0.1)
    assert found == pytest.approx(float(expected), rel=1e-6)
    logit, e = 1.5, 0.2
    p = 1 / (1 + math.exp(-logit))
    smooth = -((1 - e / 2) * math.log(p) + e / 2 * math.log(1 - p))
    found = loss("binary_weighted_cross_entropy", BINARY, [logit], [1.0], label_smoothing=e)
    assert found == pytest.approx(smooth, rel=1e-6)


def test_binary_cross_entropy_weighs_the_positive_class() -> None:
    p = [1 / (1 + math.exp(-each)) for each in (1.5, -0.5)]
    found = loss(
        "binary_weighted_cross_entropy", BINARY, [1.5, -0.5], [1.0, 0.0], positive_class_weight=4.0
    )
    assert found == pytest.approx((-4 * math.log(p[0]) - math.log(1 - p[1])) / 2, rel=1e-6)


def test_confidence_is_penalised_by_what_entropy_is_missing() -> None:
    p = 1 / (1 + math.exp(-2.0))
    entropy = -p * math.log(p) - (1 - p) * math.log(1 - p)
    found = loss("binary_weighted_cross_entropy", BINARY, [2.0], [1.0], confidence_penalty=0.3)
    assert found == pytest.approx(-math.log(p) + 0.3 * (math.log(2) - entropy), rel=1e-6)
    row = SHARES[0]
    entropy = float(-(row * row.log()).sum())
    found = loss("softmax_cross_entropy", CATEGORY, LOGITS[:1], CLASSES[:1], confidence_penalty=0.3)
    assert found == pytest.approx(-math.log(row[0]) + 0.3 * (math.log(3) - entropy), rel=1e-5)


def test_focal_loss_is_cross_entropy_times_a_power_of_the_error() -> None:
    p = [1 / (1 + math.exp(-each)) for each in (1.5, -0.5)]
    rows = [-((1 - p[0]) ** 2) * math.log(p[0]), -(p[1] ** 2) * math.log(1 - p[1])]
    found = loss("focal", BINARY, [1.5, -0.5], [1.0, 0.0])
    assert found == pytest.approx(sum(rows) / 2, rel=1e-5)
    found = loss("focal", BINARY, [1.5, -0.5], [1.0, 0.0], alpha=0.25)
    assert found == pytest.approx((0.25 * rows[0] + 0.75 * rows[1]) / 2, rel=1e-5)
    one, two = entropies()
    found = loss("focal", CATEGORY, LOGITS, CLASSES, gamma=3.0)
    expected = ((1 - math.exp(-one)) ** 3 * one + (1 - math.exp(-two)) ** 3 * two) / 2
    assert found == pytest.approx(expected, rel=1e-5)
    found = loss("focal", CATEGORY, LOGITS, CLASSES, gamma=0.0, class_weights=[1.0, 5.0, 3.0])
    assert found == pytest.approx((one + 3 * two) / 4, rel=1e-6)


def test_focal_slopes_are_finite_where_a_row_is_certain() -> None:
    made = losses.get("focal", of="binary")(BINARY, gamma=0.5)
    logits = torch.tensor([60.0, -60.0], requires_grad=True)
    made(logits, torch.tensor([1.0, 0.0])).backward()
    assert isinstance(logits.grad, Tensor)
    assert torch.isfinite(logits.grad).all()


def test_sigmoid_cross_entropy_is_the_mean_over_labels() -> None:
    logits = torch.tensor([[1.0, -1.0, 0.0, 2.0]])
    target = torch.tensor([[1.0, 0.0, 1.0, 0.0]])
    p = logits.sigmoid()[0].tolist()
    parts = [-math.log(p[0]), -math.log(1 - p[1]), -math.log(p[2]), -math.log(1 - p[3])]
    assert loss("sigmoid_cross_entropy", SET, logits, target) == pytest.approx(sum(parts) / 4)
    weights = [2.0, 9.0, 3.0, 9.0]  # of labels that are there
    expected = (2 * parts[0] + parts[1] + 3 * parts[2] + parts[3]) / 4
    found = loss("sigmoid_cross_entropy", SET, logits, target, class_weights=weights)
    assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "output"), [("softmax_cross_entropy", CATEGORY), ("sigmoid_cross_entropy", SET)]
)
def test_a_weight_is_needed_for_each_class(name: str, output: Output) -> None:
    with pytest.raises(ConfigError) as caught:
        losses.get(name, of=output.type)(output, class_weights=[1.0, 2.0])
    assert str(caught.value) == (
        f"y.class_weights: has 2 weights, but there are {output.size} classes. "
        "Write one for each, in their order, or each under the name of its class"
    )


@pytest.mark.parametrize(
    ("name", "output"), [("softmax_cross_entropy", CATEGORY), ("sigmoid_cross_entropy", SET)]
)
def test_weights_by_class_are_those_in_its_place(name: str, output: Output) -> None:
    labels = tuple("dcba"[: output.size])
    named = replace(output, labels=labels)
    weights = [float(place + 1) for place in range(output.size)]
    by_name = dict(sorted(zip(labels, weights, strict=True)))
    rows = torch.randn(6, output.size, generator=torch.Generator().manual_seed(0))
    target = torch.arange(6) % output.size
    if output.type == "set":
        target = torch.nn.functional.one_hot(target, output.size).float()
    made = [
        losses.get(name, of=output.type)(named, class_weights=given)
        for given in (weights, by_name, {**by_name, "<UNK>": 9.0})
    ]
    found = [float(each(rows, target)) for each in made]
    assert found[0] == found[1] == found[2]
    with pytest.raises(ConfigError) as caught:
        losses.get(name, of=output.type)(named, class_weights={"d": 1.0})
    lacking = ", ".join(map(repr, labels[1:]))
    assert str(caught.value) == f"y.class_weights: lacks the weight of {lacking}"
