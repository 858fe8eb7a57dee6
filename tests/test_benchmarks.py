"""What the bench makes of its measurements; the measurements themselves are no test's business."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from benchmarks import presets, report
from benchmarks.recipes import Curve
from benchmarks.report import Figure, processor
from benchmarks.training import figures, time_to
from core.runs.run import Run
from core.workspace import Workspace

RISING = Curve(seconds=[10.0, 20.0, 30.0], accuracies=[0.97, 0.988, 0.992])
SOONER = Curve(seconds=[12.0, 24.0, 36.0], accuracies=[0.98, 0.992, 0.993])
FAST = Curve(seconds=[2.0], accuracies=[0.991])


def values(others: dict[str, list[Curve]]) -> dict[str, float]:
    return {figure.name: figure.value for figure in figures([FAST, Curve([4.0], [0.993])], others)}


def test_time_to_a_target_is_that_of_the_first_epoch_whose_mean_reaches_it() -> None:
    assert time_to(0.99, [RISING, SOONER]) == (2, 22.0)
    assert time_to(0.99, [RISING]) == (3, 30.0)
    assert time_to(0.97, [RISING]) == (1, 10.0)


def test_target_that_is_never_reached_has_no_time() -> None:
    assert time_to(0.999, [RISING, SOONER]) is None


def test_ratio_is_of_the_mean_times_to_the_target() -> None:
    found = values({"the other": [RISING, SOONER]})

    assert found["`fast`: test accuracy at the last epoch, mean of 2 seeds"] == pytest.approx(99.2)
    assert found["`fast`: start to end of `fit`, mean of 2 seeds"] == 3.0
    assert found["`fast` is faster than the other"] == pytest.approx(22 / 3)


def test_one_that_never_gets_there_counts_with_all_its_time() -> None:
    slow = Curve(seconds=[10.0, 20.0], accuracies=[0.9, 0.95])

    found = values({"the other": [slow]})

    assert found["the other: 99 % never reached; all epochs"] == 20.0
    assert found["`fast` is faster than the other, at least"] == pytest.approx(20 / 3)


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ("model name\t: AMD EPYC\nflags\t\t: fpu avx avx2 sha_ni\n\nmodel name\t: AMD EPYC\n", "AMD EPYC avx2"),
        ("model name: Xeon\nflags: avx2 avx512f avx512_vnni\n", "Xeon avx512_vnni"),
        ("model name: Old\nflags: sse2\n", "Old"),
    ],
)
def test_figures_are_told_with_what_the_processor_can_do(tmp_path: Path, listed: str, said: str) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text(listed)

    assert processor(file) == said
    assert processor(tmp_path / "missing")


def test_a_section_is_written_with_its_command_and_seeds_and_others_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "FOLDER", tmp_path)
    report.write("One", [Figure("things", 1234.5, "ms")], "make bench ARGS=one", (1, 2))
    report.write("Other", [Figure("more", 1, "")], "make bench ARGS=other", ())

    text = (tmp_path / "RESULTS.md").read_text()

    assert re.search(r"## One\n\n`make bench ARGS=one`, .*; seeds 1, 2\.\n", text)
    assert "| things | 1,234.50 ms |" in text
    assert re.search(r"## Other\n\n`make bench ARGS=other`, [^;]*; [^;]*\.\n", text)
    assert json.loads((tmp_path / "results.json").read_text())["One"]["seeds"] == [1, 2]


def test_time_of_a_resumed_training_is_not_that_of_its_last_process(run: Run, workspace: Workspace) -> None:
    def told() -> list[str]:
        return [figure.name for figure in presets.figures(workspace, "fast", [run]) if "whole bundle" in figure.name]

    assert len(told()) == 1
    status = run.status()
    run.write_status(status.model_copy(update={"started": status.ended}))

    assert told() == []
