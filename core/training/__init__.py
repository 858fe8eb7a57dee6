"""Training: what a worker does, and what starts and stops workers."""
