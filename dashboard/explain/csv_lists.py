"""Lists of images and of image pairs as CSV."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.explain.near_duplicates import NEAR, Pairs
from core.explain.neighbours import Neighbours


def similar_csv(split: str, nearest: Neighbours) -> str:
    """Return the images as CSV: rank, split, index, label and distance."""
    table = pd.DataFrame(
        {
            "rank": np.arange(1, len(nearest.indices) + 1),
            "split": split,
            "index": nearest.indices,
            "label": nearest.labels,
            "distance": nearest.distances.round(4),
        }
    )
    return table.to_csv(index=False, lineterminator="\n")


def pairs_csv(splits: tuple[str, str], pairs: Pairs, first_labels: np.ndarray, second_labels: np.ndarray) -> str:
    """Return pairs as CSV: rank, both images' split, index and label, distance, and a flag for near duplicates."""
    table = pd.DataFrame(
        {
            "rank": np.arange(1, len(pairs) + 1),
            "first_split": splits[0],
            "first_index": pairs.first,
            "first_label": first_labels,
            "second_split": splits[1],
            "second_index": pairs.second,
            "second_label": second_labels,
            "distance": pairs.distances.round(4),
            "near_duplicate": pairs.distances <= NEAR,
        }
    )
    return table.to_csv(index=False, lineterminator="\n")
