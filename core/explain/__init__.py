"""Explanations of a network's predictions, in NumPy: activations, attributions, counterfactuals and neighbours."""
