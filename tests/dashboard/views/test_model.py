"""The Model page in Streamlit's AppTest."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from streamlit.testing.v1 import AppTest

from core.classifier.bundle import OLDEST_KERAS, Bundle
from core.classifier.network import Network
from core.classifier.predictor import Predictor
from core.data.datasets import TITLES, load_dataset
from core.exports.folder import Exports
from core.exports.parity import Answers, Parity, write_parity
from core.exports.pictures import fixed_images
from core.exports.reader_zip import reader_zip
from core.runs.run import Run
from core.workspace import PROJECT, SHIPPED_BUNDLE, Workspace
from tests.support.fuzzing import drawn_seven, encoded
from tests.support.markdown import unescape_markdown
from tests.support.workers import kill_export_workers


@pytest.fixture
def page(workspace: Workspace) -> AppTest:
    return AppTest.from_file(str(PROJECT / "dashboard" / "views" / "model.py"), default_timeout=300)


def netron_url(page: AppTest) -> str:
    return str(page.get("iframe")[0].proto.src)


def test_metrics_and_layers_match_the_card(page: AppTest) -> None:
    page.run()

    assert not page.exception
    card = Bundle(SHIPPED_BUNDLE).card()
    shown = {metric.label: metric.value for metric in page.metric}
    assert shown["Parameters"] == f"{card.parameters:,}"
    assert shown["Test accuracy"] == f"{card.metrics.test_accuracy:.2%}"
    layers = page.dataframe[0].value
    assert list(layers["Layer"]) == [layer.name for layer in card.layers]
    assert layers["Parameters"].sum() == card.parameters
    assert layers["Output shape"].iloc[-1] == "10"
    assert layers["In plain words"].all()


def test_python_program_runs_as_is(page: AppTest, tmp_path: Path) -> None:
    page.run()
    programs = {tab.label: tab.code[0].value for tab in page.tabs if tab.code}
    with zipfile.ZipFile(io.BytesIO(reader_zip(Bundle(SHIPPED_BUNDLE)))) as archive:
        archive.extractall(tmp_path)
    (tmp_path / "digit.png").write_bytes(encoded(drawn_seven(), "PNG"))
    (tmp_path / "program.py").write_text(programs["Python"])

    printed = subprocess.run(
        [sys.executable, "-I", "program.py"], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout

    assert printed.startswith("7 ")
    assert printed.strip().endswith(" digit")
    assert list(programs) == ["Python", "curl", "JavaScript", "Gradio client"]
    for name in ("curl", "JavaScript"):
        assert "://" in programs[name]
        assert "/api/predict" in programs[name]


def test_training_data_settings_and_versions_are_shown(page: AppTest) -> None:
    page.run()

    card = Bundle(SHIPPED_BUNDLE).card()
    facts, settings, versions = (table.value.iloc[:, 0] for table in page.table)
    assert unescape_markdown(facts["Data"]) == card.data.title
    assert settings["Batch size"] == str(card.config.batch_size)
    assert unescape_markdown(versions["keras"]) == card.versions["keras"]


def test_files_can_be_downloaded_or_created(page: AppTest, workspace: Workspace, idle_workers: None) -> None:
    page.run()

    labels = [button.proto.label for button in page.get("download_button")]
    assert labels == ["Download .keras", "Download .tflite", "Download the reader"]
    sizes = [part.value for part in page.markdown if " MB" in part.value]
    assert len(sizes) == 3
    assert not any("0.0 MB" in size for size in sizes)

    page.button(key="create_onnx").click().run()
    creating, other, compare = (page.button(key=key) for key in ("create_onnx", "create_savedmodel", "compare_ways"))
    assert creating.label == "Creating…"
    assert creating.disabled
    assert other.disabled
    assert compare.disabled

    kill_export_workers(workspace)
    page.run()
    assert any("ended unexpectedly" in error.value for error in page.error)
    assert not page.button(key="create_onnx").disabled


def test_created_file_can_be_downloaded(page: AppTest, workspace: Workspace) -> None:
    file = Exports(workspace, Bundle(SHIPPED_BUNDLE)).file("onnx")
    file.parent.mkdir(parents=True)
    file.write_bytes(bytes(300_000))

    page.run()

    labels = [button.proto.label for button in page.get("download_button")]
    assert "Download .onnx" in labels
    assert any(".onnx** · 0.3 MB" in part.value for part in page.markdown)


def test_comparison_of_a_run_is_shown(page: AppTest, run: Run, workspace: Workspace) -> None:
    images = fixed_images(load_dataset("digits", workspace))
    probabilities, verdicts = Predictor(run.bundle).judge(images, Network(run.bundle.tflite_file)(images).probabilities)
    answers = Answers(probabilities, verdicts, 0.1)
    changed = Answers(probabilities, ["blank", *verdicts[1:]], 0.2)
    parity = Parity.of_reference(TITLES["digits"], None, answers).with_way(".tflite", answers)
    file = Exports(workspace, run.bundle).file("parity")
    page.run()
    page.selectbox(key="model_choice").set_value(run.id)

    write_parity(file, parity.with_way(".onnx", changed))
    page.run()

    assert not page.exception
    table = page.table[0].value
    assert list(table["Way"]) == ["**.keras**", "**.tflite**", "**.onnx**", "**Gradio**", "**HTTP API**"]
    assert list(table["Verdicts"]) == ["0", "0", "1", "–", "–"]
    assert sum("Runs the active model only" in caption.value for caption in page.caption) == 2
    assert any("1 of 144 pictures gets a different digit or verdict" in error.value for error in page.error)

    write_parity(file, parity)
    page.run()
    assert any("for all 144 pictures" in message.value for message in page.success)

    file.write_bytes(b"damaged")
    page.run()
    assert not page.exception
    assert page.button(key="compare_ways").label == "Compare"


def test_visitors_cannot_create_or_compare(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_READONLY", "1")

    page.run()

    assert not page.exception
    assert {"create_onnx", "create_savedmodel", "compare_ways"}.isdisjoint(button.key for button in page.button)
    assert len(page.get("download_button")) == 3


def test_page_describes_the_files_input_and_output(page: AppTest) -> None:
    page.run()

    text = "\n".join(part.value for part in page.markdown)
    model = Interpreter(str(Bundle(SHIPPED_BUNDLE).tflite_file))
    outputs = model.get_signature_runner().get_output_details()
    for name, details in (("Input", model.get_input_details()[0]), ("Output", outputs["answers"])):
        shape = str(tuple(int(side) for side in details["shape_signature"])).replace("-1", "n")
        assert f"| **{name}** | `{shape}`, {np.dtype(details['dtype']).name}" in text
    assert "0 to 1: white ink (1) on black (0), centred as in MNIST" in text
    assert any(f"Keras {OLDEST_KERAS} or later" in caption.value for caption in page.caption)


def test_page_names_the_oldest_keras_that_opens_an_old_file(page: AppTest, run: Run, workspace: Workspace) -> None:
    with zipfile.ZipFile(run.bundle.keras_file) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    entries["config.json"] = entries["config.json"].replace(b'"filters"', b'"kernel_initializer": null, "filters"')
    entries["metadata.json"] = b'{"keras_version": "3.15.1"}'
    with zipfile.ZipFile(run.bundle.keras_file, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    page.run()

    page.selectbox(key="model_choice").set_value(run.id).run()

    assert any("Keras 3.15.1 or later" in caption.value for caption in page.caption)


def test_model_of_a_stopped_run_says_how_its_detector_was_fitted(page: AppTest, run: Run) -> None:
    card = run.bundle.card()
    assert card.novelty is not None
    novelty = card.novelty.model_copy(update={"fitted_briefly": True})
    run.bundle.card_file.write_text(card.model_copy(update={"novelty": novelty}).model_dump_json())
    page.run()

    page.selectbox(key="model_choice").set_value(run.id).run()

    assert any("detector of non-digits was fitted on fewer samples" in part.value for part in page.caption)


def test_netron_shows_the_selected_file_of_the_selected_model(
    page: AppTest, workspace: Workspace, trained: Run
) -> None:
    shutil.copytree(trained.folder, workspace.runs / trained.id)
    page.run()
    assert urlsplit(netron_url(page)).path == "/netron/"

    page.selectbox(key="model_choice").set_value(trained.id).run()
    page.segmented_control(key="netron_file").set_value("mnist_model.tflite").run()

    assert not page.exception
    query = parse_qs(urlsplit(netron_url(page)).query)
    file = f"/models/{trained.id}/mnist_model.tflite"
    assert query == {"url": [file], "identifier": ["mnist_model.tflite"], "theme": ["light"]}
    assert page.get("link_button")[0].proto.url == netron_url(page)


@pytest.mark.parametrize(("attribute", "file_name"), [("card_file", "card.json"), ("keras_file", "mnist_model.keras")])
def test_damaged_bundle_shows_one_message(
    page: AppTest, workspace: Workspace, trained: Run, attribute: str, file_name: str
) -> None:
    folder = Path(shutil.copytree(trained.folder, workspace.runs / trained.id))
    getattr(Run(folder).bundle, attribute).write_bytes(b"damaged")
    page.run()

    page.selectbox(key="model_choice").set_value(trained.id).run()

    assert not page.exception
    assert any(file_name in unescape_markdown(message.value) for message in [*page.error, *page.info])


def test_each_filter_is_scaled_by_its_largest_weight() -> None:
    from dashboard.classifier.layers import filter_pictures

    kernels = np.zeros((2, 2, 1, 2), np.float32)
    kernels[0, 0, 0] = [2.0, 0.02]
    kernels[1, 1, 0] = [-2.0, -0.02]

    pictures = filter_pictures(kernels)

    assert pictures.shape == (2, 2, 2, 3)
    assert (pictures[0] == pictures[1]).all()
    teal, orange, nothing = pictures[0, 0, 0], pictures[0, 1, 1], pictures[0, 0, 1]
    assert teal.argmax() == 1
    assert orange.argmax() == 0
    assert nothing.min() > 240
