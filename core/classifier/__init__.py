"""Networks, trained models on disk, their predictions and their evaluation."""
