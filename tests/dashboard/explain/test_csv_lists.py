"""Lists of images and of image pairs as CSV."""

from __future__ import annotations

import numpy as np

from core.explain.near_duplicates import Pairs
from core.explain.neighbours import Neighbours
from dashboard.explain.csv_lists import pairs_csv, similar_csv


def test_each_image_has_a_row() -> None:
    nearest = Neighbours(np.array([7, 3]), np.array([0.5, 1.25], np.float32), np.array([9, 4], np.uint8))

    assert similar_csv("test", nearest) == "rank,split,index,label,distance\n1,test,7,9,0.5\n2,test,3,4,1.25\n"


def test_each_pair_has_one_row_for_both_images() -> None:
    pairs = Pairs(np.array([7, 3]), np.array([1, 2]), np.array([0.125, 0.25], np.float32))

    header, *rows = pairs_csv(("test", "train"), pairs, np.array([9, 4]), np.array([9, 7])).splitlines()

    assert header.split(",")[1:7] == [
        "first_split",
        "first_index",
        "first_label",
        "second_split",
        "second_index",
        "second_label",
    ]
    assert rows == ["1,test,7,9,train,1,9,0.125,True", "2,test,3,4,train,2,7,0.25,False"]
