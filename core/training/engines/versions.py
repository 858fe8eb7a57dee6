"""The versions that must be the same on all machines that train a run."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from core.language import Message

_PACKAGES = {"TensorFlow": ("tensorflow", "tensorflow-cpu"), "Keras": ("keras",), "Ray": ("ray",)}
"""Names of the distributions that may provide each package."""


def versions() -> dict[str, str]:
    """Return the versions of Python (without the patch level) and of the packages on this machine."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {"Python": python, **{name: _version(names) for name, names in _PACKAGES.items()}}


def difference(here: dict[str, str], there: dict[str, str], machine: str) -> Message | None:
    """Return a message about the first difference between this machine's versions and another's, or None.

    `machine`: the name of the other machine.
    """
    for name, wanted in here.items():
        found = there.get(name, "none")
        if found != wanted:
            return Message(
                "The machine {machine} has {name} {found}, but this one has {name} {wanted}. Install the "
                "same requirements-cluster.txt on both.",
                machine=machine,
                name=name,
                found=found,
                wanted=wanted,
            )
    return None


def _version(names: tuple[str, ...]) -> str:
    for name in names:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return "none"
