"""A person's handwriting: what was taught, exams, and the fine-tuning of a model to it."""
