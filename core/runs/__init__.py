"""The training runs in a workspace."""
