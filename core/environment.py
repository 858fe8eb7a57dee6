"""Every environment variable that Trazo reads."""

from __future__ import annotations

import os
from pathlib import Path

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def read_only() -> bool:
    """Whether TRAZO_READONLY forbids every change: any value but `0`, `false` and `no` does."""
    return os.environ.get("TRAZO_READONLY", "").strip().lower() not in ("", "0", "false", "no")


def trains_in_background() -> bool:
    """Return whether a training gives way to every other process (TRAZO_BACKGROUND_TRAINING; `0` turns it off)."""
    return os.environ.get("TRAZO_BACKGROUND_TRAINING", "").strip().lower() not in ("0", "false", "no")


def log_level() -> str:
    """The least serious events that are logged (TRAZO_LOG_LEVEL, else INFO)."""
    named = os.environ.get("TRAZO_LOG_LEVEL", "").strip().upper()
    return named if named in LOG_LEVELS else "INFO"


def predictions_per_minute() -> int:
    """How many predictions a client may ask for in a minute (TRAZO_PREDICTIONS_PER_MINUTE, else 600); 0: any number."""
    return _number("TRAZO_PREDICTIONS_PER_MINUTE", 600)


def pages_per_client() -> int:
    """How many pages a client may have open (TRAZO_PAGES_PER_CLIENT, else 100); 0: any number."""
    return _number("TRAZO_PAGES_PER_CLIENT", 100)


def _number(variable: str, default: int) -> int:
    named = os.environ.get(variable, "").strip()
    return int(named) if named.isdecimal() else default


def allowed_hosts() -> tuple[str, ...]:
    """The only names, beside this machine's, that the dashboard may be called by (TRAZO_ALLOWED_HOSTS); `*`: any."""
    return tuple(os.environ.get("TRAZO_ALLOWED_HOSTS", "").lower().replace(",", " ").split())


def framing_sites() -> tuple[str, ...]:
    """Sites that may show the dashboard in a frame: those of TRAZO_FRAMED_BY, else on a Space (SPACE_ID) its host."""
    named = tuple(os.environ.get("TRAZO_FRAMED_BY", "").replace(",", " ").replace(";", " ").split())
    return named or (("https://huggingface.co",) if os.environ.get("SPACE_ID") else ())


def proxies_trusted() -> bool:
    """Whether FORWARDED_ALLOW_IPS, which uvicorn reads, names proxies that may say who their clients are."""
    return bool(os.environ.get("FORWARDED_ALLOW_IPS"))


def mnist_location() -> Path | None:
    """The file or folder named by TRAZO_MNIST, if any."""
    named = os.environ.get("TRAZO_MNIST")
    return Path(named).expanduser() if named else None


def strokes_location() -> Path | None:
    """The file of real pen strokes named by TRAZO_STROKES, if any; they are for measuring, never for training."""
    named = os.environ.get("TRAZO_STROKES")
    return Path(named).expanduser() if named else None


def fashion_location() -> Path | None:
    """The folder of Fashion-MNIST's IDX files named by TRAZO_FASHION, if any; they are for measuring."""
    named = os.environ.get("TRAZO_FASHION")
    return Path(named).expanduser() if named else None


def keras_cache() -> Path:
    """Where `keras.datasets.mnist` keeps its download (KERAS_HOME, else `~/.keras`)."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "datasets" / "mnist.npz"
