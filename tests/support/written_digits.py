"""Written digits, as a hand stores them: synthetic ones, and arbitrary ones for Hypothesis."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from core.handwriting.strokes import digit_strokes
from core.personal.exam import EXAM_DIGITS, Exam, exam_file, exam_lines, start_exam
from core.personal.hand import Hand
from core.personal.taught import teach
from core.personal.written import MAX_SIDE, WrittenDigit, WrittenStroke

_SIZE = 160.0
"""Height of a digit in pixels, on a canvas of 280."""


def write(digit: int, seed: int = 0, label: int | None = -1) -> WrittenDigit:
    """Return a digit in handwriting that depends on the seed; its label is the digit unless one is given."""
    strokes = digit_strokes(digit, np.random.default_rng((digit, seed)))
    points = np.concatenate(strokes)
    low, scale = points.min(axis=0), _SIZE / max(float(np.ptp(points, axis=0).max()), 1.0)
    return WrittenDigit(
        strokes=tuple(
            WrittenStroke(points=tuple(map(tuple, ((stroke - low) * scale + 60).round(1).tolist())), width=16)
            for stroke in strokes
        ),
        label=digit if label == -1 else label,
        predicted=digit,
        model="shipped",
        time=1_700_000_000 + seed,
    )


def teach_digits(hand: Hand, count: int) -> None:
    """Teach a hand this many digits, 0 to 9 in turn."""
    for index in range(count):
        teach(hand, write(index % 10, seed=index))


def take_exam(hand: Hand, digits: int = EXAM_DIGITS, seed: int = 0) -> Exam:
    """Write the first digits of a new exam in one go, in different handwriting from `teach_digits`; return the exam."""
    exam = start_exam(hand)
    written = tuple(write(prompt, 10_000 + seed + index) for index, prompt in enumerate(exam.prompts[:digits]))
    exam = Exam(exam.id, exam.prompts, written, exam.started)
    exam_file(hand, exam.id).write_bytes(exam_lines(exam))
    return exam


_COORDINATES = st.floats(-MAX_SIDE / 2, MAX_SIDE / 2)
_STROKES = st.builds(
    WrittenStroke,
    points=st.lists(st.tuples(_COORDINATES, _COORDINATES), min_size=1, max_size=4).map(tuple),
    width=st.floats(0.1, 200),
)

any_written = st.builds(
    WrittenDigit,
    strokes=st.lists(_STROKES, min_size=1, max_size=3).map(tuple),
    label=st.none() | st.integers(0, 9),
    predicted=st.none() | st.integers(0, 9),
    model=st.text(max_size=10),
    time=st.floats(0, 1e10),
)
"""Strategy for valid written digits, however strange."""
