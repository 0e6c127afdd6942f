"""The optional packages that following needs, imported when they are first asked for; knows nothing else."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from molmo_act.errors import MissingExtraError

_PURPOSE = "following objects on video"


def opencv() -> ModuleType:
    """The module cv2.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        import cv2
    except ImportError as exc:
        raise MissingExtraError("opencv-python-headless", "video", _PURPOSE) from exc
    return cv2


def assignment() -> Callable[..., Any]:
    """`scipy.optimize.linear_sum_assignment`.

    Raises:
        MissingExtraError: SciPy is not installed.
    """
    try:
        from scipy.optimize import linear_sum_assignment
    except ImportError as exc:
        raise MissingExtraError("scipy", "video", _PURPOSE) from exc
    return linear_sum_assignment
