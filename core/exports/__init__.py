"""Other formats of a trained model, and a comparison of all ways of running it."""
