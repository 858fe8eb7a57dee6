"""The titles of a dataset's splits."""

from __future__ import annotations

from core.language import Message

SPLIT_TITLES = {"train": Message("Training"), "validation": Message("Validation"), "test": Message("Test")}
