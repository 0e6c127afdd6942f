"""Stores the language blocks of a model in fewer bits, and measures how far that moves its points."""
