"""Datasets, where they come from, and the way from ink to a 28x28 image."""
