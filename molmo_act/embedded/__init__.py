"""Runs exported models on ONNX Runtime, with NumPy, Pillow and tokenizers: without torch and transformers."""
