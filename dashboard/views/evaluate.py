"""The Evaluate page: questions about a model, from its mistakes to the labels of the data."""

import math

import streamlit as st

from core.classifier.bundle import Bundle, Card
from core.classifier.disputed import DisputedLabels, disputed_labels
from core.classifier.evaluation import Evaluation, cell_members, class_metrics, confusion_matrix, mistakes
from core.classifier.predictor import format_confidence
from core.errors import BundleError, RunNotFound
from core.language import Message, number, tr
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
from dashboard.parts.show_chart import show_chart
from dashboard.parts.theme import text_colour
from dashboard.session import address, cache, state
from dashboard.session.permission import safe_text

PAGE_SIZE = 48
# The questions, keyed by their value in the URL.
VIEWS = {
    "Mistakes": Message("What does it get wrong?"),
    "Calibration": Message("Can I believe it?"),
    "Handwriting": Message("Does it read my writing?"),
    "Compare": Message("Compared with another?"),
    "Epochs": Message("How did it get there?"),
    "Label court": Message("Label court"),
}
COUNTS = Message("Counts")
ROW_PERCENTAGES = Message("Row percentages")


def show_metrics(card: Card, evaluation: Evaluation) -> None:
    """Draw the headline metrics."""
    with st.container(key="figures"), st.grid(3, min_column_width=MIN_TILE_WIDTH):
        accuracy_tiles(card)
        metric_tile(
            tr("Mistakes"),
            number(len(mistakes(evaluation)), ","),
            tr("of {count:,} test images", count=len(evaluation.labels)),
        )


@st.fragment
def show_matrix(name: str, evaluation: Evaluation, test: Samples | None) -> None:
    """Draw the confusion matrix, and the images of the selected cell."""
    st.subheader(tr("Confusion matrix"), anchor=False)
    explanation = [tr("Rows are true digits, columns are predicted digits.")]
    if test is not None:
        explanation.append(tr("**Click a cell** to see its images."))
    st.markdown(" ".join(explanation))
    mode = st.segmented_control(
        tr("Show"),
        [COUNTS, ROW_PERCENTAGES],
        default=COUNTS,
        format_func=tr,
        required=True,
        key="matrix_mode",
        label_visibility="collapsed",
    )
    matrix = confusion_matrix(evaluation)
    left, right = st.columns([1.15, 1])
    with left:
        event = show_chart(
            charts.confusion_heatmap(matrix, percentages=mode == ROW_PERCENTAGES, text_colour=text_colour()),
            on_select="rerun",
            selection_mode=["cell"],
            key=f"matrix_{name}",
            alt=confusions_text(matrix),
        )
    with right:
        selected = choose_cell(event, matrix, f"matrix_cell_{name}")
        if selected is None:
            hints = [tr("Orange cells are mistakes; a stronger colour means more of them.")]
            if test is not None:
                hints.insert(0, tr("Select a cell to see its images."))
            st.info(" ".join(hints), icon=":material/ads_click:")
        else:
            show_cell(evaluation, test, *selected)


def show_cell(evaluation: Evaluation, test: Samples | None, true: int, predicted: int) -> None:
    """Draw the images of one cell, highest confidence first."""
    members = cell_members(evaluation, true, predicted)
    cell_heading(true, predicted, len(members))
    if not len(members):
        st.caption(tr("No test images are in this cell."))
    elif test is not None:
        shown = members[:PAGE_SIZE]
        if len(members) > PAGE_SIZE:
            st.caption(tr("The {count} predictions with the highest confidence:", count=PAGE_SIZE))
        sample_grid(
            test,
            shown,
            key=f"cell_{true}_{predicted}",
            captions=[tr(format_confidence(evaluation.probabilities[index, predicted])) for index in shown],
            titles=[
                tr(
                    "test image {index}: a {true}, predicted as {predicted}",
                    index=index,
                    true=true,
                    predicted=predicted,
                )
                for index in shown
            ],
            tile=56,
        )


def show_class_table(evaluation: Evaluation) -> None:
    """Draw a table with the precision, recall, F1 and support of each digit, in a collapsed expander."""
    title = tr("Results by digit: precision, recall and F1")
    table = st.expander(title, icon=":material/table_chart:", key="by_digit")
    with table:
        text_with_terms(
            tr(
                "{precision} says how often a predicted digit is right, {recall} how many images of a digit are found; "
                "{f1} combines the two.",
                precision=term("precision", tr("Precision")),
                recall=term("recall"),
                f1=term("F1"),
            )
        )
    table.dataframe(
        charts.class_table(class_metrics(confusion_matrix(evaluation))),
        hide_index=True,
        width="content",
        height="content",
        column_config={
            "Digit": st.column_config.NumberColumn(tr("Digit"), alignment="left"),
            "Precision": st.column_config.NumberColumn(
                tr("Precision"),
                format="%.2f%%",
                help=tr("Percentage of the predictions of this digit that are correct."),
            ),
            "Recall": st.column_config.NumberColumn(
                tr("Recall"), format="%.2f%%", help=tr("Percentage of the images of this digit that are recognised.")
            ),
            "F1": st.column_config.NumberColumn(format="%.2f%%", help=tr("Harmonic mean of precision and recall.")),
            "Support": st.column_config.NumberColumn(
                tr("Support"), format="localized", help=tr("Number of images of this digit in the test set.")
            ),
        },
    )


@st.fragment
def show_mistakes(evaluation: Evaluation, test: Samples, disputed: DisputedLabels | None) -> None:
    """Draw all mistakes, highest confidence first, and mark disputed labels."""
    st.subheader(tr("Mistakes, most confident first"), anchor=False)
    indices = mistakes(evaluation)
    if not len(indices):
        st.success(tr("No mistakes on this test set."))
        return
    disputed_note(disputed, evaluation.accuracy)
    pages = math.ceil(len(indices) / PAGE_SIZE)
    with st.container(horizontal=True, vertical_alignment="center"):
        page = 1
        if pages > 1:
            label = tr("Page (of {pages:,})", pages=pages)
            page = st.number_input(label, 1, pages, 1, key="mistakes_page", width=160)
        st.caption(tr("Could you read these digits?"))
    shown = indices[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    sample_grid(
        test,
        shown,
        key="mistakes_grid",
        captions=[mistake_caption(evaluation, index, disputed) for index in shown],
        titles=[tr("test image {index}", index=index) for index in shown],
        tile=84,
    )


def mistake_caption(evaluation: Evaluation, index: int, disputed: DisputedLabels | None) -> str:
    """Return an image's label and predicted digit, with the confidence."""
    predicted = evaluation.predictions[index]
    confidence = format_confidence(evaluation.probabilities[index, predicted])
    caption = (
        Message("{label}, predicted {predicted} ({confidence}), label disputed")
        if disputed and index in disputed.indices
        else Message("{label}, predicted {predicted} ({confidence})")
    )
    return tr(caption, label=evaluation.labels[index], predicted=predicted, confidence=confidence)


def show_time_machine(name: str, bundle: Bundle, card: Card) -> None:
    """Draw the model's predictions after each epoch of its training."""
    st.subheader(tr("Time machine"), anchor=False)
    source = bundle if name == SHIPPED else find_run(state.workspace(), name)
    time_machine.show(source, name, card.config.dataset)


heading(
    Message("Evaluate"),
    tr("How well a model classifies digits it has never seen, which ones it confuses, and every mistake it makes."),
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
    tr("Question"),
    views,
    default=address.choice("evaluate_view", VIEWS, views[0]),
    required=True,
    format_func=lambda name: tr(VIEWS[name]),
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
    st.markdown(tr("The best test is your own writing: draw a digit, or take an exam of fifty."))
    with st.container(horizontal=True):
        st.page_link("views/draw.py", label=tr("Draw a digit"), icon=":material/draw:", width="content")
        st.page_link("views/hand.py", label=tr("Take the exam"), icon=":material/front_hand:", width="content")
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
