"""Networks, trained models on disk, predictions and their evaluation."""
