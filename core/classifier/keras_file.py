"""The `.keras` file of a model, written so that older versions of Keras can open it."""

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
    """Remove from a `.keras` file the settings that older versions of Keras may not know; leave the weights unchanged.

    Every version of Keras writes all arguments into the file and rejects those that it does not know, such as those
    added by later versions. Arguments with their default value are redundant, and a trained model does not need its
    initializers.
    """
    with zipfile.ZipFile(path) as archive:
        entries = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    entries[_CONFIG] = json.dumps(_make_value_portable(json.loads(entries[_CONFIG]))).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)


def _make_value_portable(value: Any) -> Any:
    """Return a value of `config.json` without default arguments, initializers or ids of shared objects."""
    if isinstance(value, list):
        return [_make_value_portable(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") == "DTypePolicy":
        return value["config"]["name"]
    fields = {name: _make_value_portable(field) for name, field in value.items() if name != "shared_object_id"}
    if str(value.get("module")).startswith("keras"):
        defaults = _default_arguments(value["module"], value["class_name"])
        fields["config"] = {
            name: setting for name, setting in fields["config"].items() if not _can_be_removed(name, setting, defaults)
        }
    return fields


def _default_arguments(module: str, class_name: str) -> dict[str, Any]:
    """Return the default value of each argument of a Keras class."""
    cls = getattr(importlib.import_module(module), class_name)
    return {name: parameter.default for name, parameter in inspect.signature(cls.__init__).parameters.items()}


def _can_be_removed(name: str, setting: Any, defaults: dict[str, Any]) -> bool:
    if name.endswith("_initializer"):
        return True
    if name == "name" or name not in defaults:
        return False
    # Keras writes False for some arguments whose default is None, such as InputLayer's `ragged`.
    return (_is_none_or_false(setting) and _is_none_or_false(defaults[name])) or setting == defaults[name]


def _is_none_or_false(value: Any) -> bool:
    return value is None or value is False
