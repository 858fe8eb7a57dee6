"""Training: everything that happens inside a worker process."""
