"""Kinds of pages, one function each."""
