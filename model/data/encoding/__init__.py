"""Samples as message trees of token ids, and how they are mixed and packed."""
