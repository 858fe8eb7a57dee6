"""A person's handwriting: taught digits, exams, and the fine-tuning of a model to it."""
