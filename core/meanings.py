"""What each setting of a training means, in a sentence for whoever chooses it, on a page or on the command line."""

from __future__ import annotations

MEANINGS: dict[str, str] = {
    "preset": "The recipe that the training started from.",
    "dataset": "The images that the network learns from.",
    "architecture": (
        "The plan of the network: original (the notebook's), pooled (quick), deep, or strided (deep, made quick)."
    ),
    "epochs": "How many times, at most, the network sees every training image.",
    "batch_size": "How many images the network looks at before it changes its weights once.",
    "optimizer": (
        "How weights follow from gradients: Adam, with a step of its own for each weight, or SGD, with momentum."
    ),
    "learning_rate": "How far the weights move with each step. Too small learns slowly, too large never settles.",
    "schedule": (
        "How the learning rate changes meanwhile: constant, or one cycle that rises and then falls to almost nothing."
    ),
    "weight_decay": "Shrink all weights a little with each step, so that only those stay large that are needed.",
    "label_smoothing": (
        "Share of each label that is spread over all ten digits, so that the network does not strive to be certain."
    ),
    "patience": (
        "End after so many epochs without a better validation accuracy, and keep the best; 0 keeps the last of all."
    ),
    "seed": "The start of all chance: first weights, order of the images, augmentation. Same seed, same training.",
    "teachers": (
        "How many networks of the preset large answer what is to be learned of each image, instead of its label: "
        "they also tell what it nearly is. They are trained first, once. The training loss is how far the answers "
        "are from theirs, then, and label smoothing does nothing."
    ),
    "filters": "How many small patterns each block of the network looks for.",
    "dense_units": "Width of the layer between the filters and the ten answers; 0 leaves it out.",
    "dropout": (
        "Share of what the last layer sees that is switched off at random in each step, against learning by heart."
    ),
    "rotation": "Turn each image by up to so much either way.",
    "shift": "Move each image by up to so much in each direction.",
    "zoom": "Shrink or grow each image by up to so much.",
    "shear": "Slant each image by up to so much either way.",
    "elastic": "Bend strokes smoothly, as another hand would, by about so much.",
    "stroke": "Make strokes thicker or thinner, by up to so much of a pixel.",
    "noise": "Make a tenth of the images grainy, by up to so much of full ink.",
    "final_epochs": "In so many of the last epochs, augmentation is half as strong.",
    "synthetic_digits": (
        "How many digits drawn by code, in ways of writing that MNIST's people seldom use, join the training images."
    ),
    "redrawn_digits": (
        "How many of MNIST's own training images join them again, traced and drawn with any brush, as on a canvas."
    ),
}
