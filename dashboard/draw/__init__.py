"""Components of the Draw page."""
