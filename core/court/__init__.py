"""The label court: doubtful labels, people's verdicts on them, and the accuracy under corrected labels."""
