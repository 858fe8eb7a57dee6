"""The trials of a sweep that were retrained with three seeds, compared with the first trial."""

from __future__ import annotations

from statistics import mean

import streamlit as st

from core.errors import TrazoError
from core.language import Message, tr
from core.runs.label import display_name
from core.runs.registry import find_run
from core.runs.run import Run
from core.sweeps.comparison import SeedComparison, compare_seeds, has_first_settings
from core.sweeps.records import Objective, Winner
from core.sweeps.trial_runs import is_unfinished
from dashboard.parts.badges import state_badge
from dashboard.session import cache
from dashboard.session.markdown import plain
from dashboard.session.state import workspace
from dashboard.sweeps.trials import Trials
from dashboard.sweeps.wording import base_text, settings_text

_FIGURES: dict[Objective, Message] = {
    "validation_accuracy": Message(
        "On validation images, {winner} against {first} with {base}: a difference of {difference:+.2f} "
        "percentage points."
    ),
    "redrawn_accuracy": Message(
        "On redrawn validation images, {winner} against {first} with {base}: a difference of {difference:+.2f} "
        "percentage points."
    ),
}


def show_winners(trials: Trials) -> None:
    """Show the retrained trials; the one that the sweep itself chose comes first."""
    for winner in trials.progress.winners:
        with st.container(border=True, gap="xsmall", key=f"winner_{winner.trial}"):
            _show_winner(trials, winner)


def is_training(trials: Trials) -> bool:
    """Return True if a run that retrains a trial is queued or running."""
    return any(is_unfinished(Run(workspace().runs / run)) for winner in trials.progress.winners for run in winner.runs)


def _show_winner(trials: Trials, winner: Winner) -> None:
    chosen_by_sweep = winner is trials.progress.winners[0]
    if chosen_by_sweep and trials.best and trials.best.number == winner.trial:
        title = tr("Winner: the settings of trial {trial}, with three new seeds", trial=winner.trial)
    else:
        title = tr("Trained again: the settings of trial {trial}, with three new seeds", trial=winner.trial)
    st.markdown(f"**{title}**")
    trial = trials.trial(winner.trial)
    if trial:
        st.caption(plain(settings_text(trial.settings)))
    runs = [run for run_id in winner.runs if (run := _run(run_id))]
    with st.container(horizontal=True, vertical_alignment="center"):
        for run in runs:
            _show_run(run)
        if len(runs) < len(winner.runs):
            st.caption(tr("Some of these runs have been deleted."), width="content")
    if has_first_settings(trials.progress, winner):
        st.caption(tr("These are the settings of the first trial, so there is nothing to compare them with."))
        return
    comparison = compare_seeds(workspace(), trials.progress, winner, trials.settings.objectives[0])
    if comparison is None:
        st.caption(tr("The comparison with the first trial appears when two of these runs have finished."))
        return
    st.markdown(verdict(comparison, plain(base_text(trials.settings))))


def _run(run_id: str) -> Run | None:
    try:
        return find_run(workspace(), run_id)
    except TrazoError:  # deleted
        return None


def _show_run(run: Run) -> None:
    st.page_link(
        "views/run.py",
        label=plain(display_name(run)),
        icon=":material/open_in_full:",
        query_params={"id": run.id},
        width="content",
    )
    try:
        status = run.status()
        if status.state == "finished" and run.bundle.complete:
            accuracy = cache.card(run.bundle).metrics.test_accuracy
            st.markdown(tr("**{accuracy:.2%}** on the test set", accuracy=accuracy), width="content")
        else:
            state_badge(run, status)
    except TrazoError:  # damaged; the run's page explains the damage
        st.badge(tr("Damaged"), color="red")


def verdict(comparison: SeedComparison, base: str) -> str:
    """Compare a winner with the first trial in sentences; `base` describes the settings of the first trial."""
    sentences = [
        tr(
            _FIGURES[comparison.objective],
            winner=_range(comparison.winner),
            first=_range(comparison.base),
            base=base,
            difference=100 * comparison.difference,
        ),
        tr(_judgement(comparison), spread=100 * comparison.spread),
    ]
    if comparison.test_accuracies:
        tested = mean(comparison.test_accuracies)
        sentences.append(tr("On the test set, which no trial saw, the mean is {accuracy:.2%}.", accuracy=tested))
    return " ".join(sentences)


def _judgement(comparison: SeedComparison) -> Message:
    if comparison.within_spread:
        return Message(
            "**This is within the spread of seeds ({spread:.2f} points), so it may be luck**: the sweep has not shown "
            "that these settings are better."
        )
    if comparison.few_seeds:
        if comparison.difference > 0:
            return Message(
                "**This is more than the spread of seeds ({spread:.2f} points), so these settings are probably "
                "better.** With so few seeds, it may still be luck."
            )
        return Message(
            "**These settings are probably worse**: the difference is more than the spread of seeds ({spread:.2f} "
            "points). With so few seeds, it may still be bad luck."
        )
    if comparison.difference > 0:
        return Message("**This is more than the spread of seeds ({spread:.2f} points): these settings are better.**")
    return Message(
        "**These settings are worse**: the difference is more than the spread of seeds ({spread:.2f} points)."
    )


def _range(accuracies: tuple[float, ...]) -> str:
    """Return the mean of the accuracies, the lowest and the highest, in words."""
    if len(accuracies) == 1:
        return tr("{accuracy:.2%} (one seed)", accuracy=accuracies[0])
    return tr(
        "{accuracy:.2%} ({low:.2f} to {high:.2%}, {seeds} seeds)",
        accuracy=mean(accuracies),
        low=100 * min(accuracies),
        high=max(accuracies),
        seeds=len(accuracies),
    )
