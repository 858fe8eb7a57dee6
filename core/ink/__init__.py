"""From a file, a photo or a canvas to ink, and from ink to the 28x28 image that the model sees."""
