"""Datasets: their sources, their splits and their augmentation."""
