"""The parts of the Runs page and of a run's own page."""
