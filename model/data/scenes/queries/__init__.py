"""Queries about the objects of an image."""
