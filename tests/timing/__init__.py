"""Whether the time of an answer tells who has an account: `python -m tests.timing`."""
