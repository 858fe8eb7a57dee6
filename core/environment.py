"""Environment variables: every one that Trazo reads, and those that it sets for the libraries it loads."""

from __future__ import annotations

import os
from pathlib import Path

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def workspace_location() -> Path | None:
    """Return the folder named by TRAZO_WORKSPACE, if any."""
    return _path("TRAZO_WORKSPACE")


def host() -> str:
    """Return the address to listen on (HOST, else 127.0.0.1)."""
    # Some hosting services set variables to nothing.
    return os.environ.get("HOST") or "127.0.0.1"


def port() -> str:
    """Return the port to listen on as it was written (PORT, else 8501); the caller checks it."""
    return os.environ.get("PORT") or "8501"


def read_only() -> bool:
    """Return True if TRAZO_READONLY forbids every change; any value but `0`, `false` and `no` does."""
    return os.environ.get("TRAZO_READONLY", "").strip().lower() not in ("", "0", "false", "no")


def trains_in_background() -> bool:
    """Return whether a training gives way to every other process (TRAZO_BACKGROUND_TRAINING; `0` turns it off)."""
    return os.environ.get("TRAZO_BACKGROUND_TRAINING", "").strip().lower() not in ("0", "false", "no")


def log_level() -> str:
    """Return the lowest level that is logged (TRAZO_LOG_LEVEL, else INFO)."""
    named = os.environ.get("TRAZO_LOG_LEVEL", "").strip().upper()
    return named if named in LOG_LEVELS else "INFO"


def predictions_per_minute() -> int:
    """Return the rate limit of a client (TRAZO_PREDICTIONS_PER_MINUTE, else 600); 0 means no limit."""
    return _number("TRAZO_PREDICTIONS_PER_MINUTE", 600)


def pages_per_client() -> int:
    """Return the number of pages that a client may have open (TRAZO_PAGES_PER_CLIENT, else 100); 0 means no limit."""
    return _number("TRAZO_PAGES_PER_CLIENT", 100)


def allowed_hosts() -> tuple[str, ...]:
    """Return the host names that the dashboard answers to besides this machine's (TRAZO_ALLOWED_HOSTS); `*`: any."""
    return tuple(os.environ.get("TRAZO_ALLOWED_HOSTS", "").lower().replace(",", " ").split())


def base_url_path() -> str | None:
    """Return Streamlit's setting server.baseUrlPath where STREAMLIT_SERVER_BASE_URL_PATH sets it."""
    return os.environ.get("STREAMLIT_SERVER_BASE_URL_PATH")


def framing_sites() -> tuple[str, ...]:
    """Return the sites that may embed the dashboard (TRAZO_FRAMED_BY; on a Space, which has SPACE_ID, its host)."""
    named = tuple(os.environ.get("TRAZO_FRAMED_BY", "").replace(",", " ").replace(";", " ").split())
    return named or (("https://huggingface.co",) if os.environ.get("SPACE_ID") else ())


def trusts_proxies() -> bool:
    """Return True if FORWARDED_ALLOW_IPS, which uvicorn reads, names proxies whose X-Forwarded-For is believed."""
    return bool(os.environ.get("FORWARDED_ALLOW_IPS"))


def mnist_location() -> Path | None:
    """Return the file or folder named by TRAZO_MNIST, if any."""
    return _path("TRAZO_MNIST")


def strokes_location() -> Path | None:
    """Return the file of real pen strokes named by TRAZO_STROKES, if any; it is for measuring, never for training."""
    return _path("TRAZO_STROKES")


def fashion_location() -> Path | None:
    """Return the folder of Fashion-MNIST's IDX files named by TRAZO_FASHION, if any; it is for measuring."""
    return _path("TRAZO_FASHION")


def keras_cache() -> Path:
    """Return the place where `keras.datasets.mnist` keeps its download (KERAS_HOME, else `~/.keras`)."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "datasets" / "mnist.npz"


def gradio_upload_folder() -> Path | None:
    """Return the folder named by GRADIO_TEMP_DIR, if any."""
    named = os.environ.get("GRADIO_TEMP_DIR")
    return Path(named) if named else None


def prepare_gradio(upload_folder: Path) -> None:
    """Set the variables that Gradio reads on import: its upload folder, and no telemetry."""
    os.environ["GRADIO_TEMP_DIR"] = str(upload_folder)
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"


def prepare_tensorflow() -> None:
    """Set the variables that Keras and TensorFlow read on import."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    # TensorFlow turns oneDNN on for some processors only; one of the others trained a third faster with it.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


def python_environment(**more: str) -> dict[str, str]:
    """Return the variables for a Python process that keeps its bytecode, with `more` on top."""
    # TensorFlow has 4,000 modules; without stored bytecode, compiling them takes most of a worker's start.
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | more


def _path(variable: str) -> Path | None:
    named = os.environ.get(variable)
    return Path(named).expanduser() if named else None


def _number(variable: str, default: int) -> int:
    named = os.environ.get(variable, "").strip()
    return int(named) if named.isdecimal() else default
