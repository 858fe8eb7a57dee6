"""The errors that a person may see: each is one sentence that says what is wrong and the way out."""

from __future__ import annotations

from pathlib import Path


class TrazoError(Exception):
    """Base of all errors that are shown to a person as they are."""


class ConfigError(TrazoError):
    """A configuration holds a value that cannot be used."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class DataError(TrazoError):
    """A dataset cannot be read, or is not what it should be."""

    def __init__(self, message: str, path: Path | None = None) -> None:
        super().__init__(message)
        self.path = path


class DataMissing(DataError):
    """A dataset is not on this machine."""


class DownloadError(DataError):
    """No source delivered the dataset; `attempts` says what each one answered."""

    def __init__(self, message: str, attempts: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.attempts = attempts


class PictureError(TrazoError):
    """Bytes that should be a picture cannot be used as one."""


class PictureTooLarge(PictureError):
    """A picture exceeds the limit on bytes or pixels."""


class BundleError(TrazoError):
    """A model on disk is missing, incomplete or damaged."""

    def __init__(self, message: str, path: Path | None = None) -> None:
        super().__init__(message)
        self.path = path


class RunError(TrazoError):
    """A run cannot be read, or not do what was asked of it."""

    def __init__(self, message: str, run_id: str | None = None) -> None:
        super().__init__(message)
        self.run_id = run_id


class RunNotFound(RunError):
    """No run has this name."""

    def __init__(self, run_id: str) -> None:
        super().__init__(f"There is no run named {run_id!r}; `python -m core runs list` shows all runs.", run_id)


class StorageError(TrazoError):
    """The disk is full, or a folder cannot be written."""

    def __init__(self, message: str, path: Path | None = None) -> None:
        super().__init__(message)
        self.path = path


class ReadOnly(StorageError):
    """This process only shows what there is: TRAZO_READONLY forbids every change."""

    def __init__(self, path: Path | None = None) -> None:
        super().__init__(
            "Changes are switched off here (TRAZO_READONLY): draw and look as you like, and run Trazo on a machine of "
            "your own to train.",
            path,
        )
