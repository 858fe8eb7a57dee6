"""Weights of the number reader, fitted to the shipped model.

`python -m benchmarks.fit_numbers` writes this file; FEATURES in number_reader.py explains the names.
"""

STROKES = {
    "log_probability": 0.368,
    "novelty": -0.844,
    "digit": -0.897,
    "overlap": -3.201,
    "width": -0.539,
    "shortness": -1.089,
}
PIECES = {
    "log_probability": 2.456,
    "novelty": -0.417,
    "digit": -0.037,
    "crossed": -0.659,
    "cuts": -1.125,
    "width": -3.336,
    "narrowness": -0.767,
    "shortness": -2.031,
    "shared": -1.212,
}
