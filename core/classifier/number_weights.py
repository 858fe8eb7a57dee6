"""Weights of the number reader, fitted to the shipped model.

`python -m benchmarks.fit_numbers` writes this file; FEATURES in number_reader.py explains the names.
"""

STROKES = {
    "log_probability": 0.375,
    "novelty": -0.781,
    "digit": -0.562,
    "overlap": -3.112,
    "width": -0.411,
    "shortness": -1.205,
}
PIECES = {
    "log_probability": 1.825,
    "novelty": -0.393,
    "digit": 0.018,
    "crossed": -0.746,
    "cuts": -1.124,
    "width": -3.519,
    "narrowness": -0.936,
    "shortness": -2.728,
    "shared": -0.989,
}
