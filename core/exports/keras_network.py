"""A bundle's `.keras` file in Keras: its probabilities, and its export as a TensorFlow SavedModel."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from core.classifier.bundle import UNREADABLE_OR_DAMAGED, Bundle, file_error


class KerasNetwork:
    """A network loaded with Keras."""

    def __init__(self, bundle: Bundle) -> None:
        """Load the network; raises BundleError if the file is damaged or was saved by a later version of Keras."""
        try:
            self._model: keras.Model = keras.models.load_model(bundle.keras_file, compile=False)
        except Exception as error:  # Keras, zipfile and HDF5 raise a dozen kinds of errors
            raise file_error(bundle.keras_file, UNREADABLE_OR_DAMAGED) from error
        self._call = tf.function(lambda inputs: self._model(inputs, training=False), reduce_retracing=True)

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """Return the probabilities float32 (n, 10) for inputs float32 (n, 28, 28, 1)."""
        return np.asarray(self._call(tf.constant(inputs)))

    def save_saved_model(self, folder: Path) -> None:
        """Write the network to `folder` as a SavedModel whose only endpoint is `serve`."""
        self._model.export(str(folder), verbose=False)


def saved_model_probabilities(folder: Path, inputs: np.ndarray) -> np.ndarray:
    """Load a SavedModel and return its probabilities float32 (n, 10) for inputs float32 (n, 28, 28, 1)."""
    model = tf.saved_model.load(str(folder))  # its variables exist only as long as this reference
    return np.asarray(model.serve(tf.constant(inputs)))
