"""What prompts and answers look like, in plain Python and NumPy, for torch and for exported models."""
