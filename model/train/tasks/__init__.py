"""Training tasks: what the trainer asks of nano, packed and temporal runs."""
