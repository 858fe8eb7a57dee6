"""The parts of the Evaluate and Model pages."""
