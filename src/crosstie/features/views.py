"""Pictures seen in another way, with numpy alone: what a prediction may be averaged over.

Training draws its changes at random and needs torch for them; these are fixed, so that a prediction stays the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import combinations, product, zip_longest
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

AT_ONCE = 64  # pictures: floats of no more than these are in memory


@dataclass(frozen=True)
class View:
    """A change of a picture; what is left out changes nothing.

    Attributes:
        mirror: Which sides change places.
        degrees: How far it is turned about its middle, counter-clockwise.
        down: How far it is moved, of its height.
        right: How far it is moved, of its width.
        lighter: A number that is added to all pixels, where black is 0 and white is 1.
        contrast: A factor of all pixels.
    """

    mirror: Literal["", "horizontal", "vertical"] = ""
    degrees: float = 0.0
    down: float = 0.0
    right: float = 0.0
    lighter: float = 0.0
    contrast: float = 1.0

    def state(self) -> dict[str, Any]:
        """What it changes, as JSON."""
        usual = {each.name: each.default for each in fields(self)}
        return {name: each for name, each in asdict(self).items() if each != usual[name]}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The view that `state` came from."""
        return cls(**state)

    def joined(self, other: Self) -> Self:
        """Both changes."""
        return replace(self, **other.state())

    def of(self, pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The pictures, changed; what comes in at an edge has the colour of the edge.

        Args:
            pictures: uint8 `[rows, channels, height, width]`.

        Returns:
            The same shape and type.
        """
        if self.mirror:
            pictures = np.flip(pictures, 3 if self.mirror == "horizontal" else 2)
        if not any((self.degrees, self.down, self.right, self.lighter, self.contrast != 1.0)):
            return np.ascontiguousarray(pictures)
        found = np.empty(pictures.shape, np.uint8)
        corners = self._corners(*pictures.shape[2:])
        for start in range(0, len(pictures), AT_ONCE):
            rows = slice(start, start + AT_ONCE)
            given = pictures[rows].reshape(*pictures[rows].shape[:2], -1)
            parts = (given.take(places, axis=2) * share for places, share in corners)
            pixels = (sum(parts) + np.float32(self.lighter * 255)).clip(0, 255) * self.contrast
            found[rows] = np.rint(pixels.clip(0, 255)).reshape(found[rows].shape)
        return found

    def _corners(
        self, height: int, width: int
    ) -> list[tuple[NDArray[np.intp], NDArray[np.float32]]]:
        """For every pixel the four that it lies between, each with its share: places and shares `[pixels]`."""
        down, right = np.mgrid[:height, :width].reshape(2, -1).astype(np.float64)
        middle = (height - 1) / 2, (width - 1) / 2
        down -= middle[0] + self.down * height
        right -= middle[1] + self.right * width
        sine, cosine = np.sin(np.deg2rad(self.degrees)), np.cos(np.deg2rad(self.degrees))
        up, left = (
            (cosine * down + sine * right + middle[0]).clip(0, height - 1),
            (cosine * right - sine * down + middle[1]).clip(0, width - 1),
        )
        found = []
        for row, column in product((np.floor, np.ceil), repeat=2):
            rows, columns = row(up), column(left)
            # a whole number has but one neighbour: the upper one of each pair has all of it
            vertical = 1 - (up - rows) if row is np.floor else (up - np.floor(up))
            across = 1 - (left - columns) if column is np.floor else (left - np.floor(left))
            places = (rows * width + columns).astype(np.intp)
            found.append((places, (vertical * across).astype(np.float32)))
        return found


def in_turn(kinds: Sequence[Sequence[View]]) -> list[View]:
    """All views of several kinds: the first of each kind, the second of each, …, then two kinds at once."""
    alone = [view for each in zip_longest(*kinds) for view in each if view is not None]
    return list(dict.fromkeys([*alone, *_pairs(kinds)]))


def _pairs(kinds: Sequence[Sequence[View]]) -> Iterator[View]:
    for one, other in combinations(kinds, 2):
        yield from (first.joined(second) for first, second in product(one, other))
