"""The parts of the pages Your hand and Class."""
