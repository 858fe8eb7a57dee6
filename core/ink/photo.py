"""The ink in a picture, separated from its paper as white on black."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image
from scipy import ndimage

from core.errors import PictureTooLarge
from core.ink.depth import FAINTEST_INK, SMALL_SIZE, Mask, as_ink, digit_alone, missing_light
from core.ink.drawing import Pixels, Plane, ink_from_canvas
from core.ink.picture_file import WORKING_SIZE, check_size, decode_canvas, decode_frames, shrink_factor
from core.ink.ruled_lines import without_ruled_lines
from core.ink.sheet import SMALLEST, Sheet, find_sheet

_GROUND_SIZE = 64  # pixels; longest side of the picture on which the paper's brightness is estimated
_POLARITY_SIZE = 32  # pixels, likewise, to tell dark ink from light; 64 reads the same and takes 13 times as long
_NEIGHBOURHOOD = 0.6  # of the picture's longest side; ink differs from the median there
_WIDEST_STROKE = 0.35  # of the picture's longest side; wider things are paper, not strokes
_DIMMEST_PAPER = 48.0  # brightness 0..255 under dark ink; a deeper shadow is noise
_DIMMEST_BOARD = 128.0  # darkness 0..255 under light ink, such as chalk
_WRITTEN = 64  # brightness 0..255 by which writing differs from a card's rim
_LEAST_WRITTEN = 0.02  # of a card's area; strokes of one colour have specks on less
_PIECE = 1.1  # times the ink on a sheet; a part this much larger was cut off there by a shadow


def ink_from_picture(data: bytes) -> Pixels:
    """Return the ink (h, w) in an encoded picture, white on black; all black if there is none.

    An animation, or a file with several pages, is read from its first frame with ink. Raises PictureTooLarge beyond
    MAX_PICTURE_BYTES, MAX_PICTURE_PIXELS or the free memory, PictureError for a file that cannot be decoded.
    """
    check_size(len(data))
    try:
        inks = map(ink_from_array, decode_frames(data))
        first = next(inks)
        return first if first.any() else next((ink for ink in inks if ink.any()), first)
    except MemoryError as error:
        raise PictureTooLarge("There is too little memory for this picture; please send a smaller one.") from error


def ink_from_canvas_file(data: bytes) -> Pixels:
    """Return the ink (h, w) of a canvas sent as PNG: light strokes on black, or any strokes on transparent.

    Raises PictureTooLarge beyond MAX_CANVAS_PIXELS, PictureError for any other file.
    """
    return ink_from_canvas(decode_canvas(data))


def ink_from_array(array: Pixels) -> Pixels:
    """Return the ink of a picture (h, w) or (h, w, 1 | 3 | 4), dark on light or light on dark, transparent or not.

    Uneven light, noise and ruled lines are removed. The ink is at most 640 pixels high and wide.
    """
    levels = _grey(array)
    grey = levels if max(levels.shape) <= WORKING_SIZE else _mean_blocks(levels.astype(np.float32), WORKING_SIZE)
    drawn = _drawn_ink(grey)
    if drawn is not None:
        return drawn
    grey = grey.astype(np.float32, copy=False)
    sheet = find_sheet(grey) if max(grey.shape) > SMALL_SIZE else None
    anywhere = _ink_anywhere(grey)
    if sheet is None:
        return anywhere
    ink = _ink_within(sheet, grey.shape)
    return anywhere if _goes_on(ink, anywhere) else ink


def _drawn_ink(grey: Pixels | Plane) -> Pixels | None:
    """Return the ink of a picture that was drawn, not photographed, twenty times as fast; None for any other.

    Its ground is one grey along all edges and on most of its area, and all strokes are darker, or all lighter: there
    is no uneven light, no noise and no ruled line.
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
    # Strokes seldom cover as much as a sheet, so the search for one is seldom paid for.
    if np.count_nonzero(depth > FAINTEST_INK) > SMALLEST * grey.size and find_sheet(grey.astype(np.float32)):
        return None
    ink = np.zeros(grey.shape, np.uint8)
    ink[place] = digit_alone(as_ink(depth, 0.0, small=False), longest)
    return ink


def _softened(depth: Plane) -> Plane:
    """Return the mean of each pixel and its eight neighbours; pixels beyond the picture are 0."""
    wider = np.zeros((depth.shape[0] + 2, depth.shape[1] + 2), np.float32)
    wider[1:-1, 1:-1] = depth
    rows = wider[:-2] + wider[1:-1] + wider[2:]
    mean: Plane = (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / np.float32(9)
    return mean


def _surroundings(mask: Mask) -> tuple[slice, slice] | None:
    """Return the bounding box of a mask with a margin of two pixels; None if it is false everywhere."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return None
    return slice(max(0, rows[0] - 2), rows[-1] + 3), slice(max(0, columns[0] - 2), columns[-1] + 3)


def _ink_anywhere(grey: Plane) -> Pixels:
    return digit_alone(without_ruled_lines(_all_ink(grey)))


def _all_ink(grey: Plane) -> Pixels:
    return _ink(grey, _DIMMEST_PAPER) if _is_dark_on_light(grey) else _ink(255 - grey, _DIMMEST_BOARD)


def _ink_within(sheet: Sheet, shape: tuple[int, ...]) -> Pixels:
    """Return the dark ink on a sheet, in the picture that the sheet was found in."""
    ink = np.zeros(shape, np.uint8)
    top, left, bottom, right = sheet.box
    written = np.where(sheet.inside, _ink(sheet.grey, _DIMMEST_PAPER), np.uint8(0))
    ink[top:bottom, left:right] = digit_alone(without_ruled_lines(written, sheet.inside))
    return ink


def _goes_on(ink: Pixels, anywhere: Pixels) -> bool:
    """Return whether the largest part of the ink goes on in other ink, as a digit that leaves a shadow does.

    True also if there is no ink but other ink.
    """
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
    """Return brightness (h, w); transparent pixels take the colour on which the others are visible."""
    if array.ndim == 2:
        return array
    if array.shape[2] == 1:
        return array[..., 0]
    grey = np.asarray(Image.fromarray(np.ascontiguousarray(array[..., :3])).convert("L"))
    if array.shape[2] == 3 or int(array[..., 3].min()) == int(array[..., 3].max()):
        return grey
    alpha = array[..., 3].astype(np.float32) / 255
    seen = grey[alpha > 0.5]
    if not seen.size or int(np.ptp(seen)) < 255 * FAINTEST_INK:
        # One colour on a transparent ground: the shape is in the transparency alone.
        return (255 * (1 - alpha)).astype(np.uint8)
    paper = _rim_of_card(grey, alpha > 0.5)
    if paper is None:
        paper = float(np.median(seen)) if seen.size > 0.5 * grey.size else 255.0 * (seen.mean() < 128)
    return (grey * alpha + paper * (1 - alpha)).astype(np.uint8)


def _rim_of_card(grey: Pixels, opaque: Mask) -> float | None:
    """Return the brightness along the rim of an opaque card or sticker; None if only the ink is opaque."""
    rim = grey[opaque & ~ndimage.binary_erosion(opaque, iterations=2, border_value=1)].astype(np.float32)
    if not rim.size:
        return None
    usual = float(np.median(rim))
    written = np.mean(np.abs(grey[opaque].astype(np.float32) - usual) > _WRITTEN)
    even = np.percentile(np.abs(rim - usual), 75) < _WRITTEN
    return usual if even and written > _LEAST_WRITTEN else None


def _mean_blocks(plane: Plane, longest: int) -> Plane:
    """Shrink a plane to at most `longest` pixels on each side, each the mean of a square block."""
    factor = shrink_factor(plane.shape, longest)
    return plane if factor == 1 else np.asarray(Image.fromarray(plane).reduce(factor))


def _is_dark_on_light(grey: Plane) -> bool:
    """Return whether the ink is darker than its ground.

    Ink differs from the median of its neighbourhood, is sharp, and differs from the ground on both its sides; the edge
    of a shadow differs on one side only.
    """
    # In a shadow, ink and paper lose the same fraction of their light: logarithms keep their difference.
    small = np.log(np.maximum(_mean_blocks(grey, _POLARITY_SIZE), _DIMMEST_PAPER))
    window = int(max(small.shape) * _NEIGHBOURHOOD) | 1
    difference = small - ndimage.median_filter(small, size=window, mode="nearest")
    around = sliding_window_view(np.pad(small, 1, mode="edge"), (3, 3)).reshape(*small.shape, 9)
    before, after = around[..., :4], around[..., :4:-1]  # opposite neighbours
    darker = np.maximum(0, np.minimum(before, after).max(axis=-1) - small)
    lighter = np.maximum(0, small - np.maximum(before, after).min(axis=-1))
    # Ink that runs out of the picture has ground on one side only.
    sharpness = np.abs(small - around.mean(axis=-1))
    votes = np.minimum(difference, 0) * (darker + sharpness) + np.maximum(difference, 0) * (lighter + sharpness)
    return bool(votes.sum() <= 0)


def _ink(grey: Plane, dimmest: float) -> Pixels:
    """Return the ink of a picture whose ink is darker than its ground."""
    small = max(grey.shape) <= SMALL_SIZE
    depth = missing_light(grey, _paper(grey), dimmest)
    if not small:
        depth = ndimage.uniform_filter(depth, 3)
    # Paper takes at least a quarter of the picture.
    return as_ink(depth, float(np.percentile(depth, 25)), small=small)


def _paper(grey: Plane) -> Plane:
    """Return the brightness of the paper as if it were blank; the edges of shadows stay."""
    small = _mean_blocks(grey, _GROUND_SIZE)
    reach = int(max(small.shape) * _WIDEST_STROKE) // 2
    level = np.pad(small, reach, mode="edge")
    closed = ndimage.grey_closing(level, size=2 * reach + 1)[reach:-reach, reach:-reach] if reach else small
    if small.shape == grey.shape:
        return closed
    return np.asarray(Image.fromarray(closed).resize(grey.shape[::-1], Image.Resampling.BILINEAR))
