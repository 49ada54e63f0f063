"""Gaussian mixtures: each group is a cloud of its own shape and share, fitted by expectation maximisation.

Clouds have a shape of their own or one along the columns, whichever the Bayesian information criterion prefers. Columns of few
values are blurred while it is fitted: a cloud could shrink onto one value of a category, and its density would grow
without bound.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from crosstie.clustering.grouping import Floats, Grouping, Groups
from crosstie.learners.graph import GraphWriter

BLUR = 0.5**0.5  # two values that are the square root of 2 apart make one top then, if only just
WIDE = 32  # columns, beyond which a shape of a cloud's own has too many numbers to learn
LEAST = 1e-3  # variance that is added to each column
SHAPES = ("diag", "full")


@dataclass(frozen=True)
class Mixture(Grouping):
    """Clouds.

    Attributes:
        means: float64 `[groups, columns]`.
        precisions: float64 `[groups, columns, columns]`, lower triangles' inverses, transposed: a point's distance from
            a cloud is that of its product with one from the product of the cloud's middle.
        shares: float64 `[groups]`, of rows.
        reach: float64 `[groups]`, root mean square of its points' distances from it, in its own spreads.
        shape: `diag` where clouds lie along the columns, else `full`.
        bic: Bayesian information criterion on the points it was fitted on, by point: less is better.
    """

    means: Floats
    precisions: Floats
    shares: Floats
    reach: Floats
    shape: str
    bic: float

    @property
    def groups(self) -> int:  # type: ignore[override]
        """How many clouds."""
        return len(self.means)

    @classmethod
    def fit(
        cls, points: Floats, groups: int, *, seed: int, lumpy: NDArray[np.bool_], tries: int = 4
    ) -> Self:
        """The better shape, the best of so many beginnings."""
        blurred = blur(points, lumpy, seed=seed)
        enough = points.shape[1] <= WIDE and len(points) > 2 * groups * points.shape[1]
        found = [
            _search(blurred, shape, groups, n_init=tries, random_state=seed)
            for shape in (SHAPES if enough else SHAPES[:1])
        ]
        return cls._of(min(found, key=lambda each: each.bic(blurred)), points, blurred)

    def refined(self, points: Floats, *, seed: int, lumpy: NDArray[np.bool_]) -> Self:
        """The same clouds, fitted on to more points."""
        blurred = blur(points, lumpy, seed=seed)
        roots: Floats = self.precisions
        precisions = roots @ roots.transpose(0, 2, 1)
        if self.shape == "diag":
            precisions = np.diagonal(precisions, axis1=1, axis2=2)
        found = _search(
            blurred,
            self.shape,
            self.groups,
            weights_init=self.shares,
            means_init=self.means,
            precisions_init=precisions,
            random_state=seed,
        )
        return self._of(found, points, blurred)

    @classmethod
    def _of(cls, found: Any, points: Floats, blurred: Floats) -> Self:
        """What a fitted search of scikit-learn found."""
        roots, groups = found.precisions_cholesky_, found.n_components
        if found.covariance_type == "diag":
            roots = np.stack([np.diag(each) for each in roots])
        bic = float(found.bic(blurred) / len(points))
        clouds = cls(
            found.means_, roots, found.weights_, np.ones(groups), found.covariance_type, bic
        )
        own = clouds.assign(points)
        far = clouds.far(points)[np.arange(len(points)), own]
        counts = np.maximum(np.bincount(own, minlength=groups), 1)
        reach = np.sqrt(np.bincount(own, weights=far, minlength=groups) / counts)
        return replace(clouds, reach=np.where(reach > 0, reach, 1.0))

    @property
    def scores(self) -> Floats:
        """`[groups]`, logarithm of the share less that of the cloud's volume."""
        volumes = np.log(np.diagonal(self.precisions, axis1=1, axis2=2)).sum(1)
        scores: Floats = np.log(self.shares) + volumes
        return scores

    def far(self, points: Floats) -> Floats:
        """Squared distances in spreads of each cloud `[rows, groups]`."""
        return np.stack(
            [
                ((points @ root - mean @ root) ** 2).sum(1)
                for mean, root in zip(self.means, self.precisions, strict=True)
            ],
            axis=1,
        )

    def assign(self, points: Floats) -> Groups:
        likeliest: Groups = (self.scores - 0.5 * self.far(points)).argmax(1)
        return likeliest

    def ordered(self, order: Sequence[int]) -> Self:
        places = list(order)
        return replace(
            self,
            means=self.means[places],
            precisions=self.precisions[places],
            shares=self.shares[places],
            reach=self.reach[places],
        )

    def add(self, graph: GraphWriter, points: str) -> tuple[str, str]:
        groups, columns = self.means.shape
        side_by_side = self.precisions.transpose(1, 0, 2).reshape(columns, groups * columns)
        middles = np.einsum("gc,gcd->gd", self.means, self.precisions).ravel()
        stretched = graph.add(
            "Gemm",
            points,
            graph.constant(side_by_side, np.float64),
            graph.constant(-middles, np.float64),
        )
        shape = graph.constant([-1, groups, columns], np.int64)
        apart = graph.add("Reshape", stretched, shape)
        far = graph.add("ReduceSumSquare", apart, graph.constant([2], np.int64), keepdims=0)
        half = graph.add("Mul", far, graph.constant(-0.5, np.float64))
        scores = graph.add("Add", half, graph.constant(self.scores, np.float64))
        place = graph.add("ArgMax", scores, axis=1, keepdims=1)
        reach = graph.constant(self.reach, np.float64)
        far = graph.add("Div", graph.add("Sqrt", far), reach)
        return graph.add("Softmax", scores, axis=1), graph.add("GatherElements", far, place, axis=1)

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {
            "means": self.means,
            "precisions": self.precisions,
            "shares": self.shares,
            "reach": self.reach,
        }


def _search(points: Floats, shape: str, groups: int, **begin: Any) -> Any:
    """scikit-learn's mixture, fitted."""
    from sklearn.exceptions import ConvergenceWarning  # 1.5 s
    from sklearn.mixture import GaussianMixture

    search = GaussianMixture(groups, covariance_type=shape, reg_covar=LEAST, **begin)
    with warnings.catch_warnings():  # a cloud that still moves a little is one all the same
        warnings.simplefilter("ignore", ConvergenceWarning)
        return search.fit(points)


def blur(points: Floats, lumpy: NDArray[np.bool_], *, seed: int) -> Floats:
    """The points with noise on columns of few values, where they differ at all."""
    noise = np.random.default_rng(seed).normal(size=(len(points), int(lumpy.sum())))
    found = points.copy()
    found[:, lumpy] += BLUR * noise
    return found
