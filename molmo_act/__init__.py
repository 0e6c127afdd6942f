"""Grounding by pointing: words and pixels in, points out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from molmo_act.errors import (
    CheckpointError,
    ImageError,
    InputError,
    MissingExtraError,
    MolmoActError,
    PlatformError,
    QueryError,
)

if TYPE_CHECKING:
    from molmo_act.embedded.encoded_image import EmbeddedImage
    from molmo_act.embedded.model import EmbeddedModel
    from molmo_act.io.download import fetch_image
    from molmo_act.loading import load
    from molmo_act.model_options import ModelOptions
    from molmo_act.outputs.answer import Answer
    from molmo_act.outputs.count import Count
    from molmo_act.outputs.mask import Mask
    from molmo_act.outputs.masks import Masks
    from molmo_act.outputs.points import Point, Points
    from molmo_act.outputs.tracks import Track, Tracks
    from molmo_act.pointing.answer_stream import AnswerStream
    from molmo_act.pointing.chat import Chat
    from molmo_act.pointing.encoded_image import EncodedImage
    from molmo_act.pointing.model import PointingModel
    from molmo_act.quantization.drift import quantization_report
    from molmo_act.tracking.config import TrackerConfig
    from molmo_act.tracking.stream_parts import TrackerStats
    from molmo_act.tracking.tracker import StreamingTracker

__all__ = [
    "Answer",
    "AnswerStream",
    "Chat",
    "CheckpointError",
    "Count",
    "EmbeddedImage",
    "EmbeddedModel",
    "EncodedImage",
    "ImageError",
    "InputError",
    "Mask",
    "Masks",
    "MissingExtraError",
    "ModelOptions",
    "MolmoActError",
    "PlatformError",
    "Point",
    "PointingModel",
    "Points",
    "QueryError",
    "StreamingTracker",
    "Track",
    "TrackerConfig",
    "TrackerStats",
    "Tracks",
    "fetch_image",
    "load",
    "quantization_report",
]

_LAZY = {
    "Answer": "outputs.answer",
    "AnswerStream": "pointing.answer_stream",
    "Chat": "pointing.chat",
    "Count": "outputs.count",
    "Mask": "outputs.mask",
    "Masks": "outputs.masks",
    "EmbeddedImage": "embedded.encoded_image",
    "EmbeddedModel": "embedded.model",
    "Point": "outputs.points",
    "Points": "outputs.points",
    "Track": "outputs.tracks",
    "Tracks": "outputs.tracks",
    "fetch_image": "io.download",
    "load": "loading",
    "PointingModel": "pointing.model",
    "ModelOptions": "model_options",
    "EncodedImage": "pointing.encoded_image",
    "StreamingTracker": "tracking.tracker",
    "TrackerConfig": "tracking.config",
    "TrackerStats": "tracking.stream_parts",
    "quantization_report": "quantization.drift",
}
"""What is imported when it is first asked for, so that small programs start fast."""


def __getattr__(name: str) -> Any:
    """Imports NumPy when a result is first asked for, torch and transformers when a model is."""
    if name == "__version__":
        return import_module("importlib.metadata").version("molmo-act")
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f"molmo_act.{_LAZY[name]}"), name)
    except ModuleNotFoundError as error:
        from molmo_act._optional import TORCH_PACKAGES, needs_torch

        if error.name not in TORCH_PACKAGES:
            raise
        raise needs_torch(f"molmo_act.{name}", error.name) from error
