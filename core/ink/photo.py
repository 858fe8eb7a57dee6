"""The ink in a picture, separated from its paper as white on black."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from core.errors import PictureTooLarge
from core.ink.brightness import brightness
from core.ink.depth import SMALL_SIZE, Mask, digit_alone, is_dust, touches_edge
from core.ink.drawing import Pixels, Plane, bounding_box, ink_from_canvas
from core.ink.even import ink_on_even_paper, rim
from core.ink.picture_file import WORKING_SIZE, check_size, decode_canvas, decode_frames
from core.ink.picture_ink import PictureInk, picture_ink
from core.ink.ruled_lines import without_ruled_lines
from core.ink.sheet import SMALLEST, find_sheet
from core.ink.uneven import dark_ink, ink_on_uneven_paper, mean_blocks

_FRAME = 0.7  # of its outline; the rest may be rounded corners or gaps
_FRAME_WIDTH = 3  # pixels; a frame's line with its blurred edge, or the blurred edge of a board
_PIECE = 1.1  # times the ink on a sheet; a part this much larger was cut off there by a shadow


def ink_from_picture(data: bytes) -> PictureInk:
    """Return the ink in an encoded picture; all black if there is none.

    An animation, or a file with several pages, is read from its first frame with ink. Raises PictureTooLarge beyond
    MAX_PICTURE_BYTES, MAX_PICTURE_PIXELS or the free memory, PictureError for a file that cannot be decoded.
    """
    check_size(len(data))
    try:
        inks = map(ink_from_array, decode_frames(data))
        first = next(inks)
        return next((ink for ink in inks if not ink.blank), first) if first.blank else first
    except MemoryError as error:
        raise PictureTooLarge("There is too little memory for this picture; please send a smaller one.") from error


def ink_from_canvas_file(data: bytes) -> Pixels:
    """Return the ink (h, w) of a canvas sent as PNG: light strokes on black, or any strokes on transparent.

    Raises PictureTooLarge beyond MAX_CANVAS_PIXELS, PictureError for any other file.
    """
    return ink_from_canvas(decode_canvas(data))


def ink_from_array(array: Pixels) -> PictureInk:
    """Return the ink of a picture (h, w) or (h, w, 1 | 3 | 4), dark on light or light on dark, transparent or not.

    Uneven light, noise and ruled lines are removed. The ink is at most 640 pixels high and wide.
    """
    levels = brightness(array)
    grey = levels if max(levels.shape) <= WORKING_SIZE else mean_blocks(levels.astype(np.float32), WORKING_SIZE)
    return _ink_on_even_paper(grey) or _ink_in_photo(grey, None)


def _ink_on_even_paper(grey: Pixels | Plane) -> PictureInk | None:
    """Return the ink of a picture whose paper has one brightness; None if it varies."""
    even = ink_on_even_paper(grey)
    if even is None:
        return None
    framed = _ink_in_frame(grey, even)
    if framed is not None:
        return framed
    if not _stands_alone(even):
        return _ink_in_photo(grey, even)
    return picture_ink(even, [even])


def _stands_alone(ink: Pixels) -> bool:
    """Return True if ink touches no edge and is too small for a sheet; small pictures have no sheet."""
    if max(ink.shape) <= SMALL_SIZE:
        return True
    return not touches_edge(ink) and bool(np.count_nonzero(ink) <= SMALLEST * ink.size)


def _ink_in_frame(grey: Pixels | Plane, even: Pixels) -> PictureInk | None:
    """Return the ink within an upright frame or board, such as a canvas on a page; None without one."""
    box = bounding_box(even)
    if box is None:
        return None
    outline = rim(even[box[0] : box[2], box[1] : box[3]])
    inside = slice(box[0] + _FRAME_WIDTH, box[2] - _FRAME_WIDTH), slice(box[1] + _FRAME_WIDTH, box[3] - _FRAME_WIDTH)
    if np.count_nonzero(outline) < _FRAME * outline.size or not grey[inside].size:
        return None
    within = _ink_on_even_paper(grey[inside])
    if within is None or within.blank:
        return None

    def placed(ink: Pixels) -> Pixels:
        plane = np.zeros(grey.shape, np.uint8)
        plane[inside] = ink
        return plane

    # The whole picture comes first: a 0 with corners looks like a frame.
    return picture_ink(placed(within.likeliest), [even, *map(placed, within.candidates)])


def _ink_in_photo(levels: Pixels | Plane, even: Pixels | None) -> PictureInk:
    """Return the ink of a picture; `even` is all its ink if its paper has one brightness."""
    grey = levels.astype(np.float32, copy=False)
    whole = without_ruled_lines(ink_on_uneven_paper(grey)) if even is None else even
    cleaned = whole if even is None else without_ruled_lines(even)
    anywhere = digit_alone(cleaned)
    on_sheet = _ink_on_sheet(grey) if max(grey.shape) > SMALL_SIZE else None
    likeliest = anywhere if on_sheet is None or _goes_on(on_sheet, anywhere) else on_sheet
    # A digit that is whole and sure wins: its hole may look like a sheet, and its stroke like a ruled line.
    return picture_ink(likeliest, [whole, likeliest, cleaned, anywhere])


def _ink_on_sheet(grey: Plane) -> Pixels | None:
    """Return the dark ink on a sheet, in the picture (h, w) that the sheet was found in; None without ink or sheet."""
    sheet = find_sheet(grey)
    if sheet is None:
        return None
    written = np.where(sheet.inside, dark_ink(sheet.grey), np.uint8(0))
    digit = digit_alone(without_ruled_lines(written, sheet.inside))
    if is_dust(digit):
        return None
    ink = np.zeros(grey.shape, np.uint8)
    top, left, bottom, right = sheet.box
    ink[top:bottom, left:right] = digit
    return ink


def _goes_on(ink: Pixels, anywhere: Pixels) -> bool:
    """Return whether the largest part of the ink goes on in other ink, as a digit that leaves a shadow does."""
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
