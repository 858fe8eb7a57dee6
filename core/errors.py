"""Errors shown to users: each message says what happened, then what to do."""

from __future__ import annotations

from pathlib import Path

from core.language import Message

_MAX_NAME = 60
"""Number of characters of an unknown name that a message repeats; real names are shorter."""


class TrazoError(Exception):
    """Base class of all errors that are shown to users. The message is a Message, which pages translate."""

    def __reduce__(self) -> tuple[object, ...]:
        # By default, unpickling passes the message to the constructor, but some of these make their own message.
        return _restore, (type(self), self.args, self.__dict__)


def _restore(kind: type[TrazoError], arguments: tuple[object, ...], attributes: dict[str, object]) -> TrazoError:
    error = kind.__new__(kind, *arguments)
    error.__dict__.update(attributes)
    return error


class ConfigError(TrazoError):
    """A configuration has an invalid value."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class DataError(TrazoError):
    """A dataset cannot be read or is not the expected one."""

    def __init__(self, message: str, path: Path | None = None) -> None:
        super().__init__(message)
        self.path = path


class DataMissing(DataError):
    """A dataset is not on this machine."""


class DownloadError(DataError):
    """No source returned a valid dataset; `errors` contains the error from each source."""

    def __init__(self, message: str, errors: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.errors = errors


class PictureError(TrazoError):
    """A file cannot be used as a picture."""


class PictureTooLarge(PictureError):
    """A picture exceeds the limit on bytes or pixels."""


class BundleError(TrazoError):
    """A model on disk is missing, incomplete or damaged."""

    def __init__(self, message: str, path: Path | None = None) -> None:
        super().__init__(message)
        self.path = path


class RunError(TrazoError):
    """A run cannot be read, or its state does not allow the action."""

    def __init__(self, message: str, run_id: str | None = None) -> None:
        super().__init__(message)
        self.run_id = run_id


class RunNotFound(RunError):
    """There is no run with this id or name."""

    def __init__(self, run_id: str) -> None:
        super().__init__(
            Message("There is no run named {run!r}. It may have been deleted.", run=run_id[:_MAX_NAME]), run_id
        )


class QueueFull(RunError):
    """The queue has no room for a run and its teachers."""


class SweepError(TrazoError):
    """A sweep is damaged or cannot be started, or its state does not allow the action."""

    def __init__(self, message: str, sweep_id: str | None = None) -> None:
        super().__init__(message)
        self.sweep_id = sweep_id


class SweepNotFound(SweepError):
    """There is no sweep with this id or name."""

    def __init__(self, sweep_id: str) -> None:
        super().__init__(
            Message("There is no sweep named {sweep!r}. It may have been deleted.", sweep=sweep_id[:_MAX_NAME]),
            sweep_id,
        )


class ClusterError(TrazoError):
    """The cluster cannot be used, or its machines are not compatible."""


class ExportError(TrazoError):
    """A model cannot be exported, or its exports cannot be compared."""


class StorageError(TrazoError):
    """The disk is full, or a file or folder cannot be written."""

    def __init__(self, message: str, path: Path | None = None) -> None:
        super().__init__(message)
        self.path = path


class ReadOnly(StorageError):
    """TRAZO_READONLY forbids every change in this process."""

    def __init__(self, path: Path | None = None) -> None:
        super().__init__(
            Message(
                "Changes are switched off here (TRAZO_READONLY). You can draw and look around; to train, run "
                "Trazo on your own machine."
            ),
            path,
        )


class HandError(TrazoError):
    """A hand (one person's handwriting) was deleted or is damaged, or its contents do not allow the action."""
