"""OpenCV, imported when it is first needed; knows nothing else."""

from __future__ import annotations

from types import ModuleType

from molmo_act.errors import MissingExtraError


def opencv() -> ModuleType:
    """The module cv2.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        import cv2
    except ImportError as exc:
        raise MissingExtraError("opencv-python-headless", "video", "following objects on video") from exc
    return cv2
