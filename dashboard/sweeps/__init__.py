"""Pieces of the Sweeps page and of the page of one sweep."""
