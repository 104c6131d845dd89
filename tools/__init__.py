"""What may be done: one verb, one file."""
