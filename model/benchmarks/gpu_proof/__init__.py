"""Proves the project on a GPU: `make gpu-proof`, or `python -m model.benchmarks.gpu_proof`."""
