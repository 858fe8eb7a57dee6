"""The glossary: the terms of the field in plain words, for the Glossary page and for explanations within a text."""

from __future__ import annotations

from html import escape

import streamlit as st

TERMS: dict[str, str] = {
    ".keras": "The file format of Keras. A network saved in it can be trained further.",
    ".tflite": "A small file with a trained network, made for phones and browsers. LiteRT runs it.",
    "accuracy": "The fraction of images that a model classifies correctly.",
    "active model": "The model that reads digits on every page, in the Gradio demo and in the API. A hand can have "
    "a model of its own.",
    "API": "A way for programs to use Trazo: they send a picture and get the digit as an answer.",
    "augmentation": "Small random changes to the training images, such as rotating or shifting them, so that a network "
    "learns the digit rather than the exact pixels.",
    "batch": "The images that a network looks at before it adjusts its weights once. The batch size is their number.",
    "batch normalization": "A layer that brings the values between two layers to a common scale, which speeds up "
    "training.",
    "Brier score": "How far the predicted probabilities are from the truth: 0 is perfect, 2 is the worst.",
    "calibration": "A calibrated model is right as often as it claims: of all answers with 80% confidence, 80% are "
    "correct.",
    "close call": "A prediction with a low confidence. Draw then names a second candidate.",
    "confidence": "The probability that a model gives to its own answer.",
    "confidence interval": "A range that very probably contains the true value, because a measurement on a limited "
    "number of images depends on chance.",
    "confusion matrix": "A table that counts, for each true digit, which digits the model took it for.",
    "convolution": "A layer that looks for a small pattern everywhere in the image.",
    "dropout": "Some values, chosen at random, are switched off in each training step, so that the network does not "
    "rely on a few of them.",
    "early stopping": "Ending the training when the validation metric has stopped improving.",
    "epoch": "One pass through all training images.",
    "F1": "One number for precision and recall together: it is high only if both are.",
    "feature": "A value inside a network that describes something about the image, such as a stroke in one place.",
    "filter": "A small pattern, learned in training, that a convolution looks for.",
    "fine-tuning": "Training a finished network a little further, here on the digits of one person or one class.",
    "label": "The digit that an image shows according to the people who made the dataset.",
    "label smoothing": "Training towards 95% instead of 100% for the right digit, so that the network stays less sure "
    "of itself.",
    "learning rate": "How far the weights move in one training step. Too large a step overshoots, too small a step "
    "takes forever.",
    "logits": "The ten raw scores that a network computes before softmax turns them into probabilities.",
    "loss": "How wrong the predictions are, as one number that training makes smaller. Being sure and wrong "
    "costs most.",
    "McNemar's test": "A test of whether one of two models is better, based on the images that only one of them gets "
    "right.",
    "MNIST": "A well-known dataset of 70,000 handwritten digits, each 28 × 28 pixels.",
    "multiply-add": "A multiplication followed by an addition: the unit of work of a network.",
    "ONNX": "A file format for networks that many programs and languages can run.",
    "optimizer": "The rule by which training changes the weights, such as Adam.",
    "out-of-distribution": "Unlike anything in the training data, such as a letter or a scribble. Trazo rejects such "
    "drawings.",
    "overfitting": "Learning the training images by heart instead of what makes a digit: training gets better, "
    "validation gets worse.",
    "p-value": "The probability that two equally good models would differ at least this much by chance.",
    "parameters": "The numbers that a network learns: its weights and biases.",
    "Pareto front": "The trials that no other one beats in all goals at once, such as accuracy and size.",
    "precision": "Of the images that the model calls a 7, for example, the fraction that are a 7.",
    "preset": "A ready-made choice of network and training settings.",
    "pruning": "Ending a trial early because it is far behind the others, to save time for better ones.",
    "recall": "Of the images that show a 7, for example, the fraction that the model recognises.",
    "rehearsal": "Training on old images while learning new ones, so that a network does not forget them.",
    "run": "One training, with its settings, curves and, at the end, its model.",
    "seed": "The number from which all random choices follow. The same seed gives the same choices again.",
    "softmax": "The formula that turns ten scores into ten probabilities that add up to 100%.",
    "sweep": "A search for better settings: many trainings with different settings, each informed by those before.",
    "temperature": "A number that makes probabilities more cautious (above 1) or bolder (below 1) without changing the "
    "answer.",
    "test set": "Images that are used once, after training, to measure how good a model is.",
    "training set": "The images that a network learns from.",
    "trial": "One choice of settings that a sweep tries, trained once or with several seeds.",
    "validation": "Checking a network during training on images that it does not learn from.",
    "weight": "A number that says how strongly one value in a network affects another. Training adjusts all weights.",
}
"""The explanation of each term, in alphabetical order."""


PAGE_TERMS: dict[str, tuple[str, ...]] = {
    "Learn": ("accuracy", "confidence", "label", "validation", "training set"),
    "Train": ("preset", "epoch", "batch", "learning rate", "loss", "accuracy", "validation", "augmentation"),
    "Evaluate": ("test set", "validation", "accuracy", "confidence", "confusion matrix", "calibration"),
    "Your hand": ("fine-tuning", "rehearsal", "confidence interval", "McNemar's test", "p-value", "validation"),
    "Class": ("accuracy", "confidence interval", "confusion matrix", "fine-tuning", "McNemar's test", "p-value"),
    "Sweeps": ("sweep", "trial", "preset", "pruning", "seed", "validation", "Pareto front"),
    "Model": ("convolution", "batch normalization", "softmax", "parameters", "multiply-add", ".keras", ".tflite"),
}
"""The terms that are explained below the title of a page, by that title."""


def term(name: str, shown: str | None = None) -> str:
    """Return HTML that underlines a term and explains it on hover, on tap, and to screen readers.

    `shown`: the words in the sentence, if they differ from the term.
    """
    return f'<abbr title="{escape(TERMS[name])}" tabindex="0">{escape(shown or name)}</abbr>'


def text_with_terms(text: str) -> None:
    """Show Markdown that contains terms; it must not contain text from files or visitors."""
    st.markdown(text, unsafe_allow_html=True)


def words(page: str) -> str:
    """Return Markdown with the terms of the page with this title, or an empty string if it has none."""
    names = PAGE_TERMS.get(page, ())
    return f"<small>Words: {' · '.join(map(term, names))}</small>" if names else ""
