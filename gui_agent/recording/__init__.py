"""Traces of runs, and scripts."""
