"""Objects followed on a stream of frames: groundings by a model now and then, optical flow in between."""
