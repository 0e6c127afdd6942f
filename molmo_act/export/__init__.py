"""Writes models as ONNX graphs, which run without torch (`molmo_act.embedded`)."""
