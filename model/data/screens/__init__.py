"""Drawn interface screens and glyph sheets."""
