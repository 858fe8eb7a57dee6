"""Handwriting: synthetic, traced from images or replayed from pen data; and out-of-distribution samples."""
