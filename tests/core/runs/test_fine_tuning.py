"""A run records the model that it was fine-tuned from, and the hand that it was fine-tuned to."""

from __future__ import annotations

import pytest

from core.config import FINE_TUNED, PRESETS, preset
from core.errors import RunError
from core.runs.fine_tuning import FineTuning, fine_tuned_config, read_fine_tuning
from core.runs.registry import create_run
from core.runs.summary import summaries
from core.workspace import Workspace
from tests.support.tiny_training import tiny_config

FINE_TUNING = FineTuning(hand="0123456789ab", base="shipped", digits=50)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_can_be_fine_tuned(name: str, workspace: Workspace) -> None:
    config = preset(name)

    run = create_run(workspace, fine_tuned_config(config), fine_tuning=FINE_TUNING)

    assert run.config().model == config.model
    assert (run.config().teachers, run.config().preset) == (0, FINE_TUNED)
    assert read_fine_tuning(run.fine_tuning_file) == FINE_TUNING
    assert [row.preset for row in summaries(workspace)] == [FINE_TUNED]


def test_other_runs_have_no_fine_tuning_record(workspace: Workspace) -> None:
    assert read_fine_tuning(create_run(workspace, tiny_config()).fine_tuning_file) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"hand": "a", "base": "b", "digits": -1}', b"[" * 100_000])
def test_damaged_record_is_reported_in_one_sentence(workspace: Workspace, content: bytes) -> None:
    run = create_run(workspace, tiny_config(), fine_tuning=FINE_TUNING)
    run.fine_tuning_file.write_bytes(content)

    with pytest.raises(RunError, match=rf"fine_tuning\.json of run {run.id} is damaged\. Delete the run\.") as raised:
        read_fine_tuning(run.fine_tuning_file)

    assert raised.value.run_id == run.id
