"""The comparison of the versions installed on two machines."""

from __future__ import annotations

import platform

import pytest

from core.training.engines.versions import difference, versions


def test_machines_with_the_same_versions_are_compatible() -> None:
    here = versions()

    assert here["Python"] == ".".join(platform.python_version().split(".")[:2])
    assert here["TensorFlow"] != "none"
    assert difference(here, here, "attic") is None


@pytest.mark.parametrize("name", ["Python", "TensorFlow", "Keras"])
def test_message_names_both_versions(name: str) -> None:
    here = versions()

    message = difference(here, {**here, name: "0.9"}, "attic")

    assert message == (
        f"The machine attic has {name} 0.9, but this one has {name} {here[name]}. Install the same "
        "requirements-cluster.txt on both."
    )
    assert difference(here, {}, "attic")
