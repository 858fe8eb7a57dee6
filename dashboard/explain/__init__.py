"""Components of the Inside page."""
