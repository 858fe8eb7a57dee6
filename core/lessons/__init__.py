"""The lessons of the Learn page: their measurements and training, and a browser's results; no screens."""
