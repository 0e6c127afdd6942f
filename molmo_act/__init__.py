"""Grounding by pointing: words and pixels in, points out."""

from __future__ import annotations

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

if TYPE_CHECKING:
    from molmo_act.api import PointingModel, load

__all__ = [
    "CheckpointError",
    "ImageError",
    "InputError",
    "MissingExtraError",
    "MolmoActError",
    "PlatformError",
    "Point",
    "PointingModel",
    "Points",
    "QueryError",
    "load",
]


def __getattr__(name: str) -> Any:
    """Imports torch and transformers when a model is first asked for, so that small programs start fast."""
    if name in ("PointingModel", "load"):
        from molmo_act import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
