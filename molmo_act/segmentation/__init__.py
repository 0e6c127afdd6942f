"""Masks of tracked objects: propagated along a video from frames with points, both ways, and fused."""
