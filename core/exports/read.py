"""Reads the digit in a picture as Trazo does: python read.py digit.png

Needs Python 3.11, NumPy, Pillow, SciPy and LiteRT (pip install numpy pillow scipy ai-edge-litert), and nothing else
from Trazo. The folder `ink` beside this file holds Trazo's own code that turns a picture into the 28x28 image:
drawings, scans and photos with dark or light ink, on paper with or without lines, in the boxes of a form, in even or
uneven light. Unlike Trazo, this program does not detect several digits in one picture, but reads them as one.
"""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from core.errors import PictureError
from core.ink.drawing import prepare
from core.ink.photo import ink_from_picture

BLANK = {"digit": None, "confidence": 0.0, "verdict": "blank"}
CLOSE_CALL = 0.8  # predictions with a lower confidence are close calls, unless the card has another threshold


class Model:
    """The network `mnist_model.tflite`, its calibration in `card.json`, and its detector of non-digits."""

    def __init__(self, folder: Path) -> None:
        self.interpreter = Interpreter(str(folder / "mnist_model.tflite"))
        self.outputs = sorted(self.interpreter.get_signature_runner().get_output_details())
        calibration = json.loads((folder / "card.json").read_text(encoding="utf-8")).get("calibration") or {}
        self.temperature = calibration.get("temperature", 1.0)
        self.unsure_below = calibration.get("unsure_below", CLOSE_CALL)
        detector = folder / "novelty.npz"
        self.detector = dict(np.load(detector)) if detector.exists() else None

    def read(self, picture: bytes) -> dict[str, Any]:
        """Return the digit, its confidence and a verdict: digit, unsure, not_a_digit, or blank."""
        # Some pictures can be interpreted in several ways, such as a 0 that looks like a frame. The first certain digit
        # is returned, or else the prediction with the best verdict and then the highest confidence.
        order = ["not_a_digit", "blank", "unsure", "digit"]
        predictions = []
        found_ink = ink_from_picture(picture)
        for ink in itertools.chain(found_ink.candidates, found_ink.late_candidates()):
            image = prepare(ink).image
            predictions.append(BLANK if image is None else self.predict(image))
            if predictions[-1]["verdict"] == "digit":
                break
        return max(predictions, key=lambda found: (order.index(found["verdict"]), found["confidence"]))

    def predict(self, image: np.ndarray) -> dict[str, Any]:
        """Predict an image uint8 (28, 28): white ink (255) on black (0), centred as in MNIST."""
        network = self.interpreter.get_signature_runner()
        (name,) = network.get_input_details()
        outputs = network(**{name: image[np.newaxis, :, :, np.newaxis].astype(np.float32) / 255})
        probabilities = outputs[self.outputs[0]]
        tiny = np.finfo(np.float32).tiny  # keeps logarithms finite
        logits = np.log(np.maximum(probabilities[0].astype(np.float64), tiny)) / self.temperature
        confidences = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
        verdict = "digit" if confidences.max() >= self.unsure_below else "unsure"
        if self.detector and self.novelty(image, probabilities, outputs["features"]) > 0:
            verdict = "not_a_digit"
        return {"digit": int(confidences.argmax()), "confidence": float(confidences.max()), "verdict": verdict}

    def novelty(self, image: np.ndarray, probabilities: np.ndarray, features: np.ndarray) -> float:
        """Return the novelty score, above 0 for non-digits, from a small network with standardised inputs."""
        assert self.detector
        detector = self.detector
        tiles = image.reshape(7, 4, 7, 4).mean(axis=(1, 3), dtype=np.float32) / 255
        inputs = np.concatenate([features[0], np.log(np.maximum(probabilities[0], 1e-12)), tiles.ravel()])
        inputs = np.clip((inputs - detector["mean"]) / detector["scale"], -8, 8)
        hidden = np.maximum(inputs @ detector["hidden_weights"] + detector["hidden_bias"], 0)
        return float(hidden @ detector["weights"] + detector["bias"])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python read.py PICTURE")
    try:
        print(json.dumps(Model(Path(__file__).parent).read(Path(sys.argv[1]).read_bytes())))
    except (OSError, PictureError) as error:
        sys.exit(f"read.py: {error}")
