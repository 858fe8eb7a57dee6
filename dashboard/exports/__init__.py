"""The model's files in all formats, and the comparison of all ways of running it."""
