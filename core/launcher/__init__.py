"""The queue of runs: submitting, starting, stopping and resuming them."""
