"""The process of one training: python -m core.training.worker RUN_DIR."""

from __future__ import annotations

import os
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import psutil

from core.data.datasets import load_dataset
from core.errors import TrazoError
from core.runs.run import Run, Status
from core.training.launcher import advance
from core.workspace import Workspace


def main(folder: Path) -> int:
    """Train the run in `folder`, leave its end in its status, and start the next run in the queue."""
    run, workspace = Run(folder), Workspace.from_environment()
    # Pages stay quick while a training takes every core.
    if sys.platform == "win32":
        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        # Counted from 0: the worker that started this one from the queue may have stepped back already.
        os.nice(max(0, 10 - os.nice(0)))
    try:
        end = _train(run, workspace)
    except TrazoError as error:
        traceback.print_exc()
        end = {"state": "failed", "message": str(error)}
    except MemoryError:
        traceback.print_exc()
        end = {"state": "failed", "message": "The memory ran out. Train again with a smaller batch size or network."}
    except Exception as error:  # noqa: BLE001 - the edge of the process: whatever it was becomes the run's last word
        traceback.print_exc()
        end = {"state": "failed", "message": f"The training broke off ({type(error).__name__}). The log tells more."}
    now = time.time()
    last = run.status()
    run.write_status(last.model_copy(update={"phase": "done", "ended": now, "seconds_left": None, **end}))
    run.stop_file.unlink(missing_ok=True)
    advance(workspace)
    return 0 if end["state"] != "failed" else 1


def _train(run: Run, workspace: Workspace) -> dict[str, str]:
    config = run.config()
    status = Status(state="running", phase="starting", message="Loading TensorFlow.", started=time.time())
    run.write_status(status.model_copy(update={"epochs": config.epochs}))
    print(f"run {run.id}\n{config.model_dump_json(indent=2)}", flush=True)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    # TensorFlow turns these on for some processors only; a third more images a second on one where it does not.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    with ThreadPoolExecutor(1) as pool:
        # Unpacking and checking the data takes its share of the seconds that TensorFlow needs to load.
        loading = pool.submit(load_dataset, config.dataset, workspace)
        if config.dataset == "digits":
            # scikit-learn, which TensorFlow imports as well, is not to be imported by two threads at once.
            wait([loading])
        # Imported here: the status above is on the page before TensorFlow is there.
        from core.training.trainer import train_and_evaluate
    dataset = loading.result()
    if run.stop_file.exists():
        return {"state": "stopped", "message": "Stopped before the first step."}
    outcome = train_and_evaluate(config, run, dataset)
    accuracy = outcome.card.metrics.test_accuracy
    print(f"test accuracy {accuracy:.4f}", flush=True)
    if outcome.stopped:
        return {"state": "stopped", "message": "Stopped by hand; what was learned until then is kept."}
    return {"state": "finished", "message": "Finished."}


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
