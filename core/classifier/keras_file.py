"""The `.keras` file of a model, written so that older versions of Keras open it."""

from __future__ import annotations

import importlib
import inspect
import json
import zipfile
from pathlib import Path
from typing import Any

import keras

_CONFIG = "config.json"


def save_portable(model: keras.Model, path: Path) -> None:
    """Save a model to `path` (a `.keras` file) for Keras OLDEST_KERAS and later."""
    model.save(path)
    make_portable(path)


def make_portable(path: Path) -> None:
    """Remove from a `.keras` file every setting that an older Keras may not know; weights stay as they are.

    Each version of Keras writes its new arguments into the file, and each older one refuses arguments that it does not
    know. Arguments at their default need not be written, and a trained model needs no initializers.
    """
    with zipfile.ZipFile(path) as archive:
        entries = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    entries[_CONFIG] = json.dumps(_portable(json.loads(entries[_CONFIG]))).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)


def _portable(value: Any) -> Any:
    """Return a value of `config.json` without defaults, initializers and references between objects."""
    if isinstance(value, list):
        return [_portable(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") == "DTypePolicy":
        return value["config"]["name"]
    fields = {name: _portable(field) for name, field in value.items() if name != "shared_object_id"}
    if str(value.get("module")).startswith("keras"):
        defaults = _defaults(value["module"], value["class_name"])
        fields["config"] = {
            name: setting for name, setting in fields["config"].items() if not _is_dispensable(name, setting, defaults)
        }
    return fields


def _defaults(module: str, class_name: str) -> dict[str, Any]:
    """Return the arguments of a Keras class with their defaults."""
    cls = getattr(importlib.import_module(module), class_name)
    return {name: parameter.default for name, parameter in inspect.signature(cls.__init__).parameters.items()}


def _is_dispensable(name: str, setting: Any, defaults: dict[str, Any]) -> bool:
    if name.endswith("_initializer"):
        return True
    if name == "name" or name not in defaults:
        return False
    # Keras writes False for some arguments whose default is None, such as InputLayer's `ragged`.
    return (_is_off(setting) and _is_off(defaults[name])) or setting == defaults[name]


def _is_off(value: Any) -> bool:
    return value is None or value is False
