"""Conversion of ink to the 28x28 image for the model, by the same steps as for MNIST's digits.

MNIST's digits were cropped, scaled into a 20x20 box without changing their aspect ratio, and placed in a 28x28 image by
their centre of mass (LeCun et al., 1998; http://yann.lecun.com/exdb/mnist/).
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
MaskOrPlane = TypeVar("MaskOrPlane", NDArray[np.bool_], Plane)

IMAGE_SIZE = 28
BOX_SIZE = 20

MIN_STROKE_WIDTH = 2.0
"""Pixels in the 20x20 box; half of MNIST's training digits have 2.1 to 3.0."""
MAX_STROKE_WIDTH = 3.0

_BLACK = 4  # of 255; maximum level of the background, low because the faint edges of MNIST's digits count as ink
_FINE_SCALE = 4  # stroke width is measured and changed on an image this many times as large as the scaled one
_MIN_DIVISOR = 0.25  # for digits that are not scaled to the 20x20 box; otherwise the divisor is at least 0.85
_SPECK_FRACTION = 0.05  # of the largest component's area; smaller components are stray specks
_DOT_FRACTION = 0.35  # of the largest component's area; smaller components are stray dots if they are also short
_MAX_DOT_LENGTH = 1.6  # in stroke widths; the bar of a 5 is longer
_FAINT_FRACTION = 0.3  # of the darkest ink; components that are fainter everywhere are shadows
_NEIGHBOURS = np.ones((3, 3), bool)
_MAX_STRAY_PASSES = 4  # in the search for strays in the scaled image; one pass is nearly always enough
_MAX_INTEGER_REDUCTION = 16  # beyond this factor, average as floats, so that thin lines on a huge canvas do not vanish
_REDUCING_GAP = 3.0  # beyond this factor, Pillow first averages blocks: nearly the same result in half the time


@dataclass(frozen=True)
class Drawing:
    """The stages of preparing a drawing for the model; all arrays are uint8, white ink (255) on black (0).

    `ink`: the complete drawing. `box`: top, left, bottom, right of the crop in `ink`. `crop`: the ink in the box,
    without strays. `scaled`: the crop, scaled to a longest side of 20 pixels, with strokes about as wide as MNIST's.
    `image`: (28, 28), with the centre of mass at the centre. A blank drawing has only `ink`.
    """

    ink: Pixels
    box: tuple[int, int, int, int] | None = None
    crop: Pixels | None = None
    scaled: Pixels | None = None
    image: Pixels | None = None

    @classmethod
    def of_image(cls, image: Pixels) -> Drawing:
        """Wrap an image (28, 28) that is already prepared."""
        return cls(image, image=image)

    @property
    def blank(self) -> bool:
        """True if the drawing has no ink."""
        return self.image is None


@dataclass(frozen=True)
class Steps:
    """The steps that `prepare` takes.

    Without `crop`, the empty margin and stray dots stay. Without `scale`, the digit keeps its size relative to the
    drawing, whose longest side becomes 28 pixels. Without `stroke_width`, strokes keep the width that scaling gives
    them. Without `centre`, the digit keeps its position in the drawing.
    """

    crop: bool = True
    scale: bool = True
    stroke_width: bool = True
    centre: bool = True


ALL_STEPS = Steps()


def ink_from_canvas(rgba: Pixels) -> Pixels:
    """Return the ink of a canvas (h, w, 4): light on black, or any colour on a transparent background."""
    if not rgba.size:
        return np.zeros(rgba.shape[:2], np.uint8)
    # Reading pixels as integers with alpha in the top byte is several times as fast as reading every fourth byte.
    pixels = np.ascontiguousarray(rgba).view("<u4")[..., 0]
    if pixels.min() < 255 << 24:
        return (pixels >> 24).astype(np.uint8)
    red, others = pixels.astype(np.uint8), (pixels >> 8).astype(np.uint16)
    return np.maximum(red, np.maximum(others.astype(np.uint8), (others >> 8).astype(np.uint8)))


def prepare(ink: Pixels, steps: Steps = ALL_STEPS) -> Drawing:
    """Crop, scale and centre ink (h, w) of any size, the way MNIST was made.

    An image that already has this layout, such as one of MNIST's, is returned unchanged. `steps` can leave out some of
    the steps, to show their effect.
    """
    box = bounding_box(ink)
    if box is None:
        return Drawing(ink)
    if steps.crop:
        box, crop, scaled = _crop_and_scale(ink, box, steps)
    else:
        box, crop, scaled = (0, 0, *ink.shape), ink, _scale(ink, ink.shape, steps)
        if not scaled.any():  # small, faint ink can vanish
            return Drawing(ink)
    return Drawing(ink, box, crop, scaled, centre_by_mass(scaled) if steps.centre else _place(scaled, box, ink.shape))


def _crop_and_scale(
    ink: Pixels, box: tuple[int, int, int, int], steps: Steps
) -> tuple[tuple[int, int, int, int], Pixels, Pixels]:
    """Remove strays and empty margins; return the box of the remaining ink, that ink, and the scaled ink."""
    crop_with_strays = _crop(ink, box)
    crop = _remove_strays(crop_with_strays)
    if crop is not crop_with_strays:
        box, crop = _trim(crop, box)
    scaled = _scale(crop, ink.shape, steps)
    # With a thin pen or on a large canvas, strays may stand out only once strokes are as wide as MNIST's.
    for _ in range(_MAX_STRAY_PASSES):
        if ndimage.label(scaled > _BLACK, structure=_NEIGHBOURS)[1] == 1:
            break
        stray = _remove_strays(scaled) < scaled
        if not stray.any():
            break
        cleaned = np.where(_grow_and_resize(stray, crop.shape), np.uint8(0), crop)
        if bounding_box(cleaned) is None:
            break
        box, crop = _trim(_remove_strays(cleaned), box)
        scaled = _scale(crop, ink.shape, steps)
    return box, crop, scaled


def _trim(crop: Pixels, box: tuple[int, int, int, int]) -> tuple[tuple[int, int, int, int], Pixels]:
    """Remove empty margins from the box and the crop."""
    inner = bounding_box(crop)
    assert inner is not None  # the largest component is never removed
    top, left = box[0] + inner[0], box[1] + inner[1]
    return (top, left, box[0] + inner[2], box[1] + inner[3]), _crop(crop, inner)


def _grow_and_resize(mask: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Dilate a mask by one pixel and resize it to `shape`."""
    dilated = ndimage.binary_dilation(mask, structure=_NEIGHBOURS)
    return np.asarray(Image.fromarray(dilated).resize((shape[1], shape[0]), Image.Resampling.NEAREST))


def bounding_box(ink: Pixels | Plane) -> tuple[int, int, int, int] | None:
    """Return top, left, bottom, right of the ink (h, w); None if there is none."""
    mask = ink > _BLACK
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return None
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def _crop(ink: Ink, box: tuple[int, int, int, int]) -> Ink:
    top, left, bottom, right = box
    return np.ascontiguousarray(ink[top:bottom, left:right])


def _remove_strays(crop: Pixels) -> Pixels:
    """Remove dots, specks and faint marks that are separate from the digit; keep the components of a broken digit."""
    # Components are found on a coarse image, which takes microseconds and closes gaps of a few pixels.
    factor = max(1, max(crop.shape) // (2 * BOX_SIZE))
    coarse = Image.fromarray(crop).reduce(factor)
    levels = np.asarray(coarse)
    mask = levels > _BLACK
    components, count = ndimage.label(mask, structure=_NEIGHBOURS)
    lengths = [max(side.stop - side.start for side in sides) for sides in ndimage.find_objects(components)]
    if not lengths or lengths == [max(mask.shape)]:
        return crop
    peaks = ndimage.maximum(levels, components, np.arange(count + 1))
    faint = peaks <= _FAINT_FRACTION * levels.max()
    areas = np.where(faint, 0, np.bincount(components.ravel(), minlength=count + 1))
    areas[0] = 0  # the background
    width = stroke_width(mask)
    stray = areas <= _SPECK_FRACTION * areas.max()
    stray |= (areas <= _DOT_FRACTION * areas.max()) & (np.array([0, *lengths]) <= _MAX_DOT_LENGTH * width)
    stray[0] = True
    digit = ~stray[components]
    # Dilating by one coarse pixel keeps the digit's faint edge.
    kept_mask = ndimage.binary_dilation(digit, structure=_NEIGHBOURS) & (digit | ~mask)
    kept_pixels = kept_mask.repeat(factor, axis=0).repeat(factor, axis=1)[: crop.shape[0], : crop.shape[1]]
    return np.where(kept_pixels, crop, np.uint8(0))


def _scale(crop: Pixels, drawing_shape: tuple[int, ...], steps: Steps) -> Pixels:
    """Scale the crop to a longest side of 20 pixels, keep its aspect ratio, and make strokes as wide as MNIST's."""
    longest = max(crop.shape)
    target = BOX_SIZE if steps.scale else max(1, round(longest * IMAGE_SIZE / max(drawing_shape)))
    if longest == target:
        return crop
    if steps.stroke_width and longest > target:
        scaled = _resize(_match_mnist_strokes(crop, target, trim=steps.crop), target)
    else:
        scaled = _resize(crop, target)
    return (scaled * (255 / (scaled.max() or 1)) + 0.5).astype(np.uint8)


def _match_mnist_strokes(crop: Pixels, target_size: int, *, trim: bool) -> Pixels | Plane:
    """Thicken or thin the strokes so that they are as wide as MNIST's after scaling to `target_size`.

    `trim`: remove the empty margin of the result.
    """
    fine_size = _FINE_SCALE * target_size
    fine_ink = _resize(crop, fine_size, Image.Resampling.BOX)
    mask = fine_ink > fine_ink.max() / 2
    width = stroke_width(mask)
    target = min(max(width, MIN_STROKE_WIDTH * _FINE_SCALE), MAX_STROKE_WIDTH * _FINE_SCALE)
    # Thickening also enlarges the crop, which is then scaled to the same box; the divisor compensates for this.
    change = (target - width) / 2 / (max(1 - target / fine_size, _MIN_DIVISOR) if trim else 1)
    if abs(change) < 0.5:
        return crop
    if change > 0:
        margin = int(change) + 2
        outside = _distance_to_background(~_add_margin(mask, margin))
        # Ink that is too faint for the mask stays unchanged.
        changed_ink = np.maximum(_ink_with_soft_edge(change + 0.5 - outside), _add_margin(fine_ink, margin))
    else:
        margin = 1
        # Keep at least half the width, so that a drawing never vanishes.
        change = max(change, -width / 4)
        changed_ink = _ink_with_soft_edge(_distance_to_background(_add_margin(mask, margin)) - 0.5 + change)
    if not trim:
        return _crop(changed_ink, (margin, margin, margin + fine_ink.shape[0], margin + fine_ink.shape[1]))
    box = bounding_box(changed_ink)
    return crop if box is None else _crop(changed_ink, box)


def _add_margin(picture: MaskOrPlane, margin: int) -> MaskOrPlane:
    """Return the picture with a margin of zeros; this is ten times as fast as np.pad."""
    height, width = picture.shape
    padded = np.zeros((height + 2 * margin, width + 2 * margin), picture.dtype)
    padded[margin : margin + height, margin : margin + width] = picture
    return padded


def _distance_to_background(mask: NDArray[np.bool_]) -> Plane:
    """Return the distance in pixels from each true pixel of a mask to the nearest false one."""
    distance: Plane = ndimage.distance_transform_edt(mask).astype(np.float32)
    return distance


def _ink_with_soft_edge(distance: Plane) -> Plane:
    """Return ink with an anti-aliased edge; `distance` is the distance to the edge in pixels, positive inside."""
    return (np.clip(distance + 0.5, 0, 1) * 255).astype(np.float32)


def stroke_width(mask: NDArray[np.bool_]) -> float:
    """Return the mean stroke width in pixels: twice the area divided by the perimeter.

    The perimeter is estimated from the number of pixel edges, by the ratio that holds for a circle.
    """
    pixel_edges = sum(
        np.count_nonzero(lines[1:] != lines[:-1]) + np.count_nonzero(lines[0]) + np.count_nonzero(lines[-1])
        for lines in (mask, mask.T)
    )
    return 2 * np.count_nonzero(mask) / max(pixel_edges * np.pi / 4, 1)


def _resize(crop: Pixels | Plane, longest: int, method: Image.Resampling = Image.Resampling.HAMMING) -> Plane:
    """Resize the crop so that its longest side is `longest`."""
    height, width = crop.shape
    ratio = longest / max(height, width)
    size = max(1, round(width * ratio)), max(1, round(height * ratio))
    levels = crop if ratio * _MAX_INTEGER_REDUCTION >= 1 else crop.astype(np.float32, copy=False)
    resized = Image.fromarray(levels).resize(size, method, reducing_gap=_REDUCING_GAP)
    return np.asarray(resized).astype(np.float32, copy=False)


def centre_by_mass(scaled: Pixels) -> Pixels:
    """Place at most 20x20 pixels in a 28x28 image by a whole-pixel shift that puts the centre of mass at (14, 14)."""
    image = np.zeros((IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    height, width = scaled.shape
    top = _offset(scaled.sum(axis=1, dtype=np.int64))
    left = _offset(scaled.sum(axis=0, dtype=np.int64))
    image[top : top + height, left : left + width] = scaled
    return image


def _place(scaled: Pixels, box: tuple[int, int, int, int], drawing_shape: tuple[int, ...]) -> Pixels:
    """Place the scaled ink in a 28x28 image at its box's position in the drawing, or as close to it as possible."""
    image = np.zeros((IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    top, left = (
        min(max(round(IMAGE_SIZE / 2 + offset - side / 2), 0), IMAGE_SIZE - side)
        for side, offset in zip(scaled.shape, _offsets_from_centre(box, drawing_shape), strict=True)
    )
    image[top : top + scaled.shape[0], left : left + scaled.shape[1]] = scaled
    return image


def _offsets_from_centre(box: tuple[int, int, int, int], drawing_shape: tuple[int, ...]) -> tuple[float, float]:
    """Return how far the box's centre is below and right of the drawing's, with the drawing scaled to 28 pixels."""
    ratio = IMAGE_SIZE / max(drawing_shape)
    (height, width), (top, left, bottom, right) = drawing_shape, box
    return (top + bottom - height) / 2 * ratio, (left + right - width) / 2 * ratio


def _offset(profile: NDArray[np.int64]) -> int:
    """Return the offset that centres a mass profile by its mean, without moving it out of the image."""
    centre = float(profile @ np.arange(profile.size)) / float(profile.sum())
    return min(max(round(IMAGE_SIZE / 2 - centre), 0), IMAGE_SIZE - profile.size)
