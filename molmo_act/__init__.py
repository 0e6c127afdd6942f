"""Grounding by pointing: words and pixels in, points out."""

from __future__ import annotations

from importlib import import_module, metadata
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
from molmo_act.points import Point, Points
from molmo_act.tracks import Track, Tracks

if TYPE_CHECKING:
    from molmo_act.api import load
    from molmo_act.drift import quantization_report
    from molmo_act.encoded_image import EncodedImage
    from molmo_act.pointing_model import PointingModel
    from molmo_act.tracking.settings import TrackerSettings
    from molmo_act.tracking.streaming import StreamingTracker, TrackerStats

__all__ = [
    "CheckpointError",
    "EncodedImage",
    "ImageError",
    "InputError",
    "MissingExtraError",
    "MolmoActError",
    "PlatformError",
    "Point",
    "PointingModel",
    "Points",
    "QueryError",
    "StreamingTracker",
    "Track",
    "TrackerSettings",
    "TrackerStats",
    "Tracks",
    "load",
    "quantization_report",
]


_LAZY = {
    "load": "api",
    "PointingModel": "pointing_model",
    "EncodedImage": "encoded_image",
    "StreamingTracker": "tracking.streaming",
    "TrackerSettings": "tracking.settings",
    "TrackerStats": "tracking.streaming",
    "quantization_report": "drift",
}


def __getattr__(name: str) -> Any:
    """Imports torch and transformers when a model is first asked for, so that small programs start fast."""
    if name in _LAZY:
        return getattr(import_module(f"molmo_act.{_LAZY[name]}"), name)
    if name == "__version__":
        return metadata.version("molmo-act")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
