"""The splits of a dataset by their titles."""

from __future__ import annotations

from core.language import Message

SPLIT_TITLES = {"train": Message("Training"), "validation": Message("Validation"), "test": Message("Test")}
