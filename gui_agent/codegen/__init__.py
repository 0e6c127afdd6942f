"""Writes a script of what a user does on a desktop, in words that a model was seen to understand."""
