"""Generalised linear models by Newton's method: least squares, logistic, one-against-the-rest, multinomial.

In numpy, because importing a library that does the same takes longer than most fits. Narrow problems solve Newton's
equations by Cholesky's method; wide ones by conjugate gradients, which need products with the matrix only.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Link = Literal["identity", "sigmoid", "softmax"]

NARROW = 600  # unknowns; beyond it a Newton step by conjugate gradients is cheaper
ROWS_AT_ONCE = 1 << 15
CELLS_AT_ONCE = 1 << 21
INNER_STEPS = 200
HALVINGS = 30
TINY = 1e-10  # keeps the softmax's free constant from making the equations singular


@dataclass(frozen=True)
class Design:
    """What is known of the rows: sparse columns, then dense ones, the last of them all ones.

    Attributes:
        dense: `[rows, columns]` float64, the last column 1.
        sparse: scipy CSR `[rows, columns]`, or None.
    """

    dense: Floats
    sparse: Any = None

    @property
    def width(self) -> int:
        """Columns, the constant one included."""
        return int(self.dense.shape[1]) + (0 if self.sparse is None else int(self.sparse.shape[1]))

    def times(self, weights: Floats) -> Floats:
        """`[rows, outputs]` for weights `[columns, outputs]`."""
        split = self.width - self.dense.shape[1]
        total: Floats = self.dense @ weights[split:]
        if self.sparse is not None:
            total += self.sparse @ weights[:split]
        return total

    def back(self, rows: Floats) -> Floats:
        """The transposed product: `[columns, outputs]` for `[rows, outputs]`."""
        dense: Floats = self.dense.T @ rows
        return dense if self.sparse is None else np.concatenate([self.sparse.T @ rows, dense])

    def squares_back(self, rows: Floats) -> Floats:
        """As `back`, with every entry squared."""
        dense: Floats = (self.dense**2).T @ rows
        if self.sparse is None:
            return dense
        return np.concatenate([self.sparse.multiply(self.sparse).T @ rows, dense])

    def gram(self, rows: Floats) -> Floats:
        """`[columns, columns]`: the product with itself, rows weighed; dense designs only."""
        total = np.zeros((self.width, self.width))
        for start in range(0, len(rows), ROWS_AT_ONCE):
            some = self.dense[start : start + ROWS_AT_ONCE]
            total += (some * rows[start : start + ROWS_AT_ONCE, None]).T @ some
        return total


@dataclass(frozen=True)
class Model:
    """A generalised linear model of some rows.

    Attributes:
        design: What is known of them.
        target: `[rows, outputs]`; for softmax one column a class with a single 1 in a row.
        rows: `[rows]` weights.
        link: From sums to predictions. Outputs are apart from each other but under softmax.
    """

    design: Design
    target: Floats
    rows: Floats
    link: Link

    def start(self) -> Floats:
        """Weights of the model that knows only the targets' means."""
        weights = np.zeros((self.design.width, self.target.shape[1]))
        mean = self.rows @ self.target / self.rows.sum()
        if self.link != "identity":
            mean = np.clip(mean, 1e-6, 1 - 1e-6)
            mean = np.log(mean) if self.link == "softmax" else np.log(mean / (1 - mean))
        weights[-1] = mean
        return weights

    def predict(self, sums: Floats) -> Floats:
        """Numbers or probabilities from sums, in their shape."""
        return predict(sums, self.link)

    def loss(self, sums: Floats) -> Floats:
        """Half the squared error or the negative log-likelihood, summed over rows: `[outputs]`, `[1]` of softmax."""
        if self.link == "identity":
            squared: Floats = self.rows @ (sums - self.target) ** 2 / 2
            return squared
        if self.link == "sigmoid":
            crossed: Floats = self.rows @ (np.logaddexp(0, sums) - self.target * sums)
            return crossed
        lost = 0.0
        at_once = max(
            CELLS_AT_ONCE // sums.shape[1], 1
        )  # what it takes on the way is as large as the sums
        for start in range(0, len(sums), at_once):
            piece = slice(start, start + at_once)
            top = sums[piece].max(1)
            total = np.log(np.exp(sums[piece] - top[:, None]).sum(1)) + top
            lost += self.rows[piece] @ (total - (self.target[piece] * sums[piece]).sum(1))
        return np.array([lost])

    def joint(self, values: Floats) -> Floats:
        """Sums over all that one step decides: by output, or everything under softmax."""
        by_output: Floats = values.sum(0)
        return by_output.sum(keepdims=True) if self.link == "softmax" else by_output

    def curvature(self, predicted: Floats) -> Floats:
        """`[rows, outputs]`: second derivative of a row's loss by each of its sums."""
        if self.link == "identity":
            return np.broadcast_to(self.rows[:, None], predicted.shape)
        curves: Floats = self.rows[:, None] * predicted * (1 - predicted)
        return curves

    def bend(self, predicted: Floats, direction: Floats) -> Floats:
        """Second derivatives of the rows' losses times a direction of their sums."""
        if self.link != "softmax":
            return self.curvature(predicted) * direction
        mean = np.einsum("ij,ij->i", predicted, direction)
        bent: Floats = direction - mean[:, None]
        bent *= predicted
        bent *= self.rows[:, None]
        return bent


def predict(sums: Floats, link: Link) -> Floats:
    """Numbers or probabilities from sums, in their shape."""
    if link == "identity":
        return sums
    if link == "sigmoid":
        return np.exp(-np.logaddexp(0, -sums))
    powers: Floats = np.exp(sums - sums.max(1, keepdims=True))
    powers /= powers.sum(1, keepdims=True)
    return powers


def left_out_errors(model: Model, penalties: Floats) -> Floats:
    """What a least-squares fit without each row would err by on that row, squared, by penalty `[penalties]`.

    In closed form from one decomposition, so every row serves to fit and to judge (Golub, Heath and Wahba 1979).
    """
    rows = model.rows / model.rows.sum()
    columns = model.design.dense[:, :-1]
    mean, centre = rows @ columns, rows @ model.target[:, 0]
    columns, target = columns - mean, model.target[:, 0] - centre
    values, vectors = np.linalg.eigh((columns * model.rows[:, None]).T @ columns)
    values = np.maximum(values, 0)
    turned = columns @ vectors
    reach, squares = turned.T @ (model.rows * target), turned**2
    found = np.empty(len(penalties))
    for i, penalty in enumerate(penalties):
        inverse = 1 / (values + penalty)
        leverage = model.rows * (squares @ inverse) + rows
        errors = (target - turned @ (inverse * reach)) / np.maximum(1 - leverage, 1e-6)
        found[i] = rows @ errors**2
    return found


def solve(
    model: Model,
    l2: float,
    weights: Floats,
    *,
    iterations: int,
    tolerance: float,
    step_done: Callable[[Floats, float], None],
) -> Floats:
    """The weights with the least loss + l2 / 2 · (sum of squares, the constant's left out).

    Args:
        model: Rows and loss.
        l2: Penalty.
        weights: Where to start.
        iterations: Newton steps at most.
        tolerance: Largest slope of the mean row's loss that counts as none.
        step_done: Told the weights and the mean loss after every step.
    """
    penalty = np.full((model.design.width, 1), l2)
    penalty[-1] = 0
    sums = model.design.times(weights)
    value = model.loss(sums) + model.joint(penalty * weights**2) / 2
    total = model.rows.sum()
    for _ in range(iterations):
        predicted = model.predict(sums)
        residual = predicted - model.target
        residual *= model.rows[:, None]
        slope = model.design.back(residual) + penalty * weights
        del residual  # as large as all that is known of the rows where classes are many
        if np.abs(slope).max() <= tolerance * total:
            break
        narrow = model.design.sparse is None and model.design.width * len(value) <= NARROW
        narrow = narrow and (model.link != "softmax" or weights.size <= NARROW)
        step = (_cholesky if narrow else _conjugate)(model, predicted, slope, penalty)
        step_sums = model.design.times(step)
        downhill = model.joint(slope * step)
        size = np.ones_like(value)
        for _ in range(HALVINGS):
            following = (
                model.loss(sums - size * step_sums)
                + model.joint(penalty * (weights - size * step) ** 2) / 2
            )
            worse = following > value - 1e-4 * size * downhill + 1e-12 * np.abs(value)
            if not worse.any():
                break
            size = np.where(worse, size / 2, size)
        else:
            size = np.where(worse, 0.0, size)
            following = np.where(worse, value, following)
        weights = weights - size * step
        sums = sums - size * step_sums
        value = following
        step_done(weights, float(value.sum() / total))
        if not size.any():
            break
    return weights


def _cholesky(model: Model, predicted: Floats, slope: Floats, penalty: Floats) -> Floats:
    """The Newton step `[columns, outputs]`, exactly."""
    width, outputs = slope.shape
    floor = np.diag(penalty[:, 0] + TINY * model.rows.sum())
    if model.link != "softmax":
        curves = model.curvature(predicted)
        return np.stack(
            [
                np.linalg.solve(model.design.gram(curves[:, k]) + floor, slope[:, k])
                for k in range(outputs)
            ],
            axis=1,
        )
    whole = np.zeros((outputs, width, outputs, width))
    for k in range(outputs):
        for other in range(k, outputs):
            rows = model.rows * predicted[:, k] * ((k == other) - predicted[:, other])
            block = model.design.gram(rows)
            whole[k, :, other] = block
            whole[other, :, k] = block.T
        whole[k, :, k] += floor
    size = outputs * width
    solution = np.linalg.solve(whole.reshape(size, size), slope.T.reshape(size))
    return np.ascontiguousarray(solution.reshape(outputs, width).T)


def _conjugate(model: Model, predicted: Floats, slope: Floats, penalty: Floats) -> Floats:
    """The Newton step, as exact as it pays to be: closer as the slope vanishes (Eisenstat and Walker 1996)."""
    scale = model.design.squares_back(model.curvature(predicted)) + penalty
    scale = np.maximum(scale, TINY * model.rows.sum())
    step = np.zeros_like(slope)
    rest = slope.copy()
    scaled = rest / scale
    direction = scaled
    energy = model.joint(rest * scaled)
    start = np.sqrt(model.joint(slope**2))
    enough = np.minimum(0.1, np.sqrt(start / model.rows.sum())) * start
    for _ in range(INNER_STEPS):
        bent = model.design.back(model.bend(predicted, model.design.times(direction)))
        bent += penalty * direction
        curve = model.joint(direction * bent)
        length = np.divide(energy, curve, out=np.zeros_like(energy), where=curve > 0)
        step = step + length * direction
        rest = rest - length * bent
        if (np.sqrt(model.joint(rest**2)) <= enough).all():
            break
        scaled = rest / scale
        following = model.joint(rest * scaled)
        ratio = np.divide(following, energy, out=np.zeros_like(energy), where=energy > 0)
        direction = scaled + ratio * direction
        energy = following
    return step
