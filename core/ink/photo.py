"""The ink in a picture, taken off the paper as white on black."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage

from core.errors import PictureTooLarge
from core.ink.depth import FAINTEST_INK, SMALL_SIZE, Mask, as_ink, digit_alone, missing_light, runs
from core.ink.distance import Plane
from core.ink.drawing import Pixels, ink_from_canvas
from core.ink.picture_file import WORKING_SIZE, check_size, decoded_canvas, decoded_frames, shrink_factor
from core.ink.ruled_lines import without_ruled_lines
from core.ink.sheet import Sheet, find_sheet

# The paper's brightness is estimated on a picture of at most the first size, its polarity on one of the second.
_GROUND_SIZE = 64
_POLARITY_SIZE = 32
# There, a stroke has other brightness so many pixels away on both sides; and darker than this it is all the same black.
_BESIDE, _DARKEST = 2, 32.0
# Where ink runs out of the picture, it is sharp all the same; how much that counts beside its sides.
_SHARPNESS = 0.5
# Strokes up to this share of the picture's longest side are bridged when the paper below them is estimated.
_WIDEST_STROKE = 0.35
# What is wider than this share of a drawing's longest side is no stroke; where it takes so much of it, a sheet maybe
# (sheet.py's smallest, less the corners that a wide brush does not reach).
_WIDEST_PEN, _LEAST_SHEET = 0.2, 0.1
# Light is not compared to less than this: dark-on-light in a deep shadow, light-on-dark on a bright ground.
_DIMMEST_PAPER, _DIMMEST_BOARD = 48.0, 128.0
# What is written on a card differs by so much from its rim, and takes this share of it at least, and leaves as much.
_WRITTEN, _LEAST_WRITTEN = 64, 0.02
# A part that is so much larger than another was cut off there.
_PIECE = 1.3
# Ink of which no more than this share is ink in another view of the picture, too, is none there.
_IN_COMMON = 0.2


def ink_from_picture(data: bytes) -> Pixels:
    """Return the ink (h, w) in an encoded picture, white on black; all black if there is none.

    An animation, or a file with several pages, is read from its first frame with ink. Raises PictureTooLarge beyond
    MAX_PICTURE_BYTES, MAX_PICTURE_PIXELS or the memory that is left, PictureError for a file that cannot be decoded.
    """
    check_size(len(data))
    try:
        inks = map(ink_from_array, decoded_frames(data))
        first = next(inks)
        return first if first.any() else next((ink for ink in inks if ink.any()), first)
    except MemoryError as error:
        raise PictureTooLarge("There is too little memory for this picture; please send a smaller one.") from error


def ink_from_canvas_file(data: bytes) -> Pixels:
    """The ink (h, w) of a canvas as a browser sends it, a PNG: light strokes on black, or any on transparent.

    Raises PictureTooLarge beyond MAX_CANVAS_PIXELS, PictureError for what is no PNG.
    """
    return ink_from_canvas(decoded_canvas(data))


def ink_from_array(array: Pixels) -> Pixels:
    """The ink of a picture (h, w) or (h, w, 1 | 3 | 4), dark on light or light on dark, with or without transparency.

    Uneven light, noise and ruled lines are taken out. The ink is at most 640 pixels high and wide.
    """
    levels = _grey(array)
    grey = levels if max(levels.shape) <= WORKING_SIZE else _mean_blocks(levels.astype(np.float32), WORKING_SIZE)
    drawn = _drawn_ink(grey)
    if drawn is not None:
        return drawn
    grey = grey.astype(np.float32, copy=False)
    sheet = find_sheet(grey) if max(grey.shape) > SMALL_SIZE else None
    if sheet is None:
        return _ink_anywhere(grey)
    ink = _ink_within(sheet, grey.shape)
    if not ink.any():
        return _ink_anywhere(grey)
    everything = _all_ink(grey)
    anywhere = digit_alone(without_ruled_lines(everything))
    return anywhere if _goes_on(ink, anywhere) or _lies_beyond(sheet, ink, everything, anywhere) else ink


def _drawn_ink(grey: Pixels | Plane) -> Pixels | None:
    """The ink of a picture that was drawn, not photographed, in a tenth of the time; None for any other.

    Its ground is one and the same grey along all edges and on most of it, and strokes lie on one side of that: there is
    no light to be told from ink, no noise, no ruled line that runs through.
    """
    longest, ground = max(grey.shape), np.float32(grey[0, 0])
    marked = grey != grey[0, 0]
    edges = (marked[0], marked[-1], marked[:, 0], marked[:, -1])
    place = _surroundings(marked)
    if longest <= SMALL_SIZE or place is None or any(edge.any() for edge in edges):
        return None
    part = grey[place].astype(np.float32)
    darker, lighter = bool(part.min() < ground), bool(part.max() > ground)
    if darker == lighter or 2 * np.count_nonzero(marked[place]) > grey.size:
        return None
    if lighter:
        part, ground = 255 - part, 255 - ground
    depth = _softened(missing_light(part, ground, _DIMMEST_PAPER if darker else _DIMMEST_BOARD))
    # A sheet with ink on it is for others to find; and of a drawing's paper there is a quarter at least.
    if _may_be_sheet(depth > FAINTEST_INK, longest) or np.count_nonzero(depth) > 0.7 * grey.size:
        return None
    ink = np.zeros(grey.shape, np.uint8)
    ink[place] = digit_alone(as_ink(depth, 0.0, 0.0, small=False), longest)
    return ink


def _softened(depth: Plane) -> Plane:
    """Each place's mean with its eight neighbours; around the picture there is nothing."""
    wider = np.zeros((depth.shape[0] + 2, depth.shape[1] + 2), np.float32)
    wider[1:-1, 1:-1] = depth
    rows = wider[:-2] + wider[1:-1] + wider[2:]
    mean: Plane = (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / np.float32(9)
    return mean


def _surroundings(mask: Mask) -> tuple[slice, slice] | None:
    """Where a mask is true, and two pixels around that; None where it is true nowhere."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return None
    return slice(max(0, rows[0] - 2), rows[-1] + 3), slice(max(0, columns[0] - 2), columns[-1] + 3)


def _may_be_sheet(mask: Mask, longest: int) -> bool:
    """Whether what is wider than a pen takes a good part of a picture with so long a side."""
    factor = shrink_factor((longest,), _GROUND_SIZE)
    pen = int(_WIDEST_PEN * -(-longest // factor))
    if not runs(runs(mask[::factor, ::factor], pen).T, pen).any():
        return False
    solid = np.asarray(Image.fromarray(mask.view(np.uint8) * np.uint8(255)).reduce(factor)) == 255
    wide = ndimage.minimum_filter(solid, size=pen, mode="constant")
    if not wide.any():
        return False
    return bool(np.count_nonzero(ndimage.maximum_filter(wide, size=pen)) > _LEAST_SHEET * (longest / factor) ** 2)


def _ink_anywhere(grey: Plane) -> Pixels:
    return digit_alone(without_ruled_lines(_all_ink(grey)))


def _all_ink(grey: Plane) -> Pixels:
    return _ink(grey, _DIMMEST_PAPER) if _is_dark_on_light(grey) else _ink(255 - grey, _DIMMEST_BOARD)


def _ink_within(sheet: Sheet, shape: tuple[int, ...]) -> Pixels:
    """The dark ink on a sheet, in the picture that the sheet was found in."""
    ink = np.zeros(shape, np.uint8)
    top, left, bottom, right = sheet.box
    written = digit_alone(without_ruled_lines(_ink(sheet.grey, _DIMMEST_PAPER)))
    ink[top:bottom, left:right] = np.where(sheet.inside, written, np.uint8(0))
    return ink


def _lies_beyond(sheet: Sheet, ink: Pixels, everything: Pixels, anywhere: Pixels) -> bool:
    """Whether what stands on a sheet, such as ruled lines, is too faint to be ink beside what stands beyond it.

    `everything` is the ink of the whole picture, `anywhere` its digit. A table around a sheet would reach the rim.
    """
    if not anywhere.any() or np.count_nonzero(everything[ink > 127]) > _IN_COMMON * np.count_nonzero(ink > 127):
        return False
    largest = _largest_part(anywhere > 127)
    if any(rim.any() for rim in (largest[0], largest[-1], largest[:, 0], largest[:, -1])):
        return False
    top, left, bottom, right = sheet.box
    within = np.count_nonzero(largest[top:bottom, left:right] & sheet.inside)
    return bool(2 * within < np.count_nonzero(largest))


def _goes_on(ink: Pixels, anywhere: Pixels) -> bool:
    """Whether the largest part of some ink is only a piece of a part of other ink, such as one that leaves a shadow."""
    largest = _largest_part(ink > 127)
    parts, _ = ndimage.label(anywhere > 127, structure=np.ones((3, 3)))
    shared = np.bincount(parts[largest], minlength=2)
    if 2 * shared[0] > shared.sum():
        return False
    whole = np.count_nonzero(parts == 1 + int(np.argmax(shared[1:])))
    return bool(whole > _PIECE * np.count_nonzero(largest))


def _largest_part(mask: Mask) -> Mask:
    parts, _ = ndimage.label(mask, structure=np.ones((3, 3)))
    sizes = np.bincount(parts.ravel(), minlength=2)
    return mask & (parts == 1 + int(np.argmax(sizes[1:])))


def _grey(array: Pixels) -> Pixels:
    """Brightness (h, w); what is transparent takes the colour that lets the rest be seen."""
    if array.ndim == 2:
        return array
    if array.shape[2] == 1:
        return array[..., 0]
    grey = np.asarray(Image.fromarray(np.ascontiguousarray(array[..., :3])).convert("L"))
    if array.shape[2] == 3 or int(array[..., 3].min()) == int(array[..., 3].max()):
        return grey
    alpha = array[..., 3].astype(np.float32) / 255
    seen = grey[alpha > 0.5]
    if not seen.size or int(np.ptp(seen)) < 32:
        # One colour on nothing: the shape is in the transparency alone.
        return (255 * (1 - alpha)).astype(np.uint8)
    paper = _rim_of_card(grey, alpha > 0.5)
    if paper is None:
        paper = float(np.median(seen)) if seen.size > 0.5 * grey.size else 255.0 * (seen.mean() < 128)
    return (grey * alpha + paper * (1 - alpha)).astype(np.uint8)


def _rim_of_card(grey: Pixels, opaque: Mask) -> float | None:
    """The brightness along the rim of a card or sticker on nothing; None where what is opaque is ink alone."""
    rim = grey[opaque & ~ndimage.binary_erosion(opaque, iterations=2, border_value=1)].astype(np.float32)
    if not rim.size:
        return None
    usual = float(np.median(rim))
    written = np.mean(np.abs(grey[opaque].astype(np.float32) - usual) > _WRITTEN)
    even = np.percentile(np.abs(rim - usual), 75) < _WRITTEN / 2
    return usual if even and _LEAST_WRITTEN < written < 1 - _LEAST_WRITTEN else None


def _mean_blocks(plane: Plane, longest: int) -> Plane:
    """The plane at most `longest` pixels high and wide, each the mean of a square block."""
    factor = shrink_factor(plane.shape, longest)
    return plane if factor == 1 else np.asarray(Image.fromarray(plane).reduce(factor))


def _is_dark_on_light(grey: Plane) -> bool:
    """Ink differs from the median of its neighbourhood, is sharp, and differs from both its sides; a shadow's edge from
    one only."""
    # In a shadow, ink and paper lose the same share of their light, which is the same step in logarithms.
    small = np.log(np.maximum(_mean_blocks(grey, _POLARITY_SIZE), _DARKEST))
    window = int(max(small.shape) * 0.6) | 1
    difference = small - ndimage.median_filter(small, size=window, mode="nearest")
    height, width = small.shape
    wider = np.pad(small, _BESIDE, mode="edge")
    darker, lighter = np.zeros_like(small), np.zeros_like(small)
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        top, left = _BESIDE * (1 - down), _BESIDE * (1 - right)
        before = wider[top : top + height, left : left + width]
        top, left = _BESIDE * (1 + down), _BESIDE * (1 + right)
        after = wider[top : top + height, left : left + width]
        darker = np.maximum(darker, np.minimum(before, after) - small)
        lighter = np.maximum(lighter, small - np.maximum(before, after))
    sharpness = _SHARPNESS * np.abs(small - ndimage.uniform_filter(small, 3))
    votes = np.minimum(difference, 0) * (darker + sharpness) + np.maximum(difference, 0) * (lighter + sharpness)
    return bool(votes.sum() <= 0)


def _ink(grey: Plane, dimmest: float) -> Pixels:
    """How much of the paper's light is missing, between what is surely paper and what is surely ink."""
    small = max(grey.shape) <= SMALL_SIZE
    depth = missing_light(grey, _paper(grey), dimmest)
    if not small:
        depth = ndimage.uniform_filter(depth, 3)
    # Paper is a quarter of the picture at least; from how its darkest and its middle differ follows its grain.
    clean, usual = np.percentile(depth, (5, 25))
    return as_ink(depth, usual, usual - clean, small=small)


def _paper(grey: Plane) -> Plane:
    """The paper's brightness everywhere, as if nothing were written on it; the edges of shadows stay."""
    small = _mean_blocks(grey, _GROUND_SIZE)
    reach = int(max(small.shape) * _WIDEST_STROKE) // 2
    # Beyond the edge light may go on falling, as in a corner of a photo, but never rises because of a stroke inside.
    level = np.pad(small, reach, mode="edge")
    level = np.minimum(level, np.pad(small, reach, mode="reflect", reflect_type="odd"))
    closed = ndimage.grey_closing(level, size=2 * reach + 1)[reach:-reach, reach:-reach] if reach else small
    if small.shape == grey.shape:
        return closed
    return np.asarray(Image.fromarray(closed).resize(grey.shape[::-1], Image.Resampling.BILINEAR))
