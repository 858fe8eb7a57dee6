"""A few pen digits, as `PenDigit` values and as the UNIPEN text that UCI distributes."""

from __future__ import annotations

from core.handwriting.pen_digits import PenDigit

UNIPEN = """\
.INCLUDE        dene.doc

.LEXICON "0" "1"
.HIERARCHY      DIGIT

.SEGMENT DIGIT    0 ? "8"
.COMMENT 8 21  224
.PEN_DOWN
 267  333
 267  336
.PEN_UP
.DT 100

.SEGMENT DIGIT    1-2 ? "4"
.COMMENT 4 1  117
.PEN_DOWN
 277  306
.PEN_UP
.DT 100
.PEN_DOWN
 376  500
  50    0
.PEN_UP
.DT 100

.SEGMENT DIGIT    3 ? "0"
.COMMENT 0 30  5
.PEN_DOWN
 100  100
 100  400
.PEN_UP
.DT 100

.SEGMENT DIGIT    4 ? "0"
.COMMENT 0 20  6
.PEN_DOWN
 100  110
 100  400
.PEN_UP
.DT 100
"""
DIGITS = [
    PenDigit(8, 21, [[(267, 167), (267, 164)]]),
    PenDigit(4, 1, [[(277, 194)], [(376, 0), (50, 500)]]),
    PenDigit(0, 30, [[(100, 400), (100, 100)]]),
    PenDigit(0, 20, [[(100, 390), (100, 100)]]),
]
"""The digits in UNIPEN, by the first and last of the training writers and of the held-out writers."""
