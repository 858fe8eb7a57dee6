"""Each change to a drawing does what its name says, and curves find the tipping point."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import AugmentationConfig
from core.data.datasets import CLASSES
from core.explain.stress import STRESSES, StressCurve, apply_stress, stress_curve, training_settings
from core.ink.drawing import bounding_box


def bar(side: int = 28) -> np.ndarray:
    """Return a vertical bar whose width is 3/28 of the side."""
    unit = side // 28
    ink = np.zeros((side, side), np.uint8)
    ink[6 * unit : 22 * unit, 13 * unit : 16 * unit] = 255
    return ink


def centre_of_mass(ink: np.ndarray) -> np.ndarray:
    return np.array([(ink.sum(1) @ np.arange(28)), (ink.sum(0) @ np.arange(28))]) / ink.sum()


@given(st.integers(0, 2**32 - 1))
def test_neutral_values_change_nothing(seed: int) -> None:
    ink = np.random.default_rng(seed).integers(0, 256, (28, 28), np.uint8)

    changed = apply_stress(ink, {name: stress.neutral for name, stress in STRESSES.items()})

    assert np.array_equal(changed, ink)


@given(st.data())
def test_any_values_give_an_image(data: st.DataObject) -> None:
    values = {name: data.draw(st.floats(stress.low, stress.high), name) for name, stress in STRESSES.items()}
    side = data.draw(st.sampled_from((28, 112)))

    changed = apply_stress(bar(side), values)

    assert changed.dtype == np.uint8
    assert changed.shape == (side, side)


def test_shift_moves_right_and_down() -> None:
    offset = centre_of_mass(apply_stress(bar(), {"shift_right": 3, "shift_down": 2})) - centre_of_mass(bar())

    assert offset == pytest.approx([2, 3])


def test_size_scales_the_box() -> None:
    top, _, bottom, _ = bounding_box(apply_stress(bar(112), {"size": 1.5})) or (0, 0, 0, 0)

    assert (bottom - top) / 64 == pytest.approx(1.5, abs=0.05)


@pytest.mark.parametrize("name", ["rotation", "slant"])
def test_positive_angle_moves_the_top_to_the_right(name: str) -> None:
    changed = apply_stress(bar(), {name: 30})

    columns = np.arange(28)
    assert changed[8] @ columns / changed[8].sum() > 15 > 13 > changed[19] @ columns / changed[19].sum()


@pytest.mark.parametrize(("amount", "area"), [(-0.5, 2 * 15), (1.0, 5 * 18)])
@pytest.mark.parametrize("side", [28, 280])
def test_thickness_moves_all_edges(amount: float, area: int, side: int) -> None:
    changed = apply_stress(bar(side), {"thickness": amount})

    assert changed.sum() / 255 * (28 / side) ** 2 == pytest.approx(area, rel=0.08)


def test_small_change_in_thickness_has_a_small_effect() -> None:
    soft = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)

    changed = apply_stress(soft, {"thickness": 0.01}).astype(int)

    assert np.abs(changed - soft).max() <= 6


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"hidden_rows": -0.5}, (14, 13, 22, 16)),
        ({"hidden_rows": 0.5}, (6, 13, 14, 16)),
        ({"hidden_columns": 0.34}, (6, 13, 22, 15)),
    ],
)
def test_part_of_the_box_is_hidden(values: dict[str, float], expected: tuple[int, ...]) -> None:
    assert bounding_box(apply_stress(bar(), values)) == expected


def test_noise_is_the_same_at_every_level() -> None:
    weak, strong = (apply_stress(bar(), {"noise": level}).astype(int) for level in (0.05, 0.2))
    blank = (bar() == 0) & (weak > 0)

    assert blank.any()
    assert (strong[blank] >= weak[blank]).all()


def position_reader(images: np.ndarray) -> np.ndarray:
    """Return probabilities that favour 1 up to column 17.5 and 7 beyond it."""
    columns = np.array([centre_of_mass(image)[1] for image in images])
    found = np.zeros((len(images), CLASSES), np.float32)
    found[:, 7] = np.clip(0.5 + (columns - 17.5) / 20, 0, 1)
    found[:, 1] = 1 - found[:, 7]
    return found


def test_curve_finds_the_tipping_point() -> None:
    curve = stress_curve(position_reader, bar(), "shift_right")

    below, above = curve.tipping_points
    assert curve.digit == 1
    assert below is None
    assert above == pytest.approx(3.5, abs=0.05)


def test_other_changes_stay_while_one_varies() -> None:
    curve = stress_curve(position_reader, bar(), "shift_right", {"shift_down": 2, "contrast": 0.8})

    assert curve.tipping_points[1] == pytest.approx(3.5, abs=0.05)


def test_constant_prediction_has_no_tipping_point() -> None:
    curve = StressCurve(STRESSES["size"], np.array([0.5, 1, 1.5]), np.eye(10, dtype=np.float32)[[3, 3, 3]])

    assert curve.tipping_points == (None, None)


@given(st.data())
def test_training_settings_are_valid(data: st.DataObject) -> None:
    values = {name: data.draw(st.floats(stress.low, stress.high), name) for name, stress in STRESSES.items()}

    AugmentationConfig(**training_settings(values))  # raises if a value is outside its limits


def test_training_settings_cover_the_change() -> None:
    found = training_settings(
        {"rotation": -20, "shift_down": -7, "size": 0.8, "slant": 10, "noise": 0.2, "contrast": 1}
    )

    assert found == {"rotation": 20, "shift": 0.25, "zoom": 0.25, "shear": 10, "noise": 0.2}
