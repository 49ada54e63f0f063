"""From packed arrays to encoders: imputes, marks what is missing, and gives every encoder its columns.

Two things happen to all inputs alike, whatever their encoder. A missing number becomes 0, the training mean,
and where training rows had missing values an indicator beside it says so. In training a few codes are
replaced with "unknown", so that a level or word never seen has a representation that was trained for.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from crosstie.data.batch import Batch, Date, Image, Layout, Tokens, Vector
from crosstie.models.combiners.combiner import Part
from crosstie.models.encoders.encoder import Encoder
from crosstie.models.groups import SAMPLE, Group, Sections, Tied, groups, tied
from crosstie.models.layers.blend import Blend
from crosstie.models.layers.pick import Pick

States = tuple[Tensor, Tensor]  # `[batch, length, width]`, and bool `[batch, length]`: no padding
UNKNOWN_RATE = 0.01  # enough rows to train a level for, few enough not to be felt


class Pixels(nn.Module):
    """Bytes of images as numbers around 0: `(pixel / 255 - mean) / std`, by channel."""

    def __init__(self, image: Image) -> None:
        super().__init__()
        shape = (len(image.mean), 1, 1)
        self.scale = nn.Buffer(1 / (255 * torch.tensor(image.std).view(shape)))
        self.shift = nn.Buffer(
            -torch.tensor(image.mean).view(shape) / torch.tensor(image.std).view(shape)
        )

    def forward(self, pixels: Tensor) -> Tensor:
        """uint8 `[batch, channels, height, width]` to floats, a pixel's channels side by side in memory.

        Convolutions are 1.3 times as fast on them so on a CPU, and keep what they yield in that order.
        """
        scaled: Tensor = pixels.to(self.scale.dtype) * self.scale + self.shift
        return scaled.contiguous(memory_format=torch.channels_last)


class Inputs(nn.Module):
    """All encoders of a network.

    Args:
        layout: What the arrays are.
        sections: By input name: `type`, `encoder`, `tied` where the encoder is another input's, and `indicator`
            once that is decided.
        train: Training rows, or None when a saved network is rebuilt.

    Attributes:
        sections: The same, with everything that the data decided.
        parts: What each encoder yields, in the order of `forward`.
    """

    def __init__(self, layout: Layout, sections: Sections, train: Batch | None) -> None:
        super().__init__()
        self.words = {each.name: each for each in layout.tokens}
        self.sections = {name: dict(section) for name, section in sections.items()}
        self.groups = nn.ModuleList(groups(layout, self.sections, train))
        self.tied = nn.ModuleList(tied(layout, self.sections))
        self.roots = {group.names[0]: place for place, group in enumerate(self._groups())}
        for each in self._tied():
            owner = self.sections[each.root]["encoder"]
            self.sections[each.name]["encoder"] = {**owner}
        wide: tuple[Vector | Date, ...] = (*layout.vectors, *layout.dates)
        self.columns = {"numbers": layout.numbers} | {each.array: (each.name,) for each in wide}
        self.indicated = _indicators(layout, self.sections, train)
        self.indicators = nn.ModuleDict(
            {array: Pick(total, chosen) for array, (total, chosen) in self.indicated.items()}
        )
        series = {each.array for each in layout.series}  # their encoders want to see where they end
        self.floats = tuple(
            name
            for name, (dtype, _) in layout.inputs.items()
            if dtype == "float32" and name not in series
        )
        self.pixels = nn.ModuleDict({each.array: Pixels(each) for each in layout.images})
        self.codes = {"categories": 0} if layout.categories else {}
        owners = [*self._groups(), *(self._owner(each) for each in self._tied())]
        forgetting = {
            part.array
            for part, owner in zip((*self._groups(), *self._tied()), owners, strict=True)
            if owner.encoder.forgets
        }
        self.tokens = {each.array: 1 for each in layout.tokens if each.array in forgetting}
        self.parts = tuple(
            Part(
                self.sections[group.names[0]]["type"],
                group.encoder.widths,
                embedded=any(width > 1 for width in group.encoder.widths),
            )
            for group in owners
        ) + tuple(
            Part("binary", (1,) * len(chosen), embedded=False)
            for _, chosen in self.indicated.values()
        )

    def encoders(self, *, tied: bool = False) -> Iterator[tuple[tuple[str, ...], str, Encoder]]:
        """Every encoder with its columns and its name, in the order of `groups`; with `tied` also those of tied columns."""
        for group in self._groups():
            yield group.names, self.sections[group.names[0]]["encoder"]["type"], group.encoder
        for each in self._tied() if tied else ():
            kind = self.sections[each.name]["encoder"]["type"]
            yield (each.name,), kind, self._owner(each).encoder

    def yields(self) -> list[list[Any]]:
        """What stands side by side in what `forward` gives: runs `[kind, column, count]`, as `Encoder.yields` has them."""
        runs: list[list[Any]] = []
        for names, kind, encoder in self.encoders(tied=True):
            runs += encoder.yields(names, kind)
        for array, (_, chosen) in self.indicated.items():
            runs += [["missing", self.columns[array][place], 1] for place in chosen]
        return runs

    def _groups(self) -> Iterator[Group]:
        for group in self.groups:
            assert isinstance(group, Group)
            yield group

    def _tied(self) -> Iterator[Tied]:
        for each in self.tied:
            assert isinstance(each, Tied)
            yield each

    def _owner(self, tied: Tied) -> Group:
        group = self.groups[self.roots[tied.root]]
        assert isinstance(group, Group)
        return group

    def forward(self, inputs: Mapping[str, Tensor]) -> list[Tensor]:
        """One `[batch, sum(widths)]` for each of `parts`."""
        return self.read(inputs)[0]

    def read(
        self,
        inputs: Mapping[str, Tensor],
        *,
        rows: bool = True,
        tokens: Collection[str] = (),
        blend: Blend | None = None,
    ) -> tuple[list[Tensor], dict[str, States]]:
        """What outputs read, every encoder running once whoever reads it.

        Args:
            inputs: As `Batch.inputs`.
            rows: Whether some output reads the rows' vectors.
            tokens: Inputs that some output reads token by token.
            blend: How rows are mixed, where they are to be: pixels before they are encoded, all else after.

        Returns:
            (one `[batch, sum(widths)]` for each of `parts`, none without `rows`; by name of those inputs a vector
            for each token and where there is no padding).
        """
        arrays = dict(inputs)
        marks = []
        for name in self.floats:
            missing = arrays[name].isnan()
            arrays[name] = arrays[name].masked_fill(missing, 0.0)
            if name in self.indicated:
                marks.append(self.indicators[name](missing).to(arrays[name].dtype))
        mixed = set()
        for name, pixels in self.pixels.items():
            if not arrays[name].is_floating_point():  # else vectors that were computed before
                arrays[name] = pixels(arrays[name])
                if blend is not None:
                    arrays[name] = blend(arrays[name])
                    mixed.add(name)
        if self.training:
            self._forget(arrays)
        found: list[Tensor] = []
        states: dict[str, States] = {}
        for name, owner, columns in self._columns(arrays):
            if name in tokens:
                states[name] = owner.encoder.states(columns)
            if rows:
                encoded = (
                    owner.encoder.row(*states[name]).flatten(1)
                    if name in states
                    else owner.encode(columns)
                )
                found.append(encoded if blend is None or owner.array in mixed else blend(encoded))
        if blend is not None:
            marks = [blend(each) for each in marks]
        return found + marks if rows else [], states

    def _columns(self, arrays: Mapping[str, Tensor]) -> Iterator[tuple[str, Group, Tensor]]:
        """Every encoder with the name of the first column and the columns that it reads."""
        for group in self._groups():
            yield group.names[0], group, group.pick(arrays[group.array])
        for each in self._tied():
            yield each.name, self._owner(each), each.pick(arrays[each.array])

    def states_width(self, name: str) -> int | None:
        """Of the vector for each token of an input, or None where it has none."""
        owners = {group.names[0]: group for group in self._groups()}
        owners |= {each.name: self._owner(each) for each in self._tied()}
        owner = owners.get(name)
        return None if owner is None else owner.encoder.states_width

    def arrays(self) -> Iterator[tuple[tuple[str, ...], str, dict[str, Any], Encoder]]:
        """(columns, array, options, encoder) of each encoder, but those of tied columns."""
        for group in self._groups():
            yield group.names, group.array, self.sections[group.names[0]]["encoder"], group.encoder

    def once(self, states: Collection[str]) -> Iterator[tuple[str, dict[str, Any], Encoder]]:
        """(array, options, encoder) of each that need run but once, for its rows' vectors never change.

        Args:
            states: Inputs that some output reads token by token; those need more than a vector a row.
        """
        roots = {each.root for each in self._tied()}
        for group in self._groups():
            name = group.names[0]
            if group.encoder.once and name not in roots and name not in states:
                yield group.array, self.sections[name]["encoder"], group.encoder

    def once_by_word(
        self, states: Collection[str]
    ) -> Iterator[tuple[Tokens, dict[str, Any], Encoder]]:
        """(tokens, options, encoder) of each whose words' vectors never change, of inputs that are read token by token."""
        roots = {each.root for each in self._tied()}
        for group in self._groups():
            name = group.names[0]
            if group.encoder.once_by_word and name in states and name not in roots:
                yield self.words[name], self.sections[name]["encoder"], group.encoder

    def _forget(self, arrays: dict[str, Tensor]) -> None:
        """Replace a few codes with unknown (0 of a category, 1 of tokens, whose 0 is padding)."""
        if self.codes:
            codes = arrays["categories"]
            forgotten = torch.rand(codes.shape, device=codes.device) < UNKNOWN_RATE
            arrays["categories"] = codes.masked_fill(forgotten, 0)
        for name in self.tokens:
            ids = arrays[name]
            words = ids if ids.dim() == 2 else ids[..., 0]
            forgotten = (torch.rand(words.shape, device=ids.device) < UNKNOWN_RATE) & (words != 0)
            words = words.masked_fill(forgotten, 1)
            known = words if ids.dim() == 2 else torch.cat([words.unsqueeze(-1), ids[..., 1:]], -1)
            arrays[name] = known  # a forgotten word keeps its letters


def _indicators(
    layout: Layout, sections: Sections, train: Batch | None
) -> dict[str, tuple[int, list[int]]]:
    """Array to (its columns, those with an indicator); the decision goes into the sections."""
    found: dict[str, tuple[int, list[int]]] = {}
    places = [("numbers", place, name) for place, name in enumerate(layout.numbers)]
    wide: tuple[Vector | Date, ...] = (*layout.vectors, *layout.dates)
    places += [(each.array, 0, each.name) for each in wide]
    gaps: dict[str, NDArray[np.bool_]] = {}
    for array, place, name in places:
        if "indicator" not in sections[name]:
            if array not in gaps:
                gaps[array] = _gaps(train, array)
            sections[name]["indicator"] = bool(gaps[array][place])
        if sections[name]["indicator"]:
            total = layout.inputs[array][1][0]
            found.setdefault(array, (total, []))[1].append(place)
    return found


def _gaps(train: Batch | None, array: str) -> NDArray[np.bool_]:
    """Which columns of an array hold a missing value in some training row."""
    assert train is not None, "a network without training rows needs the sections of a built one"
    values = train.inputs[array]
    found = np.zeros(values.shape[1], bool)
    for start in range(0, len(values), SAMPLE):
        found |= np.isnan(values[start : start + SAMPLE]).any(axis=0)
    return found
