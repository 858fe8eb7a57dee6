"""Figures and reports that the benchmarks make from their measurements; no test measures anything."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from benchmarks import presets, report
from benchmarks.__main__ import SECTIONS
from benchmarks.recipes import Curve
from benchmarks.report import Figure, processor
from benchmarks.training import figures, time_to
from core.runs.run import Run
from core.workspace import Workspace

RISING = Curve(seconds=[10.0, 20.0, 30.0], accuracies=[0.97, 0.988, 0.992])
EARLIER = Curve(seconds=[12.0, 24.0, 36.0], accuracies=[0.98, 0.992, 0.993])
FAST = Curve(seconds=[2.0], accuracies=[0.991])


def figures_by_name(baselines: dict[str, list[Curve]]) -> dict[str, float]:
    """Return the figures of two runs of `fast` and of the baselines, by name."""
    return {figure.name: figure.value for figure in figures([FAST, Curve([4.0], [0.993])], baselines)}


def test_target_is_reached_by_the_mean_accuracy_of_all_curves() -> None:
    assert time_to(0.99, [RISING, EARLIER]) == (2, 22.0)
    assert time_to(0.99, [RISING]) == (3, 30.0)
    assert time_to(0.97, [RISING]) == (1, 10.0)


def test_target_that_is_not_reached_has_no_time() -> None:
    assert time_to(0.999, [RISING, EARLIER]) is None


def test_speedup_compares_mean_times_to_the_target() -> None:
    found = figures_by_name({"the baseline": [RISING, EARLIER]})

    assert found["`fast`: test accuracy after the last epoch, mean of 2 seeds"] == pytest.approx(99.2)
    assert found["`fast`: duration of `fit`, mean of 2 seeds"] == 3.0
    assert found["Speedup of `fast` over the baseline"] == pytest.approx(22 / 3)


def test_baseline_below_the_target_counts_all_its_epochs() -> None:
    slow = Curve(seconds=[10.0, 20.0], accuracies=[0.9, 0.95])

    found = figures_by_name({"the baseline": [slow]})

    assert found["the baseline: 99% not reached, duration of all epochs"] == 20.0
    assert found["Speedup of `fast` over the baseline, lower bound"] == pytest.approx(20 / 3)


@pytest.mark.parametrize(
    ("cpu_info", "expected"),
    [
        ("model name\t: AMD EPYC\nflags\t\t: fpu avx avx2 sha_ni\n\nmodel name\t: AMD EPYC\n", "AMD EPYC avx2"),
        ("model name: Xeon\nflags: avx2 avx512f avx512_vnni\n", "Xeon avx512_vnni"),
        ("model name: Old\nflags: sse2\n", "Old"),
    ],
)
def test_processor_is_named_with_its_vector_extension(tmp_path: Path, cpu_info: str, expected: str) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text(cpu_info)

    assert processor(file) == expected
    assert processor(tmp_path / "missing")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for the report, in place of benchmarks/."""
    monkeypatch.setattr(report, "FOLDER", tmp_path)
    return tmp_path


def test_writing_a_section_keeps_the_others(folder: Path) -> None:
    report.write("One", [Figure("things", 1234.5, "ms")], "make bench ARGS=one", (1, 2))
    report.write("Other", [Figure("more", 1000, ""), Figure("ratio", 1.5, "")], "make bench ARGS=other", ())

    text = (folder / "RESULTS.md").read_text()

    assert re.search(r"## One\n\n`make bench ARGS=one`, .*; random seeds 1, 2\.\n", text)
    assert "| things | 1,234.50 ms |" in text
    assert "| more | 1,000 |" in text
    assert "| ratio | 1.50 |" in text
    assert re.search(r"## Other\n\n`make bench ARGS=other`, [^;]*; [^;]*\.\n", text)
    assert json.loads((folder / "results.json").read_text())["One"]["seeds"] == [1, 2]


def test_new_measurement_removes_the_note_on_the_old_one(folder: Path) -> None:
    report.write("One", [Figure("things", 1, "ms")], "make bench ARGS=one", ())
    results = json.loads((folder / "results.json").read_text())
    results["One"]["note"] = "Measured before the last change."
    (folder / "results.json").write_text(json.dumps(results))

    report.write("Other", [Figure("more", 1, "ms")], "make bench ARGS=other", ())
    assert "Measured before the last change." in (folder / "RESULTS.md").read_text()

    report.write("One", [Figure("things", 2, "ms")], "make bench ARGS=one", ())
    assert "Measured before the last change." not in (folder / "RESULTS.md").read_text()


def test_report_shows_the_stored_results_of_known_sections() -> None:
    results = json.loads((report.FOLDER / "results.json").read_text())

    assert (report.FOLDER / "RESULTS.md").read_text() == report.markdown(results)
    assert set(results) <= {section.title for section in SECTIONS.values()}


def test_resumed_run_reports_no_total_time(run: Run, workspace: Workspace) -> None:
    def total_times() -> list[str]:
        return [figure.name for figure in presets.figures(workspace, "fast", [run]) if "total time" in figure.name]

    assert len(total_times()) == 1
    status = run.status()
    run.write_status(status.model_copy(update={"started": status.ended}))

    assert total_times() == []
