"""Weights of the number reader, fitted to the shipped model.

`python -m benchmarks.fit_numbers` writes this file; FEATURES in number_reader.py explains the names.
"""

STROKES = {
    "log_probability": 1.196,
    "novelty": -0.515,
    "digit": -0.313,
    "overlap": -2.187,
    "width": -0.135,
    "shortness": -1.221,
}
PIECES = {
    "log_probability": 2.897,
    "novelty": -0.325,
    "digit": 0.468,
    "crossed": -0.694,
    "cuts": -1.326,
    "width": -3.58,
    "narrowness": -0.694,
    "shortness": -3.347,
    "shared": -1.0,
}
