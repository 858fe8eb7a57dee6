"""What `make bench` measures; RESULTS.md and results.json are written by it."""
