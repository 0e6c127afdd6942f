"""Tracks objects on a stream of frames: a model grounds keyframes, optical flow carries points in between."""
