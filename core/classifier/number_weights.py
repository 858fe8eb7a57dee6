"""Weights of the number reader, fitted to the shipped model.

`python -m benchmarks.fit_numbers` writes this file; FEATURES in number_reader.py explains the names.
"""

STROKES = {
    "log_probability": 1.25,
    "novelty": -0.44,
    "digit": -0.2,
    "crossings": -0.33,
    "overlap": -1.47,
    "gap": 0.0,
    "width": 0.0,
    "shortness": -2.15,
    "delay": 0.0,
}
PIECES = {
    "log_probability": 2.26,
    "novelty": -0.55,
    "digit": 1.06,
    "cut": -1.12,
    "touches": -1.72,
    "gap": -0.93,
    "passage": 0.0,
    "width": -3.42,
    "narrowness": -1.06,
    "shortness": -2.14,
}
