"""A plain Gradio sketchpad with `model.predict`, the load test's baseline: python -m benchmarks.plain_gradio PORT."""

from __future__ import annotations

import sys

import gradio as gr
import keras
import numpy as np
from PIL import Image

from core.workspace import SHIPPED_BUNDLE


def main(port: int) -> None:
    """Serve the sketchpad until the process is terminated."""
    model = keras.models.load_model(SHIPPED_BUNDLE / "mnist_model.keras")

    def predict(sketch: dict) -> dict[str, float]:
        grey = Image.fromarray(sketch["composite"]).convert("L").resize((28, 28))
        image = 1 - np.asarray(grey, np.float32) / 255
        probabilities = model.predict(image.reshape(1, 28, 28, 1), verbose=0)[0]
        return {str(digit): float(probability) for digit, probability in enumerate(probabilities)}

    pad = gr.Sketchpad(type="numpy", canvas_size=(280, 280))
    demo = gr.Interface(predict, pad, gr.Label(), api_name="predict", flagging_mode="never", analytics_enabled=False)
    demo.launch(server_name="127.0.0.1", server_port=port, quiet=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
