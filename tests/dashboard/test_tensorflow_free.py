"""No page imports TensorFlow into the dashboard's process."""

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

# Run in a new process, because this process may have trained a network already.
TOUR = textwrap.dedent(
    """
    import functools, json, sys
    from pathlib import Path
    from streamlit.components.v2 import manifest_scanner
    from streamlit.testing.v1 import AppTest

    import dashboard.app

    # Otherwise, AppTest would scan the installed packages for components on every page.
    manifest_scanner.scan_component_manifests = functools.cache(manifest_scanner.scan_component_manifests)

    problems = {}
    for view in sorted(Path("dashboard/views").glob("[!_]*.py")):
        page = AppTest.from_file("dashboard/main.py", default_timeout=300).run().switch_page(f"views/{view.name}").run()
        problems[view.stem] = [error.message for error in page.exception]
    print(json.dumps({"problems": problems, "modules": sorted({name.partition(".")[0] for name in sys.modules})}))
    """
)


def test_no_page_imports_tensorflow(workspace: Workspace, trained: Run) -> None:
    shutil.copytree(trained.folder, workspace.runs / trained.id)

    process = subprocess.run(
        [sys.executable, "-c", TOUR],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert process.returncode == 0, process.stderr[-3000:]
    report = json.loads(process.stdout.splitlines()[-1])
    assert set(report["problems"]) == {path.stem for path in Path(PROJECT / "dashboard" / "views").glob("[!_]*.py")}
    assert not any(report["problems"].values())
    assert "streamlit" in report["modules"]
    assert not {"tensorflow", "keras", "torch", "jax"} & set(report["modules"])


def test_port_opens_before_large_libraries_are_imported() -> None:
    """NumPy, pandas and SciPy take seconds to import; this happens in the background after the port opens."""
    program = (
        "import sys, dashboard.app; "
        "print(*{'numpy', 'pandas', 'scipy', 'pydantic', 'plotly', 'tensorflow'} & set(sys.modules))"
    )

    process = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True)

    assert process.stdout.strip() == ""
