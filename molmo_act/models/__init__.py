"""Models in the released formats, their processors, and reading and writing of checkpoints."""
