"""The data in a cluster: MNIST and the pen digits are each sent once, and then found by their fingerprint."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import ray

from core.data.pen_digits import PEN_DIGITS_FINGERPRINT, find_pen_digits, read_pen_digits
from core.data.sources import MNIST_FINGERPRINT, find_mnist, read_mnist
from core.errors import DataError
from core.storage import read_file
from core.workspace import Workspace

NAMESPACE = "trazo"

Files = Mapping[str, bytes]
"""Contents of files by name."""


class SharedFiles:
    """An actor that keeps files in the cluster's object store for as long as its machine is up."""

    def __init__(self, files: Files) -> None:
        self._reference = ray.put(files)

    def reference(self) -> list[Any]:
        """Return the reference in a list; Ray would replace a bare one with the files themselves."""
        return [self._reference]


def share_mnist(workspace: Workspace) -> Any:
    """Return a reference to the MNIST file in the cluster, or an empty dict if MNIST is not on this machine.

    Raises DataError, and Ray's own errors.
    """
    path = find_mnist(workspace)
    if path is None:
        return {}
    return _share(f"mnist-{MNIST_FINGERPRINT[:16]}", lambda: {"mnist.npz": _compress(read_mnist(path))})


def share_pen_digits(workspace: Workspace, *, required: bool) -> Any:
    """Return a reference to the pen digits file in the cluster, or an empty dict if this machine has none.

    `required`: True if the run trains on them; a damaged file is then an error. Raises DataError, and Ray's own
    errors.
    """
    path = find_pen_digits(workspace)
    if path is None:
        return {}

    def read() -> Files:
        read_pen_digits(path)
        return {path.name: read_file(path)}

    try:
        return _share(f"pen-digits-{PEN_DIGITS_FINGERPRINT[:16]}", read)
    except DataError as error:
        if required:
            raise
        print(f"This run is not evaluated on the pen digits: {error}", flush=True)
        return {}


def _share(name: str, read: Callable[[], Files]) -> Any:
    """Return a reference to files, which are read and sent only if the cluster does not have them."""
    try:
        actor = ray.get_actor(name, NAMESPACE)
    except ValueError:  # no such actor, or its machine is gone
        options = {"name": name, "namespace": NAMESPACE, "lifetime": "detached", "get_if_exists": True, "num_cpus": 0}
        actor = ray.remote(SharedFiles).options(**options).remote(read())
    return ray.get(actor.reference.remote())[0]


def _compress(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Return MNIST as an .npz file, a fifth of the size of its arrays."""
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **arrays)
    return stream.getvalue()
