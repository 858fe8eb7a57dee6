"""Benchmarks of Trazo's speed, memory and accuracy; `make bench` writes RESULTS.md and results.json."""
