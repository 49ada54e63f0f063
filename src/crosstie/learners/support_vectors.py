"""Support vector machines (Cortes and Vapnik 1995) with a Gaussian kernel; of a number, support vector regression.

libsvm fits them, through scikit-learn: of several classes a machine for each against the rest, which says as much as one
for each pair (Rifkin and Klautau 2004; digits: .937 and .939) and leaves a graph of few sums. What it holds is the
kernel written out, over the rows that are support vectors. Margins are no probabilities: a logistic regression on them
makes such (Platt 1999), fitted on rows that the machine did not see.
"""

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Ge, Gt
from numpy.typing import NDArray

from crosstie.config.words import Answer, Elsewhere
from crosstie.data.batch import Batch, Output
from crosstie.errors import DataError
from crosstie.learners.classic import Classic, sample
from crosstie.learners.graph import GraphWriter
from crosstie.learners.kernel import Machine
from crosstie.learners.learner import Job, learners
from crosstie.learners.newton import Design, Model, predict, solve
from crosstie.learners.points import Points
from crosstie.learners.weights import row_weights
from crosstie.training.callbacks.callback import Progress

Floats = NDArray[np.float64]

ROWS_TO_SCALE = 500_000  # more do not move a mean, and cost memory
CALIBRATION_ROWS = (
    1000  # validation rows that make margins probabilities; with fewer, training rows left out do
)
FOLDS = 3
L2 = 1.0  # on the weights of margins, whose spread is about 1
CACHE = 500  # MB of kernel that libsvm keeps
SECONDS = (
    7.5e-9  # that a pair of rows takes a machine for each column: 10,000 rows of Adult take 11 s
)
PATIENCE = 60.0


@learners(
    "support_vectors",
    elsewhere=("svm", "svc", "svr", "libsvm", "support_vector_machine", "ksvm"),
)
class SupportVectors(Classic):
    """Margins in the space of a Gaussian kernel. For small tables: time grows with the square of rows.

    Numbers are standardised, categories one-hot, text is condensed.

    Args:
        C: What a row on the wrong side costs; less is smoother.
        gamma: How quickly likeness fades with the squared distance; `scale` is one over the number of columns
            times the variance of all that is in them.
        epsilon: Of a number: how far off in its spreads costs nothing.
        class_weights: `balanced` gives every class the same total weight; a list gives one weight a class, in the
            order of the classes (negative, positive), a section each by the class's name. None leaves rows alone.
        text_components: Columns that a text is condensed to.
    """

    answers: ClassVar[dict[str, Answer]] = {
        "kernel": Answer("is always Gaussian; a straight one is model_type linear", ("rbf",)),
        **dict.fromkeys(("degree", "coef0"), Answer("is of other kernels; leave it out", (3, 0.0))),
        "probability": Answer("there are probabilities always; leave it out", (True,)),
        **dict.fromkeys(
            ("shrinking", "cache_size", "max_iter", "tol", "decision_function_shape"),
            Answer("is not an option in this version; leave it out", (True, -1, "ovr")),
        ),
        "nu": Answer("write `C: …`"),
    }

    def __init__(
        self,
        *,
        C: Annotated[float, Gt(0), Elsewhere("cost", "regularization")] = 1.0,  # noqa: N803 - its name everywhere
        gamma: Annotated[float, Gt(0), Elsewhere("sigma")] | Literal["scale"] = "scale",
        epsilon: Annotated[float, Ge(0)] = 0.1,
        class_weights: Annotated[
            Literal["balanced"]
            | list[Annotated[float, Gt(0)]]
            | dict[str, Annotated[float, Gt(0)]]
            | None,
            Elsewhere("class_weight"),
        ] = None,
        text_components: Annotated[int, Ge(1)] = 32,
    ) -> None:
        self.C = C
        self.gamma = gamma
        self.epsilon = epsilon
        self.class_weights = class_weights
        self.text_components = text_components
        self.points_: Points | None = None
        self.about_ = {}

    @classmethod
    def takes(cls, rows: int, inputs: int, classes: int) -> float:
        return SECONDS * max(inputs, 1) * (classes if classes > 2 else 1) * rows**2

    @classmethod
    def hopeless(cls, rows: int, inputs: int, classes: int) -> str:
        second_a_pair = cls.takes(1, inputs, classes)
        most = round((PATIENCE / second_a_pair) ** 0.5, -2)
        if rows <= most:
            return ""
        minutes = max(cls.takes(rows, inputs, classes) / 60, 1)
        return (
            f"support vectors on {rows:,} rows would take about {minutes:,.0f} minutes; "
            f"at most {most:,.0f} of such rows are worth it"
        )

    def _learn(self, job: Job, output: Output, weights: Floats | None, progress: Progress) -> None:
        some = sample(job.train, output, ROWS_TO_SCALE, job.seed)
        points = Points.fit(
            job.layout,
            job.train if len(some) == len(job.train) else job.train.take(some),
            text_components=self.text_components,
            seed=job.seed,
        )
        if not points.names:
            raise DataError(
                "support_vectors: no two training rows have anything in common to compare them by"
            )
        train = job.train
        if weights is not None and not weights.all():
            train, weights = train.take(np.flatnonzero(weights)), weights[weights > 0]
        rows, target = points.array(train), np.asarray(train.targets[output.name])
        variance = float(rows.var(dtype=np.float64)) * rows.shape[1]
        self.gamma_ = 1 / (variance or 1.0) if self.gamma == "scale" else float(self.gamma)
        self.points_ = points
        self.machine_ = self._fit(job, output, rows, target, weights)
        self.layout_ = job.layout
        self.about_ = {
            "rows": len(rows),
            "columns": rows.shape[1],
            "vectors": len(self.machine_.vectors),
            "gamma": float(f"{self.gamma_:.3g}"),
        }
        self.warn_of_rows(job, len(self.machine_.vectors))
        self.step_done(job, progress, 1)

    def _fit(
        self,
        job: Job,
        output: Output,
        rows: NDArray[np.float32],
        target: NDArray[Any],
        weights: Floats | None,
    ) -> Machine:
        """The machine whose sums a graph needs only make probabilities of."""
        if output.type == "number":
            return self._of_number(rows, target, weights)
        machine = self._of_classes(output, rows, target, weights)
        held = job.validation
        if held is not None and len(held) >= CALIBRATION_ROWS:
            assert self.points_ is not None
            counts = row_weights(held, output, self.class_weights)
            margins = machine.sums(self.points_.array(held))
            return machine.then(_logistic(output, margins, held.targets[output.name], counts))
        margins = np.zeros((len(rows), machine.shares.shape[1]))
        fold = _folds(target, job.seed)
        for k in range(FOLDS):
            rest, out = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
            of_rest = None if weights is None else weights[rest]
            part = self._of_classes(output, rows[rest], target[rest], of_rest)
            margins[out] = part.sums(rows[out])
        return machine.then(_logistic(output, margins, target, weights))

    def _of_number(
        self, rows: NDArray[np.float32], target: NDArray[Any], weights: Floats | None
    ) -> Machine:
        from sklearn.svm import SVR  # 1.5 s

        mean, spread = float(target.mean()), float(target.std())
        if not spread:
            return Machine(rows[:1], np.zeros((1, 1)), np.array([mean]), self.gamma_)
        fitted = SVR(C=self.C, gamma=self.gamma_, epsilon=self.epsilon, cache_size=CACHE)
        fitted.fit(rows.astype(np.float64), (target - mean) / spread, sample_weight=weights)
        offset = fitted.intercept_ * spread + mean
        return Machine(rows[fitted.support_], fitted.dual_coef_.T * spread, offset, self.gamma_)

    def _of_classes(
        self,
        output: Output,
        rows: NDArray[np.float32],
        target: NDArray[Any],
        weights: Floats | None,
    ) -> Machine:
        """Its sums are margins: one for each class against the rest, of two that of the second."""
        from sklearn.svm import SVC  # 1.5 s

        sought = range(output.size) if output.type == "category" else (1,)
        points = rows.astype(np.float64)
        shares, offset = np.zeros((len(rows), len(sought))), np.zeros(len(sought))
        for column, code in enumerate(sought):
            mine = target == code
            if mine.all() or not mine.any():  # nothing to be parted from
                continue
            fitted = SVC(C=self.C, gamma=self.gamma_, cache_size=CACHE)
            fitted.fit(points, mine, sample_weight=weights)
            shares[fitted.support_, column] = fitted.dual_coef_[0]
            offset[column] = fitted.intercept_[0]
        support = np.flatnonzero(shares.any(1))
        support = support if len(support) else np.zeros(1, np.int64)
        return Machine(rows[support], shares[support], offset, self.gamma_)

    def _predict(self, batch: Batch) -> Floats:
        assert self.points_ is not None
        output = self._fitted().outputs[0]
        sums = self.machine_.sums(self.points_.array(batch))
        if output.type == "category":
            return predict(sums, "softmax")
        return predict(sums, "identity" if output.type == "number" else "sigmoid")[:, 0]

    def _add(self, graph: GraphWriter, output: Output) -> str:
        assert self.points_ is not None
        sums = self.machine_.add(graph, self.points_.add(graph))
        if output.type == "category":
            return graph.add("Softmax", sums, axis=1)
        return sums if output.type == "number" else graph.add("Sigmoid", sums)

    def _arrays(self) -> dict[str, NDArray[Any]]:
        assert self.points_ is not None
        found: dict[str, NDArray[Any]] = {
            "vectors": self.machine_.vectors,
            "shares": self.machine_.shares,
            "offset": self.machine_.offset,
            "gamma": np.array([self.gamma_]),
        }
        return found | self.points_.arrays()

    def _names(self) -> list[str]:
        assert self.points_ is not None
        return self.points_.names


def _folds(target: NDArray[Any], seed: int) -> NDArray[np.int64]:
    """Which fold each row is left out of, each class spread evenly."""
    drawn = np.random.default_rng(seed).permutation(len(target))
    order = drawn[np.argsort(target[drawn], kind="stable")]
    fold = np.empty(len(target), np.int64)
    fold[order] = np.arange(len(target)) % FOLDS
    return fold


def _logistic(
    output: Output, margins: Floats, target: NDArray[Any], weights: Floats | NDArray[Any] | None
) -> Floats:
    """The weights of margins, and the constant, that make probabilities of them."""
    wanted = np.eye(output.size)[target] if output.type == "category" else target[:, None]
    rows = np.ones(len(target)) if weights is None else np.asarray(weights, np.float64)
    model = Model(
        Design(np.concatenate([margins, np.ones((len(margins), 1))], axis=1)),
        wanted.astype(np.float64),
        rows,
        "softmax" if output.type == "category" else "sigmoid",
    )
    return solve(
        model, L2, model.start(), iterations=100, tolerance=1e-6, step_done=lambda *_: None
    )
