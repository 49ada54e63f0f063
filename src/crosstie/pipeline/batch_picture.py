"""A batch as a contact sheet: a card for every row, with what the network sees of it and is to say."""

import math
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from crosstie.errors import ConfigError
from crosstie.pipeline.batch_words import UNKNOWN, token, tokens
from crosstie.pipeline.canvas import Canvas, Png, Svg
from crosstie.pipeline.first_batch import FirstBatch, Shown

ACROSS, CARD, GAP, TOP = 4, 200, 14, 30
PICTURE, CURVE, TEXT, LINE = 150, 80, 5, 15  # heights; of a text lines
LETTER = 6.2  # pixels of a usual letter
PLAIN = 8  # inputs of a table that find room in a card
BANDS = 8  # channels from which on a series is drawn as an area
HEAT = ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37))
CURVES = ("#1f5fa8", "#c33", "#2a8a4a", "#b8860b")
RED, GREY = "#c33", "#888"

C = TypeVar("C", bound=Canvas)


def save(batch: FirstBatch, path: Path) -> None:
    """Draw a batch into a file.

    Raises:
        ConfigError: It is to be neither .png nor .svg, or its folder is not there.
        MissingExtra: A .png needs Pillow.
    """
    drawn(batch, canvas_for(path)).save(path)


def canvas_for(path: Path) -> Png | Svg:
    """What to draw on for a file of this name; raises as `save`, before a batch was made."""
    kinds: dict[str, type[Png | Svg]] = {".png": Png, ".svg": Svg}
    kind = kinds.get(path.suffix.lower())
    if kind is None:
        raise ConfigError(f"-o {path}: a batch is drawn as .png or .svg")
    if not path.absolute().parent.is_dir():
        raise ConfigError(f"-o {path}: there is no folder {path.parent}; make it first")
    return kind()


def drawn(batch: FirstBatch, canvas: C) -> C:
    """The batch on a canvas."""
    large = [each for each in batch.inputs if each.values is not None and height(each) > LINE]
    small = [each for each in batch.inputs if each not in large]
    lines = min(len(small), PLAIN + 1) + len(batch.outputs) + (1 if batch.mixed else 0) + 1
    high = sum(height(each) + LINE for each in large) + lines * LINE + 12
    down = math.ceil(len(batch.rows) / ACROSS)
    canvas.start(ACROSS * (CARD + GAP) + GAP, TOP + down * (high + GAP))
    canvas.text(GAP, TOP - 10, batch.title, bold=True)
    for place in range(len(batch.rows)):
        x = GAP + place % ACROSS * (CARD + GAP)
        y = TOP + place // ACROSS * (high + GAP)
        canvas.box(x, y, CARD, high, "#ddd")
        _card(canvas, batch, place, x + 6, y + 4, large, small)
    return canvas


def height(column: Shown) -> int:
    """Of a column in a card, in pixels."""
    if column.array.startswith("image_"):
        return PICTURE
    if column.array.startswith("series_"):
        return CURVE
    return TEXT * LINE if column.array.startswith("tokens_") else LINE


def _card(
    canvas: Canvas,
    batch: FirstBatch,
    place: int,
    x: float,
    y: float,
    large: list[Shown],
    small: list[Shown],
) -> None:
    width = CARD - 12
    y += LINE - 4
    canvas.text(x, y, f"row {batch.rows[place]}", GREY)
    for column in large:
        assert column.values is not None
        y += LINE
        canvas.text(x, y, _fitting(column.name), GREY)
        _large(canvas, column, column.values[place], x, y + 4, width)
        y += height(column)
    for column in small[:PLAIN]:
        y += LINE
        canvas.text(x, y, _fitting(f"{column.name}: {column.encoded[place]}"))
    if len(small) > PLAIN:
        y += LINE
        canvas.text(x, y, f"… {len(small) - PLAIN} more inputs", GREY)
    for column in batch.outputs:
        y += LINE
        canvas.text(x, y, _fitting(f"{column.name} = {column.encoded[place]}", 4), bold=True)
    if batch.mixed:
        canvas.text(x, y + LINE, f"mixed with {batch.mixed[place]}", GREY)


def _large(
    canvas: Canvas, column: Shown, values: NDArray[Any], x: float, y: float, width: float
) -> None:
    if column.array.startswith("image_"):
        channels, high, wide = values.shape
        pixels = np.repeat(values, 3, axis=0) if channels == 1 else values
        scale = min((PICTURE - 8) / high, width / wide)
        canvas.image(
            x, y, wide * scale, high * scale, np.ascontiguousarray(pixels.transpose(1, 2, 0))
        )
    elif column.array.startswith("tokens_"):
        _words(canvas, column, values, x, y + LINE - 4, width)
    elif values.shape[1] >= BANDS:
        canvas.image(x, y, width, CURVE - 8, heat(values.T[::-1]))
    else:
        _curves(canvas, values, x, y, width)


def heat(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Numbers `[rows, columns]` as colours from dark to bright; what is missing is white."""
    known = values[np.isfinite(values)]
    low, high = (known.min(), known.max()) if len(known) else (0.0, 0.0)
    share = (values - low) / max(float(high - low), 1e-9)
    stops = np.linspace(0, 1, len(HEAT))
    found = np.stack([np.interp(share, stops, each) for each in zip(*HEAT, strict=True)], -1)
    found[~np.isfinite(values)] = 255
    return found.astype(np.uint8)


def _curves(canvas: Canvas, values: NDArray[Any], x: float, y: float, width: float) -> None:
    """Each channel as a line, all to one scale; a gap where numbers are missing."""
    known = values[np.isfinite(values)]
    if not len(known):
        canvas.text(x, y + LINE, "nothing is known", GREY)
        return
    low, high = float(known.min()), float(known.max())
    across = width / max(len(values) - 1, 1)
    down = (CURVE - 12) / max(high - low, 1e-9)
    for channel, colour in zip(values.T, CURVES, strict=False):
        part: list[tuple[float, float]] = []
        for step, value in enumerate([*channel.tolist(), math.nan]):
            if math.isfinite(value):
                part.append((x + step * across, y + (high - value) * down))
                continue
            if len(part) == 1:
                part.append((part[0][0] + 1, part[0][1]))
            if part:
                canvas.line(part, colour)
            part = []


def _words(
    canvas: Canvas, column: Shown, values: NDArray[Any], x: float, y: float, width: float
) -> None:
    """Tokens one after the other, unknown ones in red."""
    left, line = 0.0, 0
    for identity in tokens(values):
        word = token(identity, column.words)
        long = len(word) * LETTER + 6
        if left and left + long > width:
            left, line = 0.0, line + 1
        if line == TEXT - 1:
            canvas.text(x, y + line * LINE, "…", GREY)
            return
        canvas.text(x + left, y + line * LINE, _fitting(word), RED if word == UNKNOWN else "#333")
        left += long


def _fitting(text: str, less: int = 0) -> str:
    most = int((CARD - 12) / LETTER) - less
    return text if len(text) <= most else f"{text[: most - 1]}…"
