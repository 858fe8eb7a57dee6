"""Sweeps: many trainings with different settings, searched by Optuna."""
