"""The HTTP API and its process pool."""
