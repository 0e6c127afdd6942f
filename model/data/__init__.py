"""Data to learn from: generators, rendered scenes and pages, public data sets, and their encoding."""
