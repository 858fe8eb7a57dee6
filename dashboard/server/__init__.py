"""Checks and limits that every request passes; the log and the metrics."""
