"""Something to draw on: SVG by hand, or a PNG by Pillow. Both take the same few strokes."""

import base64
import struct
import zlib
from html import escape
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from crosstie.data.files import atomic, write_text
from crosstie.errors import MissingExtra

SIZE = 11  # of letters
Point = tuple[float, float]


class Canvas(Protocol):
    """Takes strokes; places are in pixels from the left upper corner."""

    def start(self, width: int, height: int) -> None:
        """A white sheet."""

    def text(
        self, x: float, y: float, words: str, colour: str = "#333", *, bold: bool = False
    ) -> None:
        """A line of text that stands on `y`."""

    def box(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """A frame."""

    def line(self, points: list[Point], colour: str) -> None:
        """A line through some points."""

    def image(
        self, x: float, y: float, width: float, height: float, pixels: NDArray[np.uint8]
    ) -> None:
        """Pixels `[rows, columns, 3]`, stretched without smoothing."""

    def save(self, path: Path) -> None:
        """Into a file."""


class Svg:
    """As text."""

    def start(self, width: int, height: int) -> None:
        """A white sheet."""
        self._size = width, height
        self._parts = [f'<rect width="{width}" height="{height}" fill="white"/>']

    def text(
        self, x: float, y: float, words: str, colour: str = "#333", *, bold: bool = False
    ) -> None:
        """A line of text that stands on `y`."""
        weight = ' font-weight="bold"' if bold else ""
        self._parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}"{weight}>{escape(words)}</text>'
        )

    def box(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """A frame."""
        self._parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="none" stroke="{colour}"/>'
        )

    def line(self, points: list[Point], colour: str) -> None:
        """A line through some points."""
        places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._parts.append(f'<polyline points="{places}" fill="none" stroke="{colour}"/>')

    def image(
        self, x: float, y: float, width: float, height: float, pixels: NDArray[np.uint8]
    ) -> None:
        """Pixels, as a PNG inside."""
        held = base64.b64encode(png(pixels)).decode()
        self._parts.append(
            f'<image x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
            f'preserveAspectRatio="none" style="image-rendering: pixelated" href="data:image/png;base64,{held}"/>'
        )

    def whole(self) -> str:
        """The whole of it."""
        width, height = self._size
        inside = "\n  ".join(self._parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" style="font-family: sans-serif; font-size: {SIZE}px">\n  {inside}\n</svg>\n'
        )

    def save(self, path: Path) -> None:
        """Into a file."""
        write_text(path, self.whole())


class Png:
    """As pixels.

    Raises:
        MissingExtra: Pillow is not installed.
    """

    def __init__(self) -> None:
        try:
            import PIL.Image  # noqa: F401 - 30 ms
        except ModuleNotFoundError:
            raise MissingExtra(
                "pillow", "image", needed_for="a .png; write .svg instead, or"
            ) from None

    def start(self, width: int, height: int) -> None:
        """A white sheet."""
        from PIL import Image, ImageDraw, ImageFont

        self._sheet = Image.new("RGB", (width, height), "white")
        self._draw: Any = ImageDraw.Draw(self._sheet)
        self._font = ImageFont.load_default(SIZE)

    def text(
        self, x: float, y: float, words: str, colour: str = "#333", *, bold: bool = False
    ) -> None:
        """A line of text that stands on `y`."""
        for shift in (0, 0.6) if bold else (0,):
            self._draw.text((x + shift, y), words, fill=colour, font=self._font, anchor="ls")

    def box(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """A frame."""
        self._draw.rectangle((x, y, x + width, y + height), outline=colour)

    def line(self, points: list[Point], colour: str) -> None:
        """A line through some points."""
        self._draw.line(points, fill=colour)

    def image(
        self, x: float, y: float, width: float, height: float, pixels: NDArray[np.uint8]
    ) -> None:
        """Pixels, stretched."""
        from PIL import Image

        size = max(round(width), 1), max(round(height), 1)
        scaled = Image.fromarray(pixels).resize(size, Image.Resampling.NEAREST)
        self._sheet.paste(scaled, (round(x), round(y)))

    def save(self, path: Path) -> None:
        """Into a file."""
        with atomic(path) as temporary:
            self._sheet.save(temporary, "PNG")


def png(pixels: NDArray[np.uint8]) -> bytes:
    """Pixels `[rows, columns, 3]` as a PNG file, without Pillow: a sound's picture needs none."""
    rows, columns, _ = pixels.shape
    lines = np.zeros((rows, 1 + 3 * columns), np.uint8)  # each begins with 0: not filtered
    lines[:, 1:] = pixels.reshape(rows, -1)

    def chunk(kind: bytes, held: bytes) -> bytes:
        checked = kind + held
        return struct.pack(">I", len(held)) + checked + struct.pack(">I", zlib.crc32(checked))

    head = struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(lines.tobytes()))
        + chunk(b"IEND", b"")
    )
