"""Datasets: their sources and downloads, their splits and writers, and augmentation."""
