"""Asking models: images, videos and streams."""
