"""The glossary: the terms of the field in plain words, for the Glossary page and for explanations within a text."""

from __future__ import annotations

import unicodedata
from html import escape

import streamlit as st

from core.language import Message, tr

TERMS: dict[str, Message] = {
    Message(".keras"): Message("The file format of Keras. A network saved in it can be trained further."),
    Message(".tflite"): Message("A small file with a trained network, made for phones and browsers. LiteRT runs it."),
    Message("accuracy"): Message("The fraction of images that a model classifies correctly."),
    Message("active model"): Message(
        "The model that reads digits on every page, in the Gradio demo and in the API. A hand can have a model of its "
        "own."
    ),
    Message("API"): Message("A way for programs to use Trazo: they send a picture and get the digit as an answer."),
    Message("augmentation"): Message(
        "Small random changes to the training images, such as rotating or shifting them, so that a network learns the "
        "digit rather than the exact pixels."
    ),
    Message("batch"): Message(
        "The images that a network looks at before it adjusts its weights once. The batch size is their number."
    ),
    Message("batch normalization"): Message(
        "A layer that brings the values between two layers to a common scale, which speeds up training."
    ),
    Message("Brier score"): Message(
        "How far the predicted probabilities are from the truth: 0 is perfect, 2 is the worst."
    ),
    Message("calibration"): Message(
        "A calibrated model is right as often as it claims: of all answers with 80% confidence, 80% are correct."
    ),
    Message("close call"): Message("A prediction with low confidence. Draw then names a second candidate."),
    Message("confidence"): Message("The probability that a model gives to its own answer."),
    Message("confidence interval"): Message(
        "A range that very probably contains the true value, because a measurement on a limited number of images "
        "depends on chance."
    ),
    Message("confusion matrix"): Message(
        "A table that counts, for each true digit, which digits the model took it for."
    ),
    Message("convolution"): Message("A layer that looks for a small pattern everywhere in the image."),
    Message("dropout"): Message(
        "Some values, chosen at random, are switched off in each training step, so that the network does not rely on a "
        "few of them."
    ),
    Message("early stopping"): Message("Stopping training when the validation metric has stopped improving."),
    Message("epoch"): Message("One pass through all training images."),
    Message("F1"): Message("One number for precision and recall together: it is high only if both are."),
    Message("feature"): Message(
        "A value inside a network that describes something about the image, such as a stroke in one place."
    ),
    Message("filter"): Message("A small pattern, learned in training, that a convolution looks for."),
    Message("fine-tuning"): Message(
        "Training a finished network a little further, here on the digits of one person or one class."
    ),
    Message("label"): Message("The digit that an image shows according to the people who made the dataset."),
    Message("label smoothing"): Message(
        "Training towards 95% instead of 100% for the right digit, so that the network does not become overconfident."
    ),
    Message("learning rate"): Message(
        "How far the weights move in one training step. Too large a step overshoots; too small a step takes forever."
    ),
    Message("logits"): Message(
        "The ten raw scores that a network computes before softmax turns them into probabilities."
    ),
    Message("loss"): Message(
        "How wrong the predictions are, as one number that training makes smaller. Being confidently wrong costs the "
        "most."
    ),
    Message("McNemar's test"): Message(
        "A test of whether one of two models is better, based on the images that only one of them gets right."
    ),
    Message("MNIST"): Message("A well-known dataset of 70,000 handwritten digits, each 28 × 28 pixels."),
    Message("multiply-add"): Message("A multiplication followed by an addition: the unit of work of a network."),
    Message("ONNX"): Message("A file format for networks that many programs and languages can run."),
    Message("optimizer"): Message("The rule by which training changes the weights, such as Adam."),
    Message("out-of-distribution"): Message(
        "Unlike anything in the training data, such as a letter or a scribble. Trazo rejects such drawings."
    ),
    Message("overfitting"): Message(
        "Learning the training images by heart instead of what makes a digit: training gets better, validation gets "
        "worse."
    ),
    Message("p-value"): Message(
        "The probability that two equally good models would differ this much or more by chance."
    ),
    Message("parameters"): Message("The numbers that a network learns: its weights and biases."),
    Message("Pareto front"): Message(
        "The trials that no other trial beats in all objectives at once, such as accuracy and size."
    ),
    Message("precision"): Message("Of the images that the model calls a 7, for example, the fraction that are a 7."),
    Message("preset"): Message("A ready-made choice of network and training settings."),
    Message("pruning"): Message(
        "Ending a trial early because it is far behind the others, to save time for better ones."
    ),
    Message("recall"): Message("Of the images that show a 7, for example, the fraction that the model recognises."),
    Message("rehearsal"): Message(
        "Training on old images while learning new ones, so that a network does not forget them."
    ),
    Message("run"): Message("One training of a network, with its settings, curves and, at the end, its model."),
    Message("seed"): Message(
        "The number from which all random choices follow. The same seed gives the same choices again."
    ),
    Message("softmax"): Message("The formula that turns ten scores into ten probabilities that add up to 100%."),
    Message("sweep"): Message(
        "A search for better settings: many training runs with different settings, each informed by the earlier ones."
    ),
    Message("temperature"): Message(
        "A number that makes probabilities more cautious (above 1) or bolder (below 1) without changing the answer."
    ),
    Message("test set"): Message("Images that are used once, after training, to measure how good a model is."),
    Message("training set"): Message("The images that a network learns from."),
    Message("trial"): Message("One choice of settings that a sweep tries, trained once or with several seeds."),
    Message("validation"): Message("Checking a network during training on images that it does not learn from."),
    Message("weight"): Message(
        "A number that says how strongly one value in a network affects another. Training adjusts all weights."
    ),
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
"""The terms that are explained below each page's title, keyed by the title in English."""


def term(name: str, shown: str | None = None) -> str:
    """Return HTML that underlines a term and explains it on hover, on tap, and to screen readers.

    `name`: the term in English. `shown`: the translated words in the sentence, if they differ from the term.
    """
    return f'<abbr title="{escape(tr(TERMS[name]))}" tabindex="0">{escape(shown or tr(name))}</abbr>'


def sorted_terms() -> list[tuple[str, str]]:
    """Return all terms with their explanations, translated and in alphabetical order."""
    return sorted(((tr(name), tr(explanation)) for name, explanation in TERMS.items()), key=_alphabetical_key)


def _alphabetical_key(entry: tuple[str, str]) -> str:
    # An accent does not change a letter's place: "época" comes before "etiqueta".
    letters = unicodedata.normalize("NFKD", entry[0].casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def text_with_terms(text: str) -> None:
    """Show Markdown that contains terms; it must not contain text from files or visitors."""
    st.markdown(text, unsafe_allow_html=True)


def words(page: str) -> str:
    """Return Markdown with a page's terms, or an empty string if it has none; `page`: its title in English."""
    names = PAGE_TERMS.get(page, ())
    if not names:
        return ""
    sentence = tr("Words: {terms}", terms=" · ".join(map(term, names)))
    return f"<small>{sentence}</small>"
