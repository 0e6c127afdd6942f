"""Mouse, keyboard and windows."""
