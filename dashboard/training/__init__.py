"""Pieces of the Train page: the form, the settings, progress and learning curves."""
