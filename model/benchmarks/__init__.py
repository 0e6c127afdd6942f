"""Benchmarks: two things timed in one run, compared as a ratio."""
