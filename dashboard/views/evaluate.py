"""The Evaluate page: where a model is right, where it errs, and on which images."""

import streamlit as st

from core.classifier.bundle import Bundle, Card
from core.classifier.disputed import Disputed, disputed_labels
from core.classifier.evaluation import Evaluation, cell_members, class_metrics, confusion_matrix, mistakes
from core.classifier.predictor import sureness
from core.data.datasets import Split
from core.errors import BundleError, RunError, RunNotFound
from core.runs.active import SHIPPED
from core.runs.label import name_of
from core.runs.registry import find_run
from core.runs.run import Run
from dashboard.classifier import time_machine
from dashboard.classifier.calibration import calibration_section
from dashboard.classifier.comparison import comparison_section
from dashboard.classifier.model_picker import model_picker
from dashboard.classifier.robustness import disputed_note, robustness_block
from dashboard.classifier.test_images import cell_heading, images_read
from dashboard.parts import charts
from dashboard.parts.digit_grid import digit_grid, ink_colour
from dashboard.parts.figures import (
    FIGURE_WIDTH,
    WHAT_TEST_ACCURACY_IS,
    WHAT_VALIDATION_ACCURACY_IS,
    accuracy_interval,
    figure,
)
from dashboard.parts.headings import heading
from dashboard.session import cache, state
from dashboard.session.markdown import plain
from dashboard.session.permission import sentence

PAGE = 48
# By the state of a run without a model; of a finished or damaged one it is said that it has none.
_WITHOUT_A_MODEL = {
    "queued": "has no model yet",
    "running": "has no model yet",
    "stopped": "was stopped and left no model",
    "failed": "failed and left no model",
    "interrupted": "broke off and left no model",
}


def summary(card: Card, evaluation: Evaluation) -> None:
    """The headline figures."""
    metrics = card.metrics
    wrong = len(mistakes(evaluation))
    with st.grid(3, min_column_width=FIGURE_WIDTH):
        figure("Test accuracy", f"{metrics.test_accuracy:.2%}", accuracy_interval(metrics), WHAT_TEST_ACCURACY_IS)
        figure("Mistakes", f"{wrong:,}", f"of {len(evaluation.labels):,} test images")
        figure(
            "Validation accuracy",
            f"{metrics.validation_accuracy:.2%}",
            f"best of {metrics.epochs} epochs: number {metrics.best_epoch}"
            if card.config.patience
            else f"after epoch {metrics.epochs}, the last",
            WHAT_VALIDATION_ACCURACY_IS,
        )


@st.fragment
def matrix_section(name: str, evaluation: Evaluation, test: Split | None) -> None:
    """The confusion matrix; a click on a cell shows its images."""
    st.subheader("Confusion matrix", anchor=False)
    st.markdown("Each row is a true digit, each column what the model said. **Click a cell** to see those very images.")
    shares = st.segmented_control(
        "Show",
        ["Counts", "Row shares"],
        default="Counts",
        required=True,
        key="matrix_mode",
        label_visibility="collapsed",
    )
    left, right = st.columns([1.15, 1])
    with left:
        event = st.altair_chart(
            charts.confusion_heatmap(confusion_matrix(evaluation), shares=shares == "Row shares", ink=ink_colour()),
            width="stretch",
            on_select="rerun",
            selection_mode=["cell"],
            key=f"matrix_{name}",
        )
    with right:
        picked = event.selection.get("cell") or []
        if not picked:
            st.info(
                "No cell is chosen yet. Orange cells are mistakes; the stronger the colour, the more there are.",
                icon=":material/ads_click:",
            )
        else:
            show_cell(evaluation, test, int(picked[0]["true"]), int(picked[0]["said"]))


def show_cell(evaluation: Evaluation, test: Split | None, true: int, said: int) -> None:
    """The images of one cell, surest answers first."""
    members = cell_members(evaluation, true, said)
    cell_heading(true, said, len(members))
    if not len(members):
        st.caption("It never happened on the test set.")
    elif test is not None:
        shown = members[:PAGE]
        if len(members) > PAGE:
            st.caption(f"The {PAGE} that the model was surest of.")
        digit_grid(
            test.images[shown],
            key=f"cell_{true}_{said}",
            captions=[sureness(evaluation.probabilities[index, said]) for index in shown],
            titles=[f"test image {index}: a {true}, read as {said}" for index in shown],
            tile=56,
            clickable=False,
        )


def class_table(evaluation: Evaluation) -> None:
    """Precision, recall, F1 and support of each digit."""
    st.subheader("Digit by digit", anchor=False)
    st.dataframe(
        charts.class_table(class_metrics(confusion_matrix(evaluation))),
        hide_index=True,
        width="content",
        height="content",
        column_config={
            "Digit": st.column_config.NumberColumn(alignment="left"),
            "Precision": st.column_config.NumberColumn(
                format="%.2f%%", help="Of the images that it called this digit, how many were."
            ),
            "Recall": st.column_config.NumberColumn(format="%.2f%%", help="Of this digit's images, how many it found."),
            "F1": st.column_config.NumberColumn(format="%.2f%%", help="Harmonic mean of precision and recall."),
            "Support": st.column_config.NumberColumn(format="localized", help="Images of this digit in the test set."),
        },
    )


@st.fragment
def gallery(evaluation: Evaluation, test: Split, disputed: Disputed | None) -> None:
    """All mistakes, worst first; those whose label is disputed say so."""
    st.subheader("Mistakes, worst first", anchor=False)
    wrong = mistakes(evaluation)
    if not len(wrong):
        st.success("Not one mistake on this test set.")
        return
    disputed_note(disputed, evaluation.accuracy)
    pages = -(-len(wrong) // PAGE)
    with st.container(horizontal=True, vertical_alignment="center"):
        page = 1
        if pages > 1:
            page = st.number_input(f"Page, of {pages:,}", 1, pages, 1, key="mistakes_page", width=160)
        st.caption("Worst are those where the model was surest of a wrong answer. Could you read them all?")
    shown = wrong[(page - 1) * PAGE : page * PAGE]
    said = evaluation.predictions
    doubtful = disputed.indices if disputed else ()
    digit_grid(
        test.images[shown],
        key="mistakes_grid",
        captions=[
            f"{evaluation.labels[index]}, said {said[index]} ({sureness(evaluation.probabilities[index, said[index]])})"
            + (", label disputed" if index in doubtful else "")
            for index in shown
        ],
        titles=[f"test image {index}" for index in shown],
        tile=84,
        clickable=False,
    )


def asked_model() -> str | None:
    """The model that the page's address names, when the page is opened; a sentence where there is none of that name.

    A run goes by its id or by the last two words of it.
    """
    asked = st.query_params.get("model")
    if not asked or asked in cache.models() or "evaluate_model" in st.session_state:
        return asked
    try:
        run = find_run(state.workspace(), asked)
    except RunNotFound:
        st.info("The model that this address names is gone; here is another one.", icon=":material/link_off:")
        return None
    except RunError as error:  # several go by these words
        st.info(sentence(f"{error} Here is one of all models."), icon=":material/link_off:")
        return None
    if not run.bundle.complete:
        say_it_has_none(run)
    return run.id


def say_it_has_none(run: Run) -> None:
    """A run without a model is not gone: its own page has what there is of it."""
    name = plain(name_of(run))
    try:
        status = run.status()
    except RunError:  # which its own page tells
        why, over = "has no model", True
    else:
        why, over = _WITHOUT_A_MODEL.get(status.state, "has no model"), status.over
    st.info(
        f"The run {name} {why}; here is another one.",
        icon=":material/do_not_disturb_on:" if over else ":material/hourglass_empty:",
    )
    with st.container(horizontal=True):
        st.page_link(
            "views/run.py",
            label=f"{name}: {'how far it came' if over else 'what it has learned so far'}",
            icon=":material/open_in_full:",
            query_params={"id": run.id},
            width="content",
        )


def time_machine_section(name: str, bundle: Bundle, card: Card) -> None:
    """What the model knew after each epoch of its training."""
    st.subheader("Time machine", anchor=False)
    source = bundle if name == SHIPPED else find_run(state.workspace(), name)
    time_machine.show(source, name, card.config.dataset)


heading(
    "Evaluate", "How well a model reads digits that it never saw, which ones it confuses, and every mistake it made."
)
name, bundle = model_picker("evaluate_model", asked_model())
st.query_params["model"] = name
try:
    card, evaluation = cache.card(bundle), cache.evaluation(bundle)
except BundleError as error:
    st.error(sentence(error), icon=":material/error:")
    st.stop()
summary(card, evaluation)
view = st.segmented_control(
    "View",
    ["Mistakes", "Compare", "Epochs"],
    default="Mistakes",
    required=True,
    key="evaluate_view",
    label_visibility="collapsed",
    bind="query-params",
)
if view == "Epochs":
    try:
        time_machine_section(name, bundle, card)
    except RunNotFound as error:  # deleted a moment ago
        st.warning(sentence(error), icon=":material/warning:")
    st.stop()
test = images_read(card.data.id, "test", evaluation.labels, card.data.fingerprint)
if view == "Compare":
    comparison_section(name, card, evaluation, test)
    st.stop()
matrix_section(name, evaluation, test)
class_table(evaluation)
calibration_section(card, evaluation)
robustness_block(card)
if test is not None:
    gallery(evaluation, test, disputed_labels(card.data.fingerprint, evaluation))
