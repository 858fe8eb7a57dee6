"""Help text for each setting of a training run, for pages and the command line."""

from __future__ import annotations

from core.language import Message

SETTING_HELP: dict[str, Message] = {
    "preset": Message("The preset that the settings are based on."),
    "dataset": Message("The images that the network learns from."),
    "architecture": Message(
        "The type of network: original (from the notebook), pooled (quick), deep, or strided (like deep, but quicker)."
    ),
    "epochs": Message("Maximum number of times that the network sees each training image."),
    "batch_size": Message("Number of images per weight update."),
    "optimizer": Message(
        "Adam adapts the step size of each weight; SGD with momentum uses the same step size for all weights."
    ),
    "learning_rate": Message(
        "Step size of each update. If it is too small, training is slow; if it is too large, training "
        "does not converge."
    ),
    "schedule": Message(
        "A constant learning rate, or one cycle, in which it rises to its peak and then falls to almost zero."
    ),
    "weight_decay": Message("Shrink all weights a little with each step, to prevent overfitting."),
    "label_smoothing": Message("Fraction of each label that is spread over all ten digits, to prevent overconfidence."),
    "patience": Message(
        "Stop after this many epochs without a better validation accuracy and keep the best epoch; 0 "
        "trains all epochs and keeps the last."
    ),
    "seed": Message("Random seed for weights, shuffling and augmentation. The same seed gives the same result."),
    "teachers": Message(
        'Number of networks with the "large" preset whose predictions replace the labels (knowledge '
        "distillation). They are trained first, but only once. The training loss is then the distance to "
        "their predictions, and label smoothing has no effect."
    ),
    "filters": Message("Number of filters in each block of the network."),
    "dense_units": Message("Width of the hidden dense layer before the output; 0 omits the layer."),
    "dropout": Message(
        "Fraction of the last layer's inputs that is randomly set to 0 in each step, to prevent overfitting."
    ),
    "rotation": Message("Rotate each image by up to this angle in either direction."),
    "shift": Message("Shift each image by up to this fraction of its width in each direction."),
    "zoom": Message("Shrink or enlarge each image by up to this fraction."),
    "shear": Message("Slant each image by up to this angle in either direction."),
    "elastic": Message("Distort strokes smoothly by about this distance, as if another writer had drawn them."),
    "stroke": Message("Thicken or thin strokes by up to this fraction of a pixel on each edge."),
    "noise": Message(
        "Add noise to a tenth of the images, with a standard deviation of up to this fraction of full ink (255)."
    ),
    "final_epochs": Message("Number of epochs at the end of training with half the augmentation."),
    "synthetic_digits": Message(
        "Number of synthetic digits that are added to the training images, in handwriting that is rare in MNIST."
    ),
    "pen_digits": Message(
        "Number of times per epoch that each of the pen digits by 20 writers is drawn, each time with "
        "different proportions, brush, size and position. If the pen digits are not on this machine, the "
        "run trains without them."
    ),
    "redrawn_digits": Message(
        "Number of training images to add a second time, traced and redrawn with a random brush, as on a canvas."
    ),
}
