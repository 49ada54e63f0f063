"""Pictures into bytes of one size, with Pillow and numpy alone: training and serving see the same pixels."""

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from crosstie.data.media import Unreadable, content
from crosstie.errors import MissingExtra

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

Resize = Literal["interpolate", "crop", "pad", "crop_or_pad"]
WHITE = 255
SMALL = 64  # pixels: sides of a picture that is looked at
_GREY = ("1", "L", "LA", "La", "I", "F")


def picture(value: Any, *, near: int = 0) -> "Picture":
    """A cell as an upright picture in mode L (grey) or RGB.

    A camera's note on which side is up is followed; what is transparent is white; of 16 bits the upper 8 are kept;
    of an animation the first frame; floats are from 0 to 1.

    Args:
        value: A path, an address, bytes of a file, an array (`[height, width]`, `[height, width, channels]` or
            `[channels, height, width]`), a Pillow image.
        near: Sides of about that many pixels are enough: a large JPEG is then decoded smaller, in a fraction of
            the time. 0 for all of it.

    Raises:
        Unreadable: It is nothing of the kind.
        MissingExtra: Pillow is not installed.
    """
    return _opened(value, near)[0]


@dataclass(frozen=True)
class Looked:
    """A picture seen small, for what is learned from training rows.

    Attributes:
        height: Of the whole picture, as `width`.
        channels: Red, green, blue and grey, each bytes `[rows, columns]` of no more than 64 by 64.
        grey: Whether it has no colours.
    """

    height: int
    width: int
    channels: tuple[NDArray[np.uint8], ...]
    grey: bool


def looked_at(value: Any) -> Looked:
    """A cell's picture as `Looked`; raises as `picture`."""
    found, shrunk = _opened(value, 2 * SMALL)
    size = (min(found.width, SMALL), min(found.height, SMALL))
    small = found if size == found.size else found.resize(size)
    colours = np.asarray(small.convert("RGB"))
    channels = (*np.moveaxis(colours, 2, 0), np.asarray(small.convert("L")))
    grey = found.mode == "L"
    return Looked(round(found.height * shrunk), round(found.width * shrunk), channels, grey)


def data_uri(pixels: NDArray[np.uint8]) -> str:
    """Bytes `[channels, height, width]` as a PNG in a text: `data:image/png;base64,…`."""
    from PIL import Image

    held = io.BytesIO()
    whole = np.ascontiguousarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0))
    Image.fromarray(whole).save(held, "PNG")
    return f"data:image/png;base64,{base64.b64encode(held.getvalue()).decode()}"


def _opened(value: Any, near: int) -> tuple["Picture", float]:
    """See `picture`; and how many times smaller than it is."""
    try:
        from PIL import Image, ImageOps  # 30 ms
    except ModuleNotFoundError:
        raise MissingExtra("pillow", "image", needed_for="reading pictures") from None
    if isinstance(value, np.ndarray):
        return Image.fromarray(_bytes_of(value)), 1.0
    try:
        found = value if isinstance(value, Image.Image) else Image.open(io.BytesIO(content(value)))
        width = found.width
        if near and found.format == "JPEG":
            found.draft(None, (near, near))
        return _plain(ImageOps.exif_transpose(found)), width / found.width
    except (Unreadable, MissingExtra):
        raise
    except Image.UnidentifiedImageError:
        raise Unreadable("is no picture that can be read") from None
    except (Image.DecompressionBombError, MemoryError):
        raise Unreadable("is too large") from None
    except Exception as error:  # noqa: BLE001 - a damaged file makes decoders raise whatever they like
        first = (str(error) or type(error).__name__).splitlines()[0]
        raise Unreadable(f"cannot be decoded: {first}") from None


def _plain(found: "Picture") -> "Picture":
    """In mode L or RGB."""
    from PIL import Image

    if found.mode.startswith("I;16") or found.mode in ("I", "F"):
        return Image.fromarray(_bytes_of(np.asarray(found)))
    if found.mode in ("LA", "La", "RGBA", "RGBa", "PA") or "transparency" in found.info:
        whole = found.convert("RGBA")
        base = Image.new("RGBA", whole.size, (WHITE, WHITE, WHITE, WHITE))
        grey = found.mode in _GREY
        return Image.alpha_composite(base, whole).convert("L" if grey else "RGB")
    return found.convert("L" if found.mode in _GREY else "RGB")


def _bytes_of(array: NDArray[Any]) -> NDArray[np.uint8]:
    """An array as bytes `[height, width]` or `[height, width, 3]`."""
    if array.ndim == 3 and array.shape[2] not in (1, 3, 4) and array.shape[0] in (1, 3, 4):
        array = array.transpose(1, 2, 0)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim not in (2, 3) or 0 in array.shape or (array.ndim == 3 and array.shape[2] > 4):
        shape = "x".join(map(str, array.shape))
        raise Unreadable(f"an array of {shape} is no picture")
    array = _eight_bits(array)
    if array.ndim == 3 and array.shape[2] == 4:
        opaque = array[:, :, 3:].astype(np.uint16)
        mixed = array[:, :, :3] * opaque + WHITE * (255 - opaque)
        array = ((mixed + 127) // 255).astype(np.uint8)
    return np.ascontiguousarray(array)


def _eight_bits(array: NDArray[Any]) -> NDArray[np.uint8]:
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return np.where(array, np.uint8(255), np.uint8(0))
    low, high = array.min(), array.max()
    if array.dtype.kind == "f":
        if not (low >= 0 and high <= 255):  # NaN is neither
            raise Unreadable(
                f"floats must be from 0 to 1, or from 0 to 255, these are from {low:g} to {high:g}"
            )
        found: NDArray[np.uint8] = np.rint(array * (255 if high <= 1 else 1)).astype(np.uint8)
        return found
    if array.dtype.kind not in "iu" or low < 0 or high > 65535:
        raise Unreadable(f"an array of {array.dtype} from {low} to {high} is no picture")
    wide = array.dtype in (np.uint16, np.dtype(">u2")) or high > 255
    return (array >> 8 if wide else array).astype(np.uint8)


def fitted(
    found: "Picture", *, channels: int, height: int, width: int, resize: Resize, blank: Any
) -> NDArray[np.uint8]:
    """A picture brought to one size: `[channels, height, width]`.

    Args:
        found: As `picture` gives.
        channels: 1 or 3.
        height: Pixels.
        width: Pixels.
        resize: How: `interpolate` stretches, `crop` fills the size and cuts off what is over, `pad` fits into it
            and leaves bands, `crop_or_pad` cuts or adds bands without a change of scale.
        blank: Of the bands: one byte a channel.
    """
    from PIL import Image

    found = found.convert("L" if channels == 1 else "RGB")
    if resize != "crop_or_pad" and found.size != (width, height):
        ratios = width / found.width, height / found.height
        scale = max(ratios) if resize == "crop" else min(ratios)
        size = (width, height)
        if resize != "interpolate":
            size = (max(round(found.width * scale), 1), max(round(found.height * scale), 1))
        found = found.resize(size, Image.Resampling.BILINEAR)
    pixels = np.asarray(found).reshape(found.height, found.width, channels).transpose(2, 0, 1)
    if found.size == (width, height):
        return np.ascontiguousarray(pixels)
    return _placed(pixels, height, width, blank)


def _placed(pixels: NDArray[np.uint8], height: int, width: int, blank: Any) -> NDArray[np.uint8]:
    """The middle of a picture in the middle of another size."""
    canvas = np.empty((len(pixels), height, width), np.uint8)
    canvas[:] = np.asarray(blank, np.uint8).reshape(-1, 1, 1)
    spans = []
    for have, want in ((pixels.shape[1], height), (pixels.shape[2], width)):
        size = min(have, want)
        first, other = (have - size) // 2, (want - size) // 2
        spans.append((slice(first, first + size), slice(other, other + size)))
    (rows, to_rows), (columns, to_columns) = spans
    canvas[:, to_rows, to_columns] = pixels[:, rows, columns]
    return canvas
