"""Sweeps: many training runs with different settings, searched by Optuna."""
