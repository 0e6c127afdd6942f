"""Benchmarks of the nodes across processes, and a soak."""
