"""Decoding as tensor functions: the cache, the trees of drafted tokens, the choices, the steps."""
