"""The trainings that lie in the workspace."""
