"""The label court: which labels people doubt, their verdicts, and the accuracy under these."""
