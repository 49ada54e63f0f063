"""From packed arrays to encoders: imputes, marks what is missing, and gives every encoder its columns.

Two things happen to all inputs alike, whatever their encoder. A missing number becomes 0, the training mean,
and where training rows had missing values an indicator beside it says so. In training a few codes are
replaced with "unknown", so that a level or word never seen has a representation that was trained for.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from crosstie.data.batch import Batch, Date, Image, Layout, Series, Vector
from crosstie.models.combiners.combiner import Part
from crosstie.models.encoders.encoder import Columns, Encoder, encoders
from crosstie.models.layers.initial import build_part
from crosstie.models.layers.pick import Pick

Sections = dict[str, dict[str, Any]]

UNKNOWN_RATE = 0.01  # enough rows to train a level for, few enough not to be felt
SAMPLE = 100_000  # rows that quantiles are taken from


class Group(nn.Module):
    """One encoder and the columns it reads.

    Args:
        array: The packed array its columns are in.
        total: Columns of that array.
        chosen: Which of them.
        encoder: What encodes them.
        names: Of the columns.
    """

    def __init__(
        self,
        array: str,
        total: int,
        chosen: Sequence[int],
        encoder: Encoder,
        names: Sequence[str],
    ) -> None:
        super().__init__()
        self.array = array
        self.pick = Pick(total, chosen)
        self.encoder = encoder
        self.names = tuple(names)

    def forward(self, arrays: Mapping[str, Tensor]) -> Tensor:
        """`[batch, sum(widths)]`."""
        return self.encode(self.pick(arrays[self.array]))

    def encode(self, columns: Tensor) -> Tensor:
        """Columns of the array to `[batch, sum(widths)]`."""
        found: Tensor = self.encoder(columns)
        return found.flatten(1)


class Tied(nn.Module):
    """A column that another's encoder reads too.

    Args:
        array: The packed array it is in.
        total: Columns of that array.
        chosen: Which of them.
        name: Of the column.
        root: Whose encoder it is.
    """

    def __init__(
        self, array: str, total: int, chosen: Sequence[int], *, name: str, root: str
    ) -> None:
        super().__init__()
        self.array = array
        self.pick = Pick(total, chosen)
        self.name = name
        self.root = root

    def forward(self, arrays: Mapping[str, Tensor], group: Group) -> Tensor:
        """`[batch, sum(widths)]`, from the encoder of the other's group."""
        return group.encode(self.pick(arrays[self.array]))


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
        """uint8 `[batch, channels, height, width]` to floats."""
        return pixels.to(self.scale.dtype) * self.scale + self.shift


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
        self.sections = {name: dict(section) for name, section in sections.items()}
        self.groups = nn.ModuleList(_groups(layout, self.sections, train))
        self.tied = nn.ModuleList(_tied(layout, self.sections))
        self.roots = {group.names[0]: place for place, group in enumerate(self._groups())}
        for each in self._tied():
            owner = self.sections[each.root]["encoder"]
            self.sections[each.name]["encoder"] = {**owner}
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
        self.tokens = {each.array: 1 for each in layout.tokens}
        owners = [*self._groups(), *(self._owner(each) for each in self._tied())]
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
        arrays = dict(inputs)
        marks = []
        for name in self.floats:
            missing = arrays[name].isnan()
            arrays[name] = arrays[name].masked_fill(missing, 0.0)
            if name in self.indicated:
                marks.append(self.indicators[name](missing).to(arrays[name].dtype))
        for name, pixels in self.pixels.items():
            arrays[name] = pixels(arrays[name])
        if self.training:
            self._forget(arrays)
        found = [group(arrays) for group in self.groups]
        found += [each(arrays, self._owner(each)) for each in self._tied()]
        return found + marks

    def _forget(self, arrays: dict[str, Tensor]) -> None:
        """Replace a few codes with unknown (0 of a category, 1 of tokens, whose 0 is padding)."""
        if self.codes:
            codes = arrays["categories"]
            forgotten = torch.rand(codes.shape, device=codes.device) < UNKNOWN_RATE
            arrays["categories"] = codes.masked_fill(forgotten, 0)
        for name in self.tokens:
            ids = arrays[name]
            forgotten = (torch.rand(ids.shape, device=ids.device) < UNKNOWN_RATE) & (ids != 0)
            arrays[name] = ids.masked_fill(forgotten, 1)


def _groups(layout: Layout, sections: Sections, train: Batch | None) -> Iterator[Group]:
    """The encoders, one for each type and equal options, in the order of the layout; none of those that are tied."""
    rows = 0 if train is None else len(train)
    numbers = layout.numbers
    for names in _alike(numbers, sections):
        chosen = [numbers.index(name) for name in names]
        columns = Columns(
            type=sections[names[0]]["type"],
            names=names,
            rows=rows,
            values=_sample(train, "numbers", chosen),
        )
        encoder = _encoder(columns, sections, names)
        yield Group("numbers", len(numbers), chosen, encoder, names)
    categories = {each.name: each for each in layout.categories}
    for names in _alike(tuple(categories), sections):
        chosen = [list(categories).index(name) for name in names]
        columns = Columns(
            type=sections[names[0]]["type"],
            names=names,
            sizes=tuple(categories[name].size for name in names),
            rows=rows,
        )
        encoder = _encoder(columns, sections, names)
        yield Group("categories", len(categories), chosen, encoder, names)
    for token in layout.tokens:
        if sections[token.name].get("tied"):
            continue
        names = (token.name,)
        columns = Columns(
            type=sections[token.name]["type"],
            names=names,
            sizes=(token.size,),
            length=token.length,
            rows=rows,
        )
        encoder = _encoder(columns, sections, names)
        every = range(token.length)
        yield Group(token.array, token.length, every, encoder, names)
    wide: tuple[Vector | Date, ...] = (*layout.vectors, *layout.dates)
    for each in wide:
        if sections[each.name].get("tied"):
            continue
        names = (each.name,)
        every = range(each.width)
        columns = Columns(
            type=sections[each.name]["type"],
            names=names,
            sizes=(each.width,),
            rows=rows,
            values=_sample(train, each.array, every),
        )
        encoder = _encoder(columns, sections, names)
        yield Group(each.array, each.width, every, encoder, names)

    whole: tuple[Image | Series, ...] = (*layout.images, *layout.series)
    for part in whole:
        names = (part.name,)
        shape = layout.inputs[part.array][1]
        columns = Columns(type=sections[part.name]["type"], names=names, shape=shape, rows=rows)
        yield Group(
            part.array, shape[0], range(shape[0]), _encoder(columns, sections, names), names
        )


def _tied(layout: Layout, sections: Sections) -> Iterator[Tied]:
    """The columns that another's encoder reads, in the order of the layout."""
    categories = [each.name for each in layout.categories]
    places = [("numbers", len(layout.numbers), [i], name) for i, name in enumerate(layout.numbers)]
    places += [("categories", len(categories), [i], name) for i, name in enumerate(categories)]
    places += [
        (each.array, each.length, [*range(each.length)], each.name) for each in layout.tokens
    ]
    wide: tuple[Vector | Date, ...] = (*layout.vectors, *layout.dates)
    places += [(each.array, each.width, [*range(each.width)], each.name) for each in wide]
    for array, total, chosen, name in places:
        if sections[name].get("tied"):
            yield Tied(array, total, chosen, name=name, root=sections[name]["tied"])


def _alike(names: tuple[str, ...], sections: Sections) -> list[tuple[str, ...]]:
    """Names whose type and encoder options are equal, together; one that others are tied to stands alone."""
    roots = {section.get("tied") for section in sections.values()}
    found: dict[str, list[str]] = {}
    for name in names:
        section = sections[name]
        if section.get("tied"):
            continue
        alone = name if name in roots else None
        key = json.dumps([section["type"], section["encoder"], alone], sort_keys=True)
        found.setdefault(key, []).append(name)
    return [tuple(each) for each in found.values()]


def _encoder(columns: Columns, sections: Sections, names: tuple[str, ...]) -> Encoder:
    """Built from its options; what it decided goes back into the sections."""
    options = dict(sections[names[0]]["encoder"])
    cls = encoders.get(options.pop("type"), of=columns.type)
    encoder: Encoder = build_part(cls, columns, section=options)
    for name in names:
        sections[name]["encoder"] = {**sections[name]["encoder"], **encoder.decided}
    return encoder


def _sample(train: Batch | None, array: str, chosen: Sequence[int]) -> NDArray[np.float32] | None:
    if train is None:
        return None
    values = train.inputs[array]
    step = -(-len(values) // SAMPLE) or 1
    return np.ascontiguousarray(values[::step][:, list(chosen)], dtype=np.float32)


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
