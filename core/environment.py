"""Environment variables: those that Trazo reads, and those that it sets for libraries."""

from __future__ import annotations

import os
from pathlib import Path

from core.language import first_supported

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def workspace_location() -> Path | None:
    """Return the folder named by TRAZO_WORKSPACE, if any."""
    return _path("TRAZO_WORKSPACE")


def host() -> str:
    """Return the address to listen on (HOST, by default 127.0.0.1)."""
    # Some hosting services set variables to an empty string.
    return os.environ.get("HOST") or "127.0.0.1"


def port() -> str:
    """Return the port to listen on, unchecked (PORT, by default 8501)."""
    return os.environ.get("PORT") or "8501"


def read_only() -> bool:
    """Return True if all changes are forbidden: TRAZO_READONLY is set to anything but `0`, `false` or `no`."""
    return os.environ.get("TRAZO_READONLY", "").strip().lower() not in ("", "0", "false", "no")


def classroom() -> bool:
    """Return True if a class shares this dashboard: TRAZO_CLASSROOM is set, and TRAZO_READONLY is not."""
    return not read_only() and os.environ.get("TRAZO_CLASSROOM", "").strip().lower() not in ("", "0", "false", "no")


def terminal_language() -> str:
    """Return the terminal's language from LANGUAGE, LC_ALL, LC_MESSAGES and LANG, in gettext's order."""
    locale = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "C")
    if locale.split(".")[0] in ("C", "POSIX"):  # without a locale, gettext ignores LANGUAGE
        return first_supported([])
    return first_supported((os.environ.get("LANGUAGE") or locale).split(":"))


def trains_in_background() -> bool:
    """Return True if training yields to all other processes (TRAZO_BACKGROUND_TRAINING; `0` turns this off)."""
    return os.environ.get("TRAZO_BACKGROUND_TRAINING", "").strip().lower() not in ("0", "false", "no")


def prepares_workers() -> bool:
    """Return True if a process may load TensorFlow in advance (TRAZO_PREPARED_WORKER; `0` turns this off)."""
    return os.environ.get("TRAZO_PREPARED_WORKER", "").strip().lower() not in ("0", "false", "no")


def worker_count() -> int:
    """Return the number of runs that train at the same time (TRAZO_WORKERS, by default 1)."""
    return max(1, _number("TRAZO_WORKERS", 1))


def ray_address() -> str | None:
    """Return the address of the Ray cluster, if any (TRAZO_RAY: `auto`, `ray://host:10001` or `host:6379`)."""
    return os.environ.get("TRAZO_RAY", "").strip() or None


def ray_cpus() -> int:
    """Return the number of CPUs and threads for a run on a cluster (TRAZO_RAY_CPUS, by default 1)."""
    return max(1, _number("TRAZO_RAY_CPUS", 1))


def ray_gpus() -> int:
    """Return the number of GPUs for a run on a cluster (TRAZO_RAY_GPUS, by default 0)."""
    return _number("TRAZO_RAY_GPUS", 0)


def thread_count() -> int:
    """Return the number of threads for numerical work: OMP_NUM_THREADS, or else one for each core."""
    return _number("OMP_NUM_THREADS", 0) or _cores()


def thread_limits() -> dict[str, str]:
    """Return the variables that give each run its share of the cores; none if one run trains at a time."""
    workers = worker_count()
    return {} if workers == 1 else thread_variables(max(1, _cores() // workers))


def thread_variables(count: int) -> dict[str, str]:
    """Return the variables that limit TensorFlow, NumPy and LiteRT to `count` threads, unless they are set already."""
    return {name: os.environ.get(name) or str(count) for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")}


def log_level() -> str:
    """Return the lowest level that is logged (TRAZO_LOG_LEVEL, by default INFO)."""
    level = os.environ.get("TRAZO_LOG_LEVEL", "").strip().upper()
    return level if level in LOG_LEVELS else "INFO"


def predictions_per_minute() -> int:
    """Return the rate limit per client (TRAZO_PREDICTIONS_PER_MINUTE, by default 600); 0 means no limit."""
    return _number("TRAZO_PREDICTIONS_PER_MINUTE", 600)


def pages_per_client() -> int:
    """Return the maximum number of open pages per client (TRAZO_PAGES_PER_CLIENT, by default 100); 0 means no limit."""
    return _number("TRAZO_PAGES_PER_CLIENT", 100)


def allowed_hosts() -> tuple[str, ...]:
    """Return the host names that are allowed besides this machine's own (TRAZO_ALLOWED_HOSTS); `*` allows any."""
    return tuple(os.environ.get("TRAZO_ALLOWED_HOSTS", "").lower().replace(",", " ").split())


def base_url_path() -> str | None:
    """Return Streamlit's option server.baseUrlPath, if STREAMLIT_SERVER_BASE_URL_PATH sets it."""
    return os.environ.get("STREAMLIT_SERVER_BASE_URL_PATH")


def framing_sites() -> tuple[str, ...]:
    """Return the sites that may embed the dashboard (TRAZO_FRAMED_BY; on a Hugging Face Space, its host)."""
    sites = tuple(os.environ.get("TRAZO_FRAMED_BY", "").replace(",", " ").replace(";", " ").split())
    return sites or (("https://huggingface.co",) if os.environ.get("SPACE_ID") else ())


def trusts_proxies() -> bool:
    """Return True if FORWARDED_ALLOW_IPS, which uvicorn reads, names proxies whose X-Forwarded-For is trusted."""
    return bool(os.environ.get("FORWARDED_ALLOW_IPS"))


def mnist_location() -> Path | None:
    """Return the file or folder named by TRAZO_MNIST, if any."""
    return _path("TRAZO_MNIST")


def pen_digits_location() -> Path | None:
    """Return the file of pen digits named by TRAZO_PEN_DIGITS, if any."""
    # Earlier versions called this variable TRAZO_STROKES.
    return _path("TRAZO_PEN_DIGITS") or _path("TRAZO_STROKES")


def fashion_location() -> Path | None:
    """Return the folder of Fashion-MNIST's IDX files named by TRAZO_FASHION, if any; used for evaluation."""
    return _path("TRAZO_FASHION")


def sweep_storage() -> str | None:
    """Return the URL of the database that several machines share for a sweep (TRAZO_SWEEP_STORAGE), if any."""
    return os.environ.get("TRAZO_SWEEP_STORAGE", "").strip() or None


def keras_cache() -> Path:
    """Return the path where `keras.datasets.mnist` stores its download (KERAS_HOME, by default `~/.keras`)."""
    home = os.environ.get("KERAS_HOME")
    return Path(home or _expand_home("~/.keras")) / "datasets" / "mnist.npz"


def gradio_upload_folder() -> Path | None:
    """Return the folder named by GRADIO_TEMP_DIR, if any."""
    folder = os.environ.get("GRADIO_TEMP_DIR")
    return Path(folder) if folder else None


def prepare_gradio(upload_folder: Path) -> None:
    """Set the variables that Gradio reads on import: its upload folder, and telemetry switched off."""
    os.environ["GRADIO_TEMP_DIR"] = str(upload_folder)
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"


def prepare_tensorflow() -> None:
    """Set the variables that Keras and TensorFlow read on import."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    # By default, TensorFlow enables oneDNN only on some processors. On a processor where it was off, enabling oneDNN
    # made training a third faster.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


def ray_variables() -> dict[str, str]:
    """Return variables for a process that imports Ray: no usage statistics, and token authentication if possible."""
    variables = {
        "RAY_USAGE_STATS_ENABLED": "0",
        # Seconds for which Ray Client keeps a run after its driver on this machine has gone; 30 by default.
        "RAY_CLIENT_RECONNECT_GRACE_PERIOD": os.environ.get("RAY_CLIENT_RECONNECT_GRACE_PERIOD") or "5",
    }
    # Ray 2.60 sends a token only if this is set.
    if "RAY_AUTH_MODE" not in os.environ and (
        os.environ.get("RAY_AUTH_TOKEN") or Path(_expand_home("~/.ray/auth_token")).exists()
    ):
        variables["RAY_AUTH_MODE"] = "token"
    return variables


def python_environment(**variables: str) -> dict[str, str]:
    """Return this process's environment plus `variables`, for a Python process that caches its bytecode."""
    # TensorFlow has 4,000 modules. Without cached bytecode, compiling them takes most of a worker's start-up time.
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | variables


def _cores() -> int:
    """Return the number of cores that this process may use."""
    # macOS has no CPU affinity.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _path(variable: str) -> Path | None:
    value = os.environ.get(variable)
    return Path(_expand_home(value)) if value else None


def _expand_home(path: str) -> str:
    """Replace a leading ~ or ~user; a user who does not exist, or has no home, leaves the path as it is."""
    return os.path.expanduser(path)  # noqa: PTH111 - Path.expanduser() fails then


def _number(variable: str, default: int) -> int:
    value = os.environ.get(variable, "").strip()
    return int(value) if value.isdecimal() else default
