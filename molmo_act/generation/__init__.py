"""Generates answers from prompts with images: prefill, drafted trees of tokens, choices, decode steps."""
