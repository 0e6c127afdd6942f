"""Loads the model of a node."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from molmo_act import PointingModel
    from molmo_act.model_options import ModelOptions

#: Gives the model that the parameters of a node ask for.
LoadModel = Callable[["ModelOptions"], "PointingModel"]

_WARM_UP = np.full((480, 640, 3), 128, np.uint8)  # a blank image of a usual size


def load_model(options: ModelOptions) -> PointingModel:
    """Loads a checkpoint with the library and lets it answer once, so that its first answer is not slow.

    Args:
        options: Which checkpoint, and how it will be asked.

    Returns:
        The model.

    Raises:
        CheckpointError: The checkpoint cannot be loaded.
        InputError: An option does not fit this model.
    """
    model = options.load()
    model.point(_WARM_UP, ["warm-up", "second warm-up"], **options.point_options)
    return model
