"""Checks and limits for every request, the log, and the metrics."""
