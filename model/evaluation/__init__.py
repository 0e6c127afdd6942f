"""Evaluation of checkpoints on images, clips and masks that training never saw."""
