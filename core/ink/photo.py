"""The ink in a picture, separated from its paper as white on black."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from core.errors import PictureTooLarge
from core.ink.brightness import brightness, has_colours, most_varied_channel
from core.ink.depth import SMALL_SIZE, Mask, is_dust, touches_edge, without_foreign_ink
from core.ink.drawing import Pixels, Plane, bounding_box, ink_from_canvas
from core.ink.even import ink_on_even_paper, rim
from core.ink.picture_file import WORKING_SIZE, check_size, decode_canvas, decode_frames, shrink
from core.ink.picture_ink import PictureInk, picture_ink
from core.ink.ruled_lines import without_base_line, without_ruled_lines
from core.ink.sheet import MIN_SHEET_FRACTION, find_sheet
from core.ink.surroundings import without_form_lines
from core.ink.uneven import dark_ink, ink_on_uneven_paper, mean_blocks
from core.language import Message

_SHOWN_SIZE = 480  # pixels; the largest size of the Draw page's canvas
_MIN_FRAME_INK = 0.7  # of a frame's outline; the rest may be rounded corners or gaps
_MIN_IN_FRAME = 0.95  # of a frame's or a board's area; the rest are ticks
_FRAME_WIDTH = 3  # pixels; a frame's line with its blurred edge, or the blurred edge of a board
_CUT_OFF_RATIO = 1.1  # times its size on a sheet; a component this much larger in the picture was cut off by a shadow


def ink_from_picture(data: bytes) -> PictureInk:
    """Return the ink in an encoded picture; all black if there is none.

    In an animation or a multi-page file, the first frame with ink counts. Raises PictureTooLarge beyond
    MAX_PICTURE_BYTES, MAX_PICTURE_PIXELS or the free memory, and PictureError for a file that cannot be decoded.
    """
    check_size(len(data))
    try:
        inks = map(_ink_of_frame, decode_frames(data))
        first = next(inks)
        return next((ink for ink in inks if not ink.blank), first) if first.blank else first
    except MemoryError as error:
        raise PictureTooLarge(
            Message("There is not enough memory for this picture; please send a smaller one.")
        ) from error


def _ink_of_frame(frame: Pixels) -> PictureInk:
    """Return the ink of a frame together with a small copy of the frame."""
    return replace(ink_from_array(frame), picture=shrink(frame, _SHOWN_SIZE))


def ink_from_canvas_file(data: bytes) -> Pixels:
    """Return the ink (h, w) of a canvas sent as a PNG: light on black, or any colour on a transparent background.

    Raises PictureTooLarge beyond MAX_CANVAS_PIXELS, and PictureError if the file is not a valid PNG.
    """
    return ink_from_canvas(decode_canvas(data))


def ink_from_array(array: Pixels) -> PictureInk:
    """Return the ink of a picture (h, w) or (h, w, 1 | 3 | 4), dark on light or light on dark, transparent or not.

    Uneven light, noise and ruled lines are removed. No side of the ink is longer than 640 pixels.
    """
    ink = _ink_in_levels(brightness(array))
    # Ink and paper may be equally bright, such as a red pen on a blue note; then they differ in a single colour.
    return ink if not ink.blank or not has_colours(array) else _ink_in_levels(most_varied_channel(array))


def _ink_in_levels(levels: Pixels) -> PictureInk:
    """Return the ink of a picture (h, w) of one channel."""
    grey = levels if max(levels.shape) <= WORKING_SIZE else mean_blocks(levels.astype(np.float32), WORKING_SIZE)
    return _ink_on_even_paper(grey) or _ink_in_photo(grey, None)


def _ink_on_even_paper(grey: Pixels | Plane) -> PictureInk | None:
    """Return the ink of a picture on paper of uniform brightness; None if the brightness varies or there is no ink."""
    even_ink = ink_on_even_paper(grey)
    if even_ink is None:
        return None
    framed_ink = _ink_in_frame(grey, even_ink)
    if framed_ink is not None:
        return framed_ink
    if not _stands_alone(even_ink):
        return _ink_in_photo(grey, even_ink)
    form_ink = _without_form(even_ink)
    return picture_ink(even_ink, [even_ink]) if form_ink is None else picture_ink(form_ink, [form_ink, even_ink])


def _stands_alone(ink: Pixels) -> bool:
    """Return True if the ink touches no edge and is too small to be a sheet; small pictures have no sheet."""
    if max(ink.shape) <= SMALL_SIZE:
        return True
    return not touches_edge(ink) and bool(np.count_nonzero(ink) <= MIN_SHEET_FRACTION * ink.size)


def _ink_in_frame(grey: Pixels | Plane, even_ink: Pixels) -> PictureInk | None:
    """Return the ink within a rectangular frame or board, such as a canvas on a page; None if there is none."""
    box = _frame_box(even_ink)
    if box is None:
        return None
    outline = rim(even_ink[box[0] : box[2], box[1] : box[3]])
    inside = slice(box[0] + _FRAME_WIDTH, box[2] - _FRAME_WIDTH), slice(box[1] + _FRAME_WIDTH, box[3] - _FRAME_WIDTH)
    if np.count_nonzero(outline) < _MIN_FRAME_INK * outline.size or not grey[inside].size:
        return None
    framed_ink = _ink_on_even_paper(grey[inside])
    if framed_ink is None or framed_ink.blank:
        return None

    def in_picture(ink: Pixels) -> Pixels:
        plane = np.zeros(grey.shape, np.uint8)
        plane[inside] = ink
        return plane

    # The complete ink comes first: a 0 with corners looks like a frame.
    candidates = [even_ink, *map(in_picture, framed_ink.candidates)]
    form_ink = without_form_lines(even_ink)
    if form_ink is not None and bounding_box(form_ink) == bounding_box(in_picture(form_ink[inside])):
        # The frame is a row of boxes, and the lines between them look like ones.
        return picture_ink(form_ink, [form_ink, *candidates])
    return picture_ink(in_picture(framed_ink.likeliest), candidates)


def _frame_box(ink: Pixels) -> tuple[int, int, int, int] | None:
    """Return the box of the component with the largest extent, without ticks that stick out of its sides."""
    components, _ = ndimage.label(ink > 127, structure=np.ones((3, 3)))
    slices = ndimage.find_objects(components)
    spans = [(rows.stop - rows.start) * (columns.stop - columns.start) for rows, columns in slices]
    if not spans:
        return None
    component = components == 1 + int(np.argmax(spans))
    lengths = component.sum(axis=1), component.sum(axis=0)
    rows, columns = (
        np.flatnonzero(length > 0.5 * np.count_nonzero(other)) for length, other in (lengths, lengths[::-1])
    )
    if not rows.size or not columns.size:
        return None
    box = int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1
    # A round blob, such as a thumb, loses more of its area.
    is_frame = np.count_nonzero(component[box[0] : box[2], box[1] : box[3]]) > _MIN_IN_FRAME * lengths[0].sum()
    return box if is_frame else None


def _ink_in_photo(levels: Pixels | Plane, even_ink: Pixels | None) -> PictureInk:
    """Return the ink of a picture; `even_ink` is all its ink if the paper has uniform brightness, otherwise None."""
    grey = levels.astype(np.float32, copy=False)
    raw_ink = ink_on_uneven_paper(grey) if even_ink is None else even_ink
    cleaned_ink = without_ruled_lines(raw_ink)
    all_ink = cleaned_ink if even_ink is None else even_ink
    digit = without_foreign_ink(cleaned_ink)
    sheet_ink = _ink_on_sheet(grey) if max(grey.shape) > SMALL_SIZE else None
    likeliest = digit if sheet_ink is None or _continues_in(sheet_ink, digit) else sheet_ink
    # The complete ink comes first: the hole of a digit may look like a sheet, and a stroke like a ruled line.
    candidates = [all_ink, likeliest, cleaned_ink, digit]
    form_ink = _without_form(raw_ink) if sheet_ink is None else None
    if form_ink is not None:
        likeliest = without_foreign_ink(without_ruled_lines(form_ink))
        candidates = [likeliest, *candidates]
    return picture_ink(likeliest, candidates)


def _without_form(ink: Pixels) -> Pixels | None:
    """Remove the lines around the digit and the line that it stands on; return None if there are none."""
    form_ink = without_form_lines(ink)
    base_ink = without_base_line(ink if form_ink is None else form_ink)
    return form_ink if base_ink is None else base_ink


def _ink_on_sheet(grey: Plane) -> Pixels | None:
    """Return the dark ink on a sheet, at its position in the picture (h, w); None if there is no sheet or no ink."""
    sheet = find_sheet(grey)
    if sheet is None:
        return None
    written_ink = np.where(sheet.inside, dark_ink(sheet.grey), np.uint8(0))
    form_ink = _without_form(written_ink)
    if form_ink is not None:
        written_ink = form_ink
    digit = without_foreign_ink(without_ruled_lines(written_ink, sheet.inside))
    if is_dust(digit):
        return None
    ink = np.zeros(grey.shape, np.uint8)
    top, left, bottom, right = sheet.box
    ink[top:bottom, left:right] = digit
    return ink


def _continues_in(sheet_ink: Pixels, ink: Pixels) -> bool:
    """Return whether a sheet's largest component is part of a larger one in `ink`: a digit that runs into a shadow."""
    largest = _largest_component(sheet_ink > 127)
    components, _ = ndimage.label(ink > 127, structure=np.ones((3, 3)))
    shared = np.bincount(components[largest], minlength=2)
    if 2 * shared[0] > shared.sum():
        return False
    complete_size = np.count_nonzero(components == 1 + int(np.argmax(shared[1:])))
    return bool(complete_size > _CUT_OFF_RATIO * np.count_nonzero(largest))


def _largest_component(mask: Mask) -> Mask:
    components, _ = ndimage.label(mask, structure=np.ones((3, 3)))
    sizes = np.bincount(components.ravel(), minlength=2)
    return mask & (components == 1 + int(np.argmax(sizes[1:])))
