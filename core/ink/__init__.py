"""Conversion of a file, a photo or a canvas to ink, and of ink to the 28x28 image that the model sees."""
