"""Pieces of the Runs page and of the page of one run."""
