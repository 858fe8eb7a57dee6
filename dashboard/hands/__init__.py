"""Pieces of the Your hand and Class pages."""
