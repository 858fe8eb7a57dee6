"""Files that all machines of a cluster need: each is sent to the cluster once, by its fingerprint."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ray

from core.storage import read_file

NAMESPACE = "trazo"


class SharedFiles:
    """An actor that owns files in the cluster's object store as long as its machine lives."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._reference = ray.put(dict(files))

    def reference(self) -> list[Any]:
        """Return the reference in a list; Ray would replace a bare one by the files themselves."""
        return [self._reference]


def share(path: Path | None) -> Any:
    """Return a reference to a file, or to the files in a folder, as a dictionary of their contents by name.

    They are sent only if the cluster does not have them. Raises OSError, and the errors of Ray.
    """
    paths = [] if path is None else sorted(path.iterdir()) if path.is_dir() else [path]
    files = {file.name: read_file(file) for file in paths if file.is_file()}
    name = f"trazo-{_fingerprint(files)}"
    try:
        actor = ray.get_actor(name, NAMESPACE)
    except ValueError:  # no such actor, or its machine is gone
        options = {"name": name, "namespace": NAMESPACE, "lifetime": "detached", "get_if_exists": True, "num_cpus": 0}
        actor = ray.remote(SharedFiles).options(**options).remote(files)
    return ray.get(actor.reference.remote())[0]


def _fingerprint(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name}\n{len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:16]
