"""Every page is translated, and its labels fit, in a real browser.

The dashboard has a third language besides its own, in which each sentence stands in brackets: whatever stands outside
of them on a page is not translated.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core import catalogues
from core.runs.run import Run
from core.workspace import Workspace
from tests.support.dashboard_process import DashboardProcess, mnist_variable
from tests.support.kept_features import share_features
from tests.support.navigation import open_within_visit, until_quiet
from tests.support.sweep_files import write_sweep
from tests.support.translations import (
    forms,
    pseudo,
    sentences,
    translation,
    write_pseudo_language,
)
from tests.support.visit import at_rest
from tests.support.waiting import lasting

PSEUDO = "eo"
# A dashboard that looks for translations in another folder.
DASHBOARD = """
import runpy, sys
from pathlib import Path
from core import catalogues
catalogues.FOLDER = Path(sys.argv.pop())
runpy.run_module("dashboard", run_name="__main__", alter_sys=True)
"""
SWEEP = "20261129-160000-quiet-otter"
UNTRANSLATED = (Path(__file__).parent / "untranslated.js").read_text(encoding="utf-8")
CUT_LABELS = (Path(__file__).parent / "cut_labels.js").read_text(encoding="utf-8")

OPEN_EXPANDERS = """() => document.querySelectorAll("details:not([open]) > summary").forEach((each) => each.click())"""

NAMES = (
    *(
        "Trazo",
        "MNIST",
        "Fashion-MNIST",
        "TensorFlow",
        "Keras",
        "LiteRT",
        "NumPy",
        "Python",
        "ONNX",
        "Netron",
        "Gradio",
    ),
    *("fast", "original", "best", "large", "tiny", "Adam", "SGD", "scikit-learn", "gentle-heron"),
    *("SavedModel", "curl", "JavaScript", "CSV", "F1", "UTC", ".keras", ".tflite", ".onnx"),
    # Each language is named in itself.
    *("English", "Español", "Esperanto"),
)
"""Names of things, formats, presets and runs."""

DATA = (
    # The sweep's title, and the states in tables for screen readers; what is seen is translated.
    *("fast: 5 settings", "finished", "complete", "pruned", "failed", "running"),
    "The loss is not a number; the learning rate is too high.",
    # A model's layers, and the versions of the software that trained it.
    *("conv2d", "Conv2D", "max_pooling2d", "MaxPooling2D", "flatten", "Flatten", "dense", "Dense"),
    *("python", "tensorflow", "keras", "numpy", "ai-edge-litert", "machine"),
)
"""Text from files."""

STREAMLIT = ("Skip to main content", "Logo", "Choose an option")
"""Streamlit's own words, which cannot be translated (streamlit#1353): a link and a picture's text above each page, and
what a select box says without an option, which ours have."""

CANVAS = (
    *("Update the app with this drawing", "Undo", "Redo", "Edit", "Bring forward", "Send backward", "Delete selected"),
    "Reset canvas & history",
)
"""Words on the canvas's own buttons, which Draw hides in favour of its own."""

ALLOWED = re.compile(
    r"""
    \d{8}-\d{6}-[a-z]+-[a-z]+                                # ids of runs and sweeps
    | \b[0-9a-f]{16}\b                                        # fingerprints
    | \b\w+\ \w+,\ \d+\ cores?\b                             # machines
    | \brun\?id=\S+                                          # the link in a cell
    | \b\d{1,2}\ [A-Za-z]+\ \d{4}\b(,\ [\d:]+(\ UTC)?)?      # dates
    | \bv?\d[\d.,:/x×]*\ ?(k|m|s|ms|min|h|px|B|kB|KB|MB|GB)?\b # numbers with units, versions, times
    | \b[\w-]+\.(keras|tflite|json|csv|npz|zip|onnx|html)\b  # files
    | """
    + "|".join(rf"(?<!\w){re.escape(words)}(_\d+)?(?!\w)" for words in sorted((*DATA, *NAMES), key=len, reverse=True)),
    re.VERBOSE,
)
"""Text that has no translation."""


@pytest.fixture(scope="module")
def dashboard(
    tmp_path_factory: pytest.TempPathFactory, shared_folder: Path, trained: Run
) -> Iterator[DashboardProcess]:
    """A dashboard with a third language, a run, and a sweep."""
    folder = tmp_path_factory.mktemp("languages")
    locales = Path(shutil.copytree(catalogues.FOLDER, folder / "locale"))
    write_pseudo_language(locales, PSEUDO)
    workspace = Workspace(folder / "workspace")
    share_features(shared_folder, workspace)
    shutil.copytree(trained.folder, workspace.runs / trained.id)
    write_sweep(workspace, 25, sweep_id=SWEEP, objectives=("validation_accuracy", "milliseconds"), winner=True)
    process = DashboardProcess(folder, ("-c", DASHBOARD, str(locales)), **mnist_variable())
    yield process
    process.stop()


@pytest.fixture
def addresses(trained: Run) -> list[str]:
    """The address of each page and of its views; no page follows itself, because that takes longer to open."""
    evaluate = f"/evaluate?model={trained.id}&evaluate_view="
    return [
        *("/", "/learn", "/inside?image=test-3&dataset=digits", "/learn?lesson=1", "/hand", "/learn?lesson=2"),
        *("/data?dataset=digits", "/learn?lesson=3", "/data?dataset=pen-digits", "/learn?lesson=4"),
        *("/data?view=similar&image=test-3&dataset=digits", "/learn?lesson=5", f"{evaluate}Mistakes"),
        *("/learn?lesson=6", f"{evaluate}Handwriting", "/learn?lesson=7", f"{evaluate}Label+court", "/learn?lesson=8"),
        *(f"{evaluate}Epochs", "/train", f"{evaluate}Calibration", "/sweeps", f"{evaluate}Compare"),
        *(f"/sweep?id={SWEEP}", "/runs", f"/run?id={trained.id}", "/model", "/glossary", "/gradio_demo"),
    ]


@pytest.mark.extended
def test_every_page_is_translated_and_its_labels_fit(page: Page, addresses: list[str]) -> None:
    page.goto(f"/glossary?lang={PSEUDO}")
    expect(page.locator("html")).to_have_attribute("lang", PSEUDO)
    at_rest(page)
    words = labels()
    page.evaluate("words => (window.words = words)", words)
    untranslated: dict[str, list[str]] = {}
    cut: dict[str, list[str]] = {}

    for address in addresses:
        open_within_visit(page, address)
        page.evaluate(OPEN_EXPANDERS)
        until_quiet(page)
        untranslated[address] = [text for text in page.evaluate(UNTRANSLATED) if not is_allowed(text)]
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            for language in words:
                cut[f"{address} {language} {width}"] = lasting(partial(page.evaluate, CUT_LABELS, language))
        page.set_viewport_size({"width": 1280, "height": 900})

    assert {address: texts for address, texts in untranslated.items() if texts} == {}
    assert {place: texts for place, texts in cut.items() if texts} == {}


def labels() -> dict[str, dict[str, str]]:
    """Return each sentence in English and in the languages of the dashboard, by the sentence in the third language."""
    found = {"en": {pseudo(form): form for message in sentences() if message.id for form in forms(message)}}
    for file in catalogues.sources().values():
        found[file.parts[-3]] = {
            pseudo(message.id): message.string
            for message in translation(file)
            if isinstance(message.id, str) and message.id and message.string
        }
    return found


def is_allowed(text: str) -> bool:
    # A cross stands before a digit that was misread.
    if text in (*STREAMLIT, *CANVAS, "X"):
        return True
    return not any(character.isalpha() for character in ALLOWED.sub(" ", text))
