"""Loss modules, one per kind of batch."""
