"""The checks and limits that a request passes, and logs and metrics."""
