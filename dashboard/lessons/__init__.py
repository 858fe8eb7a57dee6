"""The lessons of the Learn page, one module each, and the pieces that they share."""
