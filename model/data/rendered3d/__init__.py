"""Scenes and clips of solid objects rendered by Blender."""
