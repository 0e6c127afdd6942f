"""What stops a training run on purpose; the tree of errors is in `molmo_act.errors`."""

from __future__ import annotations

from molmo_act.errors import MolmoActError


class TrainingError(MolmoActError, RuntimeError):
    """A run cannot go on: its loss is not a number, the disk is full, or a saved run is of another recipe."""
