"""Screens laid out by a browser: composed, written and real pages."""
