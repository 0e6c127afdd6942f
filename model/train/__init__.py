"""Training: one trainer, several tasks."""
