"""Tests of core.training.engines."""
