"""Encoders with the columns they read: one for all columns of a type and equal options, or for one alone."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from crosstie.data.batch import Batch, Date, Image, Layout, Series, Vector
from crosstie.models.encoders.encoder import Columns, Encoder, encoders
from crosstie.models.layers.initial import build_part
from crosstie.models.layers.pick import Pick

Sections = dict[str, dict[str, Any]]

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


def groups(layout: Layout, sections: Sections, train: Batch | None) -> Iterator[Group]:
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
            letters=token.letters,
            words=token.words,
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


def tied(layout: Layout, sections: Sections) -> Iterator[Tied]:
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
