"""No page brings TensorFlow into the dashboard's process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

from core.runs.run import Run
from core.workspace import PROJECT, Workspace

# In a process of its own: this one may have trained before.
TOUR = textwrap.dedent(
    """
    import json, sys
    from pathlib import Path
    from streamlit.testing.v1 import AppTest

    import dashboard.app

    problems = {}
    for view in sorted(Path("dashboard/views").glob("[!_]*.py")):
        page = AppTest.from_file("dashboard/main.py", default_timeout=300).run().switch_page(f"views/{view.name}").run()
        problems[view.stem] = [error.message for error in page.exception]
    print(json.dumps({"problems": problems, "modules": sorted({name.partition(".")[0] for name in sys.modules})}))
    """
)


def test_no_page_imports_tensorflow(workspace: Workspace, trained: Run) -> None:
    shutil.copytree(trained.folder, workspace.runs / trained.id)

    done = subprocess.run(
        [sys.executable, "-c", TOUR],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads(done.stdout.splitlines()[-1])
    assert set(seen["problems"]) == {path.stem for path in Path(PROJECT / "dashboard" / "views").glob("[!_]*.py")}
    assert not any(seen["problems"].values())
    assert "streamlit" in seen["modules"]
    assert not {"tensorflow", "keras", "torch", "jax"} & set(seen["modules"])


def test_the_port_opens_before_anything_heavy_is_imported() -> None:
    """numpy, pandas and SciPy take seconds; they are loaded in the background once the dashboard answers."""
    look = (
        "import sys, dashboard.app; print(*{'numpy', 'pandas', 'scipy', 'pydantic', 'tensorflow'} & set(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", look], cwd=PROJECT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == ""
