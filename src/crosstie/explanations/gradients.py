"""Integrated gradients of a run's networks: what each column adds on the way from a mean row (Sundararajan et al. 2017).

Codes and tokens have no way between them, so the way is that of encodings: from the mean encoding of some rows to that of
the row, straight. What the gradient gathers along it adds up to what the prediction moves by, but for what the sum
over places of the way differs from the integral. That gap is made smaller with more places where it shows, and the rest is
shared out among the columns by how strong they are: it is their error.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from crosstie.artifact.artifact import Artifact, Member, plain
from crosstie.artifact.exchange import Exchange
from crosstie.features.output_feature import OutputFeature
from crosstie.features.preprocessor import Encoded
from crosstie.learners.ecd import Ecd
from crosstie.models.network import Network
from crosstie.serving.explain import LEAST, SCALES, Explanation, place_of, scaled

METHOD = "gradients"
NEAR = 1e-3  # of what the graph says: it adds up float32, too
PLACES = (32, 128, 512)  # of the way, more for rows of which fewer leave a gap
GAP = 0.002  # of all that columns add, above which more places are looked at
AT_ONCE = 4096  # places of rows
ENCODED_AT_ONCE = 256  # rows, of texts and pictures too
STEP = 1e-3  # standard deviations, for the slope of the way back to the target's unit


def by_gradients(
    run: Path, artifact: Artifact, rows: Exchange, background: Exchange
) -> list[Explanation] | None:
    """Why the model says what it says of rows, as `serving.explain.sampled`.

    Args:
        run: The run's directory.
        artifact: Its model; see `check_explained`.
        rows: Encoded by it.
        background: Rows, likewise, whose mean encoding is where the way begins.

    Returns:
        None where the run's networks are not all of its model: another learner is in an average, weights are absent, or what
        they say is not what the model says.
    """
    networks = _networks(run, artifact)
    if networks is None:
        return None
    ways = [
        _Way.of(network, member, ends, starts)
        for network, member, ends, starts in zip(
            networks, artifact.members, rows.rows, background.rows, strict=True
        )
    ]
    raw = artifact.raw(rows.rows)
    values, said = scaled(artifact, raw), artifact.decode(raw, rows.rows[0])
    found: dict[str, list[Explanation]] = {}
    for feature in artifact.outputs:
        of = _Output(artifact, feature, ways, values[feature.name])
        if not of.agrees():
            return None
        predictions = said[f"{feature.name}_prediction"]
        found[feature.name] = list(of.explained(rows.columns, predictions))
    return [each for one in zip(*found.values(), strict=True) for each in one]


def _networks(run: Path, artifact: Artifact) -> list[Network] | None:
    """The network of each member; None where there is not one for each, or it reads more than rows' vectors."""
    folders = [run / "network"]
    if len(artifact.members) > 1:
        folders = [run / "folds" / str(k) / "network" for k in range(len(artifact.members))]
    for folder in folders:
        if not (folder / "weights.safetensors").is_file():
            return None
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        if "architecture" not in config:
            return None
    networks = [Ecd.load(folder) for folder in folders]
    if any(each.read or len(each.levels) for each in networks):
        return None
    for network, member in zip(networks, artifact.members, strict=True):
        if network.layout.inputs != member.layout.inputs:
            return None
        network.requires_grad_(requires_grad=False)
    return networks


@dataclass(frozen=True)
class _Way:
    """From a mean encoding to that of each row, in one network.

    Attributes:
        network: Whose.
        weight: Of the network in the average.
        columns: By place of the parts side by side, the column of the table that it is of.
        start: The mean encoding, `[width]`.
        moves: To each row from there, `[rows, width]`.
        widths: Of the parts.
    """

    network: Network
    weight: float
    columns: tuple[str, ...]
    start: Tensor
    moves: Tensor
    widths: tuple[int, ...]

    @classmethod
    def of(cls, network: Network, member: Member, ends: Encoded, starts: Encoded) -> "_Way":
        """The way from the mean of some encoded rows to each of others."""
        begun, widths = _encoded(network, starts)
        reached, _ = _encoded(network, ends)
        start = begun.mean(0)
        called = {each.name: each.column for each in member.preprocessor.inputs}
        columns = [called[name] for _, name, count in network.inputs.yields() for _ in range(count)]
        assert len(columns) == len(start), "every place is of a column"
        return cls(network, member.weight, tuple(columns), start, reached - start, widths)

    def at(self, rows: Tensor, shares: Tensor) -> Tensor:
        """Encodings `[rows, width]` so far along the way of some rows."""
        return self.start + shares[:, None] * self.moves[rows]

    def said(self, encodings: Tensor, output: str) -> Tensor:
        """What the network puts out for encodings, as its graph does."""
        logits = self.network.of_rows(list(torch.split(encodings, list(self.widths), 1)))
        return self.network.predict(logits)[self.network.outputs[output].array]


def _encoded(network: Network, rows: Encoded) -> tuple[Tensor, tuple[int, ...]]:
    """What encoders make of rows, `[rows, width]`, and the widths of the parts that stand there side by side."""
    inputs = rows.batch.inputs
    found: list[Tensor] = []
    widths: tuple[int, ...] = ()
    with torch.no_grad():
        for start in range(0, len(rows.usable), ENCODED_AT_ONCE):
            arrays = {
                name: torch.from_numpy(np.array(each[start : start + ENCODED_AT_ONCE]))
                for name, each in inputs.items()
            }
            parts = network.inputs(arrays)
            widths = tuple(each.shape[1] for each in parts)
            found.append(torch.cat(parts, 1))
    return torch.cat(found), widths


class _Output:
    """One output, on all ways at once: of several networks the average is explained, not each.

    Args:
        artifact: The model.
        feature: The output.
        ways: Of its members.
        values: What the model says of the rows, of `scaled`.
    """

    def __init__(
        self,
        artifact: Artifact,
        feature: OutputFeature,
        ways: Sequence[_Way],
        values: NDArray[np.float64],
    ) -> None:
        self.feature = feature
        self.ways = ways
        self.values = values
        self.members = artifact.members
        self.total = sum(each.weight for each in ways)
        self.temperature = artifact.settings[feature.name].temperature
        self.places = [place_of(feature, each) for each in values]
        self.chosen = torch.tensor([place for place, _ in self.places])

    def agrees(self) -> bool:
        """Whether the networks say of the rows what the model says."""
        said = self._at(np.ones(1))
        true = self.values[np.arange(len(said)), self.chosen.numpy()]
        most = max(np.abs(true).max(initial=0), 1)
        return bool(np.allclose(said[:, 0], true, rtol=NEAR, atol=NEAR * most))

    def explained(
        self, columns: Sequence[str], predictions: Sequence[Any]
    ) -> Iterator[Explanation]:
        """An explanation of each row."""
        bases = self._at(np.zeros(1))[:, 0]
        gathered = self._gathered(bases)
        for row, added in enumerate(gathered):
            place, label = self.places[row]
            value, base = float(self.values[row, place]), float(bases[row])
            strength = np.abs(added).sum()
            gap = float(value - base - added.sum())
            shares = np.abs(added) / strength if strength else np.full(len(added), 1 / len(added))
            by_column = dict.fromkeys(columns, 0.0)
            errors = dict.fromkeys(columns, 0.0)
            for name, one, share in zip(
                self._columns, added.tolist(), shares.tolist(), strict=True
            ):
                by_column[name] += one + share * gap
                errors[name] += share * abs(gap)
            yield Explanation(
                row + 1,
                self.feature.name,
                plain(predictions[row]),
                SCALES[self.feature.type],
                label,
                base,
                value,
                by_column,
                errors,
                METHOD,
            )

    @property
    def _columns(self) -> list[str]:
        """Every column once, in the order of `_gathered`."""
        return list(dict.fromkeys(name for way in self.ways for name in way.columns))

    def _gathered(self, bases: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the gradient gathers for each column, `[rows, columns]`, with as many places as it takes."""
        rows = np.arange(len(self.values))
        wanted = self.values[rows, self.chosen.numpy()] - bases
        found = np.zeros((len(rows), len(self._columns)))
        for places in PLACES:
            found[rows] = self._integrals(rows, places)
            gap = np.abs(wanted[rows] - found[rows].sum(1))
            rows = rows[gap > GAP * np.abs(found[rows]).sum(1)]
            if not len(rows):
                break
        return found

    def _integrals(self, rows: NDArray[np.int64], places: int) -> NDArray[np.float64]:
        """Sums over the middles of so many equal parts of the way."""
        shares = torch.tensor((np.arange(places) + 0.5) / places, dtype=torch.float32)
        columns = {name: place for place, name in enumerate(self._columns)}
        owners = [torch.tensor([columns[name] for name in way.columns]) for way in self.ways]
        found = np.zeros((len(rows), len(columns)))
        at_once = max(AT_ONCE // places, 1)
        for start in range(0, len(rows), at_once):
            some = torch.from_numpy(rows[start : start + at_once])
            each = some.repeat_interleave(places)
            points = [way.at(each, shares.repeat(len(some))).requires_grad_() for way in self.ways]
            _, moving = self._linked(points, self.chosen[each])
            slopes = torch.autograd.grad(moving.sum(), points)
            for way, slope, owner in zip(self.ways, slopes, owners, strict=True):
                mean = slope.double().view(len(some), places, -1).mean(1)
                added = mean * way.moves[some].double()
                total = torch.zeros(len(some), len(columns), dtype=torch.float64)
                found[start : start + at_once] += total.index_add(1, owner, added).numpy()
        return found

    def _at(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """What is said of every row at these places of its way, `[rows, places]`."""
        rows = torch.arange(len(self.values)).repeat_interleave(len(shares))
        along = torch.tensor(shares, dtype=torch.float32).repeat(len(self.values))
        found = []
        with torch.no_grad():
            for start in range(0, len(rows), AT_ONCE):
                some = slice(start, start + AT_ONCE)
                points = [way.at(rows[some], along[some]) for way in self.ways]
                found.append(self._linked(points, self.chosen[rows[some]])[0])
        return np.concatenate(found or [np.zeros(0)]).reshape(len(self.values), len(shares))

    def _linked(
        self, points: Sequence[Tensor], chosen: Tensor
    ) -> tuple[NDArray[np.float64], Tensor]:
        """What is explained at some points, and a tensor whose gradient is its."""
        name = self.feature.name
        said = [way.said(each, name) for way, each in zip(self.ways, points, strict=True)]
        weights = [way.weight / self.total for way in self.ways]
        if self.feature.type == "number":
            return self._amount(said, weights)
        mean = sum(
            (each.double() * weight for each, weight in zip(said, weights, strict=True)),
            start=torch.zeros((), dtype=torch.float64),
        )
        if self.feature.type == "binary":
            sure = mean.clamp(LEAST, 1 - LEAST)
            moving = (sure.log() - (-sure).log1p()) / self.temperature
        else:
            logs = mean.clamp_min(1e-12).log() / self.temperature
            moving = logs.softmax(1).gather(1, chosen[:, None])[:, 0]
        return moving.detach().numpy(), moving

    def _amount(
        self, said: Sequence[Tensor], weights: Sequence[float]
    ) -> tuple[NDArray[np.float64], Tensor]:
        """Numbers in the target's unit: the way back from how the target was scaled may be no straight line."""
        values, moving = np.zeros(len(said[0])), torch.zeros((), dtype=torch.float64)
        for each, weight, member in zip(said, weights, self.members, strict=True):
            raw = each.detach().double().numpy()
            back = _way_back(member, self.feature.name)
            values = values + weight * back(raw)
            slope = (back(raw + STEP) - back(raw - STEP)) / (2 * STEP)
            moving = moving + torch.from_numpy(weight * slope) * each.double()
        return values, moving


def _way_back(member: Member, output: str) -> Any:
    """From what a network says of a number to the unit of the column."""
    [feature] = [each for each in member.preprocessor.outputs if each.name == output]

    def back(raw: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(feature.decode(raw)["prediction"], np.float64)  # type: ignore[arg-type]

    return back
