"""Pieces of the Evaluate and Model pages."""
