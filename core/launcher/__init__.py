"""The queue of trainings: what runs, waits, stops and resumes, and the start of worker processes."""
