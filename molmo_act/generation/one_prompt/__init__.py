"""Decodes the answer to one prompt in NumPy, over a network that may be graphs of ONNX Runtime or torch."""
