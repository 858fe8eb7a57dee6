"""Pieces of the Draw page."""
