"""J and F of the masks that `PointingModel.segment` gives, for all sets of referring expressions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from model.evaluation.benchmark import Prediction, Record, Scores, mean_of
from model.evaluation.metrics.davis import expression
from model.evaluation.video_sources import ObjectMasks, union
from molmo_act.outputs import rle

MASK_RULE = (
    "J and F of DAVIS, of all objects of an expression together, over all annotated frames, empty ones "
    "included; means over frames, then over expressions. A video that cannot be read counts as 0, as "
    "in MeViS. Points are asked for on sampled frames by this library's own prompt, and become masks "
    "by `segment`; the papers' program is not released."
)


def mask_scores(prediction: Prediction, masks: Sequence[ObjectMasks], size: tuple[int, int]) -> Scores:
    """Scores one expression.

    Masks of another size than the truth are brought to it (nearest), and counted as `resized`. On frames
    beyond the predicted ones nothing was found.

    Args:
        prediction: ``extra["masks"]`` and ``extra["size"]`` of `model.evaluation.asking_videos.segment`.
        masks: The true objects; without any, nothing is to be found on any frame.
        size: (width, height) of the frames, where no object has a mask.

    Raises:
        InputError: Masks cannot be read, or the true ones differ in size.
    """
    said = prediction.extra.get("masks", ())
    frames = sorted({frame for one in masks for frame in one.annotated}) or list(range(max(1, len(said))))
    truth = union(masks, frames, size)
    found = np.zeros(truth.shape, bool)
    width, height = prediction.extra.get("size", truth.shape[:0:-1])
    for place, frame in enumerate(frames):
        if frame < len(said) and said[frame] is not None:
            found[place] = _resized(rle.decode(said[frame], (width, height)), truth.shape[1:])
    j, f = expression(found, truth) or (0.0, 0.0)
    return {"j": j, "f": f, "j&f": (j + f) / 2, "resized": float((height, width) != truth.shape[1:])}


def mask_figures(records: Sequence[Record]) -> dict[str, float]:
    """Means over expressions."""
    return {name: mean_of(records, name) for name in ("j&f", "j", "f", "resized")}


def _resized(mask: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    if mask.shape == shape:
        return mask
    image = Image.fromarray(mask.astype(np.uint8)).resize((shape[1], shape[0]), Image.Resampling.NEAREST)
    return np.array(image).astype(bool)
