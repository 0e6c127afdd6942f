"""Experiments that compare designs by training them."""
