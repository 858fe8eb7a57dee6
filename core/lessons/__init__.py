"""The lessons of the Learn page: their measurements and trainings, and a browser's results; no screens."""
