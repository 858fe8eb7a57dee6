"""The one way from ink to the 28x28 image that the model sees, in the steps in which MNIST was made.

MNIST's digits were cropped, scaled into a 20x20 box with their aspect ratio kept, and placed in 28x28 by their
centre of mass (LeCun et al., 1998; http://yann.lecun.com/exdb/mnist/).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float32]
Ink = TypeVar("Ink", Pixels, Plane)
Framed = TypeVar("Framed", NDArray[np.bool_], Plane)

IMAGE_SIZE = 28
BOX_SIZE = 20

_BLACK = 4  # of 255; up to this level it is ground, because MNIST's digits have faint edges that count
_THINNEST_STROKE = 2.0  # pixels in the 20x20 box; half of MNIST's training digits lie between 2.1 and 3.0
_FATTEST_STROKE = 3.0
_FINE_SIZE = 4 * BOX_SIZE  # pixels; longest side of the picture on which strokes are measured and changed
_SPECK_SHARE = 0.05  # of the largest part's ink; a separate part with less is a stray speck
_DOT_SHARE = 0.35  # of the largest part's ink; a separate part with less is a stray dot if it is short, too
_DOT_LENGTH = 1.6  # stroke widths; the bar of a 5 is longer
_FAINT_SHARE = 0.3  # of the darkest ink; a separate part that is fainter everywhere is left over from lighting
_NEIGHBOURS = np.ones((3, 3), bool)
_ROUNDS = 4  # of looking for stray parts again; one is nearly always enough
_COARSEST = 16  # beyond this factor levels are averaged as fractions, or a hair on a huge canvas would vanish
_REDUCING_GAP = 3.0  # Pillow averages whole pixels beyond this factor: hardly another result, in half of the time


@dataclass(frozen=True)
class Drawing:
    """One drawing on its way to the model; all arrays are uint8, white ink (255) on black (0).

    `ink`: the whole drawing. `box`: top, left, bottom, right of the crop in `ink`. `crop`: that part, without stray
    dots. `scaled`: the crop with a longest side of 20 pixels and strokes about as wide as MNIST's. `image`: (28, 28)
    with the centre of mass at the centre. A blank drawing has only `ink`.
    """

    ink: Pixels
    box: tuple[int, int, int, int] | None = None
    crop: Pixels | None = None
    scaled: Pixels | None = None
    image: Pixels | None = None

    @property
    def blank(self) -> bool:
        """True if there is no ink to read."""
        return self.image is None


def ink_from_canvas(rgba: Pixels) -> Pixels:
    """Return the ink of a canvas (h, w, 4): light strokes on black, or strokes of any colour on transparent."""
    if not rgba.size:
        return np.zeros(rgba.shape[:2], np.uint8)
    # Reading whole pixels, whose highest byte is alpha, is several times as fast as every fourth byte.
    pixels = np.ascontiguousarray(rgba).view("<u4")[..., 0]
    if pixels.min() < 255 << 24:
        return (pixels >> 24).astype(np.uint8)
    red, others = pixels.astype(np.uint8), (pixels >> 8).astype(np.uint16)
    return np.maximum(red, np.maximum(others.astype(np.uint8), (others >> 8).astype(np.uint8)))


def prepare(ink: Pixels) -> Drawing:
    """Crop, scale and centre ink (h, w) of any size, the way MNIST was made.

    An image that already has this layout, such as one of MNIST, comes back unchanged.
    """
    box = _bounding_box(ink)
    if box is None:
        return Drawing(ink)
    whole = _cut(ink, box)
    crop = _without_strays(whole)
    if crop is not whole:
        box, crop = _tight(crop, box)
    scaled = _scaled(crop)
    # Stray parts of a thin pen or a large canvas may show only in strokes as wide as MNIST's.
    for _ in range(_ROUNDS):
        if ndimage.label(scaled > _BLACK, structure=_NEIGHBOURS)[1] == 1:
            break
        stray = _without_strays(scaled) < scaled
        if not stray.any():
            break
        cleaned = np.where(_stretched(stray, crop.shape), np.uint8(0), crop)
        if _bounding_box(cleaned) is None:
            break
        box, crop = _tight(_without_strays(cleaned), box)
        scaled = _scaled(crop)
    return Drawing(ink, box, crop, scaled, _centred(scaled))


def _tight(crop: Pixels, box: tuple[int, int, int, int]) -> tuple[tuple[int, int, int, int], Pixels]:
    """Return the box and the crop without empty margins."""
    inner = _bounding_box(crop)
    assert inner is not None  # the largest part of the ink always stays
    top, left = box[0] + inner[0], box[1] + inner[1]
    return (top, left, box[0] + inner[2], box[1] + inner[3]), _cut(crop, inner)


def _stretched(mask: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Grow a mask by a pixel and resize it to another shape."""
    grown = ndimage.binary_dilation(mask, structure=_NEIGHBOURS)
    return np.asarray(Image.fromarray(grown).resize((shape[1], shape[0]), Image.Resampling.NEAREST))


def _bounding_box(ink: Pixels | Plane) -> tuple[int, int, int, int] | None:
    mask = ink > _BLACK
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return None
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def _cut(ink: Ink, box: tuple[int, int, int, int]) -> Ink:
    top, left, bottom, right = box
    return np.ascontiguousarray(ink[top:bottom, left:right])


def _without_strays(crop: Pixels) -> Pixels:
    """Remove dots and specks that stand apart from the digit; the parts of a broken digit stay."""
    # On a coarse picture, which closes gaps of a few pixels, finding the parts takes microseconds.
    factor = max(1, max(crop.shape) // (2 * BOX_SIZE))
    coarse = Image.fromarray(crop).reduce(factor)
    levels = np.asarray(coarse)
    mask = levels > _BLACK
    parts, count = ndimage.label(mask, structure=_NEIGHBOURS)
    lengths = [max(side.stop - side.start for side in part) for part in ndimage.find_objects(parts)]
    if not lengths or lengths == [max(mask.shape)]:
        return crop
    peaks = ndimage.maximum(levels, parts, np.arange(count + 1))
    faint = peaks <= _FAINT_SHARE * levels.max()
    areas = np.where(faint, 0, np.bincount(parts.ravel(), minlength=count + 1))
    areas[0] = 0  # the ground
    width = stroke_width(mask)
    stray = areas <= _SPECK_SHARE * areas.max()
    stray |= (areas <= _DOT_SHARE * areas.max()) & (np.array([0, *lengths]) <= _DOT_LENGTH * width)
    stray[0] = True
    digit = ~stray[parts]
    # One more coarse pixel keeps the digit's faint edge.
    kept = ndimage.binary_dilation(digit, structure=_NEIGHBOURS) & (digit | ~mask)
    full = kept.repeat(factor, axis=0).repeat(factor, axis=1)[: crop.shape[0], : crop.shape[1]]
    return np.where(full, crop, np.uint8(0))


def _scaled(crop: Pixels) -> Pixels:
    """Scale the crop to a longest side of 20 pixels, its aspect ratio kept and its strokes about as wide as MNIST's."""
    longest = max(crop.shape)
    if longest == BOX_SIZE:
        return crop
    scaled = _resized(_with_mnist_strokes(crop) if longest > BOX_SIZE else crop, BOX_SIZE)
    return (scaled * (255 / scaled.max()) + 0.5).astype(np.uint8)


def _with_mnist_strokes(crop: Pixels) -> Pixels | Plane:
    """Thicken or thin the strokes until they are as wide as in MNIST."""
    fine = _resized(crop, _FINE_SIZE, Image.Resampling.BOX)
    mask = fine > fine.max() / 2
    width = stroke_width(mask)
    target = min(max(width, _THINNEST_STROKE * _FINE_SIZE / BOX_SIZE), _FATTEST_STROKE * _FINE_SIZE / BOX_SIZE)
    # The crop grows with its strokes and is then scaled to the same box, hence the divisor.
    change = (target - width) / 2 / (1 - target / _FINE_SIZE)
    if abs(change) < 0.5:
        return crop
    if change > 0:
        margin = int(change) + 2
        outside = _distance_to_ground(~_framed(mask, margin))
        # Ink too faint for the mask stays unchanged.
        changed = np.maximum(_edge(change + 0.5 - outside), _framed(fine, margin))
    else:
        # At least half of the width stays, so that a drawing never vanishes.
        change = max(change, -width / 4)
        changed = _edge(_distance_to_ground(_framed(mask, 1)) - 0.5 + change)
    box = _bounding_box(changed)
    return crop if box is None else _cut(changed, box)


def _framed(picture: Framed, margin: int) -> Framed:
    """Return the picture with a margin of zeros; np.pad takes ten times as long."""
    height, width = picture.shape
    framed = np.zeros((height + 2 * margin, width + 2 * margin), picture.dtype)
    framed[margin : margin + height, margin : margin + width] = picture
    return framed


def _distance_to_ground(mask: NDArray[np.bool_]) -> Plane:
    """Return the distance in pixels from each true place of a mask to the nearest false one."""
    distance: Plane = ndimage.distance_transform_edt(mask).astype(np.float32)
    return distance


def _edge(distance: Plane) -> Plane:
    """Return ink with an anti-aliased edge, from the distance to the edge in pixels, positive within."""
    return (np.clip(distance + 0.5, 0, 1) * 255).astype(np.float32)


def stroke_width(mask: NDArray[np.bool_]) -> float:
    """Return the mean stroke width in pixels: twice the area over the perimeter, whose steps count as a circle's."""
    steps = sum(
        np.count_nonzero(lines[1:] != lines[:-1]) + np.count_nonzero(lines[0]) + np.count_nonzero(lines[-1])
        for lines in (mask, mask.T)
    )
    return 2 * np.count_nonzero(mask) / max(steps * np.pi / 4, 1)


def _resized(crop: Pixels | Plane, longest: int, method: Image.Resampling = Image.Resampling.HAMMING) -> Plane:
    """Resize the crop to another longest side."""
    height, width = crop.shape
    ratio = longest / max(height, width)
    size = max(1, round(width * ratio)), max(1, round(height * ratio))
    levels = crop if ratio * _COARSEST >= 1 else crop.astype(np.float32, copy=False)
    resized = Image.fromarray(levels).resize(size, method, reducing_gap=_REDUCING_GAP)
    return np.asarray(resized).astype(np.float32, copy=False)


def _centred(scaled: Pixels) -> Pixels:
    """Place at most 20x20 pixels in 28x28 by a whole-pixel shift that puts the centre of mass at (14, 14)."""
    image = np.zeros((IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    height, width = scaled.shape
    top = _offset(scaled.sum(axis=1, dtype=np.int64))
    left = _offset(scaled.sum(axis=0, dtype=np.int64))
    image[top : top + height, left : left + width] = scaled
    return image


def _offset(profile: NDArray[np.int64]) -> int:
    """Return where a profile of mass starts so that its mean lies at the centre and all of it in the image."""
    centre = float(profile @ np.arange(profile.size)) / float(profile.sum())
    return min(max(round(IMAGE_SIZE / 2 - centre), 0), IMAGE_SIZE - profile.size)
