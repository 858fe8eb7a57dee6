"""The Evaluate page: questions about a model, from its mistakes to the labels of the data."""

import math

import streamlit as st

from core.classifier.bundle import Bundle, Card
from core.classifier.disputed import DisputedLabels, disputed_labels
from core.classifier.evaluation import Evaluation, cell_members, class_metrics, confusion_matrix, mistakes
from core.classifier.predictor import format_confidence
from core.errors import BundleError, RunNotFound
from core.runs.active import SHIPPED
from core.runs.registry import find_run
from dashboard.classifier import time_machine
from dashboard.classifier.calibration import calibration_section
from dashboard.classifier.cell_box import choose_cell
from dashboard.classifier.comparison import comparison_section
from dashboard.classifier.model_picker import model_picker
from dashboard.classifier.robustness import disputed_note, robustness_section
from dashboard.classifier.robustness_curves import robustness_curves_section
from dashboard.classifier.test_images import available_images, cell_heading
from dashboard.court.section import label_court_section
from dashboard.parts import charts
from dashboard.parts.chart_text import confusions_text
from dashboard.parts.glossary import term, text_with_terms
from dashboard.parts.headings import heading
from dashboard.parts.metric_tiles import MIN_TILE_WIDTH, accuracy_tiles, metric_tile
from dashboard.parts.sample_grid import Samples, sample_grid
from dashboard.parts.theme import text_colour
from dashboard.session import address, cache, state
from dashboard.session.permission import safe_text

PAGE_SIZE = 48
# The questions, by their value in the URL.
VIEWS = {
    "Mistakes": "What does it get wrong?",
    "Calibration": "Can I believe it?",
    "Handwriting": "Does it read my writing?",
    "Compare": "Compared with another?",
    "Epochs": "How did it get there?",
    "Label court": "Label court",
}
COUNTS = "Counts"
ROW_PERCENTAGES = "Row percentages"


def show_metrics(card: Card, evaluation: Evaluation) -> None:
    """Draw the headline metrics."""
    with st.container(key="figures"), st.grid(3, min_column_width=MIN_TILE_WIDTH):
        accuracy_tiles(card)
        metric_tile("Mistakes", f"{len(mistakes(evaluation)):,}", f"of {len(evaluation.labels):,} test images")


@st.fragment
def show_matrix(name: str, evaluation: Evaluation, test: Samples | None) -> None:
    """Draw the confusion matrix, and the images of the selected cell."""
    st.subheader("Confusion matrix", anchor=False)
    hint = "" if test is None else " **Click a cell** to see its images."
    st.markdown(f"Rows are true digits, columns are predicted digits.{hint}")
    mode = st.segmented_control(
        "Show",
        [COUNTS, ROW_PERCENTAGES],
        default=COUNTS,
        required=True,
        key="matrix_mode",
        label_visibility="collapsed",
    )
    left, right = st.columns([1.15, 1])
    with left:
        event = st.altair_chart(
            charts.confusion_heatmap(
                confusion_matrix(evaluation), percentages=mode == ROW_PERCENTAGES, text_colour=text_colour()
            ),
            width="stretch",
            on_select="rerun",
            selection_mode=["cell"],
            key=f"matrix_{name}",
            alt=confusions_text(confusion_matrix(evaluation)),
        )
    with right:
        selected = choose_cell(event, confusion_matrix(evaluation), f"matrix_cell_{name}")
        if selected is None:
            hint = "" if test is None else "Select a cell to see its images. "
            st.info(
                f"{hint}Orange cells are mistakes; a stronger colour means more of them.", icon=":material/ads_click:"
            )
        else:
            show_cell(evaluation, test, *selected)


def show_cell(evaluation: Evaluation, test: Samples | None, true: int, predicted: int) -> None:
    """Draw the images of one cell, highest confidence first."""
    members = cell_members(evaluation, true, predicted)
    cell_heading(true, predicted, len(members))
    if not len(members):
        st.caption("No test images are in this cell.")
    elif test is not None:
        shown = members[:PAGE_SIZE]
        if len(members) > PAGE_SIZE:
            st.caption(f"The {PAGE_SIZE} predictions with the highest confidence:")
        sample_grid(
            test,
            shown,
            key=f"cell_{true}_{predicted}",
            captions=[format_confidence(evaluation.probabilities[index, predicted]) for index in shown],
            titles=[f"test image {index}: a {true}, predicted as {predicted}" for index in shown],
            tile=56,
        )


def show_class_table(evaluation: Evaluation) -> None:
    """Draw a table with the precision, recall, F1 and support of each digit, folded away."""
    table = st.expander("Results by digit: precision, recall and F1", icon=":material/table_chart:", key="by_digit")
    with table:
        text_with_terms(
            f"{term('precision', 'Precision')} says how often a predicted digit is right, {term('recall')} how many "
            f"images of a digit are found; {term('F1')} combines the two."
        )
    table.dataframe(
        charts.class_table(class_metrics(confusion_matrix(evaluation))),
        hide_index=True,
        width="content",
        height="content",
        column_config={
            "Digit": st.column_config.NumberColumn(alignment="left"),
            "Precision": st.column_config.NumberColumn(
                format="%.2f%%", help="Percentage of the predictions of this digit that are correct."
            ),
            "Recall": st.column_config.NumberColumn(
                format="%.2f%%", help="Percentage of the images of this digit that are recognised."
            ),
            "F1": st.column_config.NumberColumn(format="%.2f%%", help="Harmonic mean of precision and recall."),
            "Support": st.column_config.NumberColumn(
                format="localized", help="Number of images of this digit in the test set."
            ),
        },
    )


@st.fragment
def show_mistakes(evaluation: Evaluation, test: Samples, disputed: DisputedLabels | None) -> None:
    """Draw all mistakes, highest confidence first, and mark disputed labels."""
    st.subheader("Mistakes, most confident first", anchor=False)
    indices = mistakes(evaluation)
    if not len(indices):
        st.success("No mistakes on this test set.")
        return
    disputed_note(disputed, evaluation.accuracy)
    pages = math.ceil(len(indices) / PAGE_SIZE)
    with st.container(horizontal=True, vertical_alignment="center"):
        page = 1
        if pages > 1:
            page = st.number_input(f"Page (of {pages:,})", 1, pages, 1, key="mistakes_page", width=160)
        st.caption("Could you read these digits?")
    shown = indices[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    sample_grid(
        test,
        shown,
        key="mistakes_grid",
        captions=[mistake_caption(evaluation, index, disputed) for index in shown],
        titles=[f"test image {index}" for index in shown],
        tile=84,
    )


def mistake_caption(evaluation: Evaluation, index: int, disputed: DisputedLabels | None) -> str:
    """Return an image's label and predicted digit, with the confidence."""
    predicted = evaluation.predictions[index]
    confidence = format_confidence(evaluation.probabilities[index, predicted])
    note = ", label disputed" if disputed and index in disputed.indices else ""
    return f"{evaluation.labels[index]}, predicted {predicted} ({confidence}){note}"


def show_time_machine(name: str, bundle: Bundle, card: Card) -> None:
    """Draw the model's predictions after each epoch of its training."""
    st.subheader("Time machine", anchor=False)
    source = bundle if name == SHIPPED else find_run(state.workspace(), name)
    time_machine.show(source, name, card.config.dataset)


heading(
    "Evaluate",
    "How well a model classifies digits it has never seen, which ones it confuses, and every mistake it makes.",
)
name, bundle = model_picker("evaluate_model")
try:
    card, evaluation = cache.card(bundle), cache.evaluation(bundle)
except BundleError as error:
    st.error(safe_text(error), icon=":material/error:")
    st.stop()
show_metrics(card, evaluation)
views = list(VIEWS)
view = st.pills(
    "Question",
    views,
    default=address.choice("evaluate_view", VIEWS, views[0]),
    required=True,
    format_func=VIEWS.__getitem__,
    key="evaluate_view",
    label_visibility="collapsed",
)
address.keep(evaluate_view=None if view == views[0] else view)
if view == "Epochs":
    try:
        show_time_machine(name, bundle, card)
    except RunNotFound as error:  # deleted in the meantime
        st.warning(safe_text(error), icon=":material/warning:")
    st.stop()
if view == "Calibration":
    calibration_section(card, evaluation)
    st.stop()
if view == "Handwriting":
    robustness_section(card)
    robustness_curves_section(name, bundle)
    st.markdown("The best test is your own writing: draw a digit, or take an exam of fifty.")
    with st.container(horizontal=True):
        st.page_link("views/draw.py", label="Draw a digit", icon=":material/draw:", width="content")
        st.page_link("views/hand.py", label="Take the exam", icon=":material/front_hand:", width="content")
    st.stop()
images = available_images(card.data.id, "test", evaluation.labels, card.data.fingerprint)
test = None if images is None else Samples(images.images, "test", card.data.id, name)
if view == "Compare":
    comparison_section(name, card, evaluation, test)
    st.stop()
if view == "Label court":
    if test is not None:
        label_court_section(name, bundle, evaluation, cache.dataset(card.data.id))
    st.stop()
show_matrix(name, evaluation, test)
if test is not None:
    show_mistakes(evaluation, test, disputed_labels(card.data.fingerprint, evaluation))
show_class_table(evaluation)
