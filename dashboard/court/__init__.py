"""The label court on the Evaluate page."""
