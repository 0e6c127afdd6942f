"""Clips of moving shapes with exact ground truth."""
