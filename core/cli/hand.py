"""Commands `hand list`, `show`, `export`, `import`, `delete` and `tune`."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

from core.classifier.bundle import Bundle
from core.classifier.predictor import Predictor
from core.cli.card import print_card
from core.cli.train import watch
from core.errors import HandError, RunError, TrazoError
from core.language import Message, ntr, tr
from core.launcher.queue import submit
from core.personal.archive import MAX_ARCHIVE_BYTES, archive_name, export_hand, import_hand
from core.personal.exam import Exam, list_exams
from core.personal.hand import Hand, delete_hand, find_hand, hand_name, list_hands
from core.personal.result import examine
from core.personal.taught import taught
from core.personal.tuning import keeps_accuracy
from core.runs.active import SHIPPED, active_model, available_models, original_model
from core.runs.fine_tuning import FineTuning, fine_tuned_config
from core.runs.registry import find_run
from core.storage import atomic_write, system_reason
from core.workspace import Workspace


def list_all(options: argparse.Namespace, workspace: Workspace) -> int:
    """Print all hands, oldest first."""
    rows = [_row(hand) for hand in list_hands(workspace)]
    if options.json:
        for row in rows:
            print(json.dumps(row))
        return 0
    if not rows:
        print(
            tr(
                "There are no hands yet. Create one on the Your hand page, or import one with: python -m core hand "
                "import"
            )
        )
        return 0
    count_title, exams_title = f"{tr('taught'):>7}", f"{tr('exams'):>6}"
    print(f"{tr('hand'):12} {count_title} {exams_title}  {tr('name')}")
    for row in rows:
        model = f" ({tr('read by {model}', model=row['model'])})" if row["model"] else ""
        counts = f"{row['taught']:>{len(count_title)}} {row['exams']:>{len(exams_title)}}"
        print(f"{row['id']:12} {counts}  {row['name']}{model}")
    return 0


def show(options: argparse.Namespace, workspace: Workspace) -> int:
    """Print what a hand has taught, and how well its model reads its exams."""
    hand = find_hand(workspace, options.hand)
    record = hand.record()
    date = f"{datetime.fromtimestamp(record.created).astimezone():%Y-%m-%d}"
    print(tr("{name} ({hand}), created on {date}", name=record.name, hand=hand.id, date=date))
    counts = Counter(written.label for written in taught(hand).values())
    digits = ", ".join(f"{digit}: {counts[digit]}" for digit in range(10))
    print(
        ntr(
            "taught: {count} digit ({digits}); non-digits: {others}",
            "taught: {count} digits ({digits}); non-digits: {others}",
            counts.total() - counts[None],
            digits=digits,
            others=counts[None],
        )
    )
    name, bundle = _reading_model(hand, workspace)
    print(tr("read by {model}", model=name))
    predictor = Predictor(bundle)
    for exam in list_exams(hand):
        if exam.complete:
            _print_result(exam, predictor)
        else:
            print(
                tr(
                    "exam {exam}: {written} of {prompts} digits written",
                    exam=exam.id,
                    written=len(exam.written),
                    prompts=len(exam.prompts),
                )
            )
    return 0


def export(options: argparse.Namespace, workspace: Workspace) -> int:
    """Write a hand to a file and print its path."""
    hand = find_hand(workspace, options.hand)
    path = options.file or Path(archive_name(hand))
    if path.is_symlink() or (path.exists() and not path.is_file()):  # the export would replace even /dev/stdout
        raise HandError(Message("{file} exists and is not an ordinary file. Choose another name.", file=path))
    archive = export_hand(hand)
    with atomic_write(path) as temporary:
        temporary.write_bytes(archive)
    print(path)
    return 0


def import_file(options: argparse.Namespace, workspace: Workspace) -> int:
    """Create a hand from a file."""
    try:
        with options.file.open("rb") as file:
            archive = file.read(MAX_ARCHIVE_BYTES + 1)
    except OSError as error:
        raise HandError(
            Message("The file {file} cannot be read: {reason}.", file=options.file, reason=system_reason(error))
        ) from error
    hand = import_hand(workspace, archive)
    print(
        tr(
            "{name} was imported; taught: {taught}, exams: {exams}",
            name=hand_name(hand),
            taught=len(taught(hand)),
            exams=len(list_exams(hand)),
        )
    )
    return 0


def delete(options: argparse.Namespace, workspace: Workspace) -> int:
    """Delete a hand."""
    hand = find_hand(workspace, options.hand)
    name = hand_name(hand)
    delete_hand(workspace, hand)
    print(
        tr("{name} was deleted. Models that learned this hand are still listed by: python -m core runs list", name=name)
    )
    return 0


def tune(options: argparse.Namespace, workspace: Workspace) -> int:
    """Fine-tune a model to a hand; return 0 if the run finished."""
    hand = find_hand(workspace, options.hand)
    digits = sum(written.label is not None for written in taught(hand).values())
    if not digits:
        raise HandError(Message("This hand has taught no digits yet. Teach some on the Your hand page."))
    base = _base_model(options.model, workspace)
    card = available_models(workspace)[base].card()
    run = submit(
        workspace,
        fine_tuned_config(card.config),
        fine_tuning=FineTuning(hand=hand.id, base=base, digits=digits),
    )
    print(tr("run {run}, fine-tuned from {base}", run=run.id, base=base), flush=True)
    status = watch(run, workspace)
    print(tr(status.message))
    if status.state != "finished":
        print(tr("log: {file}", file=run.log_file), file=sys.stderr)
        return 1
    tuned = run.bundle.card()
    print_card(tuned)
    change = tuned.metrics.validation_accuracy - card.metrics.validation_accuracy
    print(tr("accuracy on other people's digits: {change:+.2f} points on the validation split", change=100 * change))
    if not keeps_accuracy(card.metrics.validation_accuracy, tuned.metrics.validation_accuracy):
        print(tr("This is worse. Teach more digits, the same number of each, and tune again."))
    print(tr("The Your hand page shows the proof, and lets this hand use the model."))
    return 0


def _row(hand: Hand) -> dict[str, Any]:
    """Return the values that `hand list` prints; `exams` counts complete exams."""
    exams = sum(exam.complete for exam in list_exams(hand))
    return {"id": hand.id, "name": hand_name(hand), "taught": len(taught(hand)), "exams": exams, "model": _model(hand)}


def _base_model(name: str | None, workspace: Workspace) -> str:
    """Return the name of the model to fine-tune; raises RunError if the run has no finished model."""
    models = available_models(workspace)
    if name is None:
        active = active_model(workspace).name
        trained = original_model(workspace, active)
        return trained if trained in models else active
    base = SHIPPED if name == SHIPPED else find_run(workspace, name).id
    if base not in models:
        raise RunError(
            Message("Run {run} has no finished model. Let the run finish, or choose another run.", run=base), base
        )
    return base


def _model(hand: Hand) -> str | None:
    """Return the id of the run whose model reads a hand, or None if there is none or the hand's record is damaged."""
    try:
        return hand.record().model
    except TrazoError:
        return None


def _reading_model(hand: Hand, workspace: Workspace) -> tuple[str, Bundle]:
    """Return the name and bundle of the model that reads a hand: its own, if that still exists, or the active one."""
    model, models = _model(hand), available_models(workspace)
    if model in models:
        return model, models[model]
    active = active_model(workspace)
    return active.name, active.bundle


def _print_result(exam: Exam, predictor: Predictor) -> None:
    result = examine(predictor, exam.written)
    low, high = result.interval
    print(
        tr(
            "exam {exam}: {right} of {digits} read correctly (95% confidence interval {low:.0%} to {high:.0%}); "
            "{unsure} close calls, {rejected} rejected",
            exam=exam.id,
            right=int(result.right.sum()),
            digits=len(result.labels),
            low=low,
            high=high,
            unsure=result.count("unsure"),
            rejected=result.count("not_a_digit"),
        )
    )
