"""Pairwise human preference: a local page that shows two answers blind, and ratings from its votes."""
