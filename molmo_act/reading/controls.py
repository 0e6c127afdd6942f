"""What belongs to a written label: the field, box to tick or slider beside it, with its probability."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from molmo_act.reading.outlines import GROUP_OF, GROUPS, OUTLINE_FEATURES, UNSAID, outlines
from molmo_act.reading.scoring import Logistic
from molmo_act.reading.text import Box, ReadText
from molmo_act.reading.words import Kind

CONTROL_FILE = Path(__file__).with_name("control_weights.json")
"""What ``python -m model.evaluation.controls --write`` fitted."""
_SPARE = 0.15
"""Of a label's height: what may be space above its letters, and below them."""
LEAST_SURE, LEAST_SURE_UNSAID = 0.5, 0.8
"""Least probability of a control where the query says that it wants one, and where it names no kind."""


@dataclass(frozen=True)
class Control:
    """A control that was found beside its label.

    Attributes:
        box: Where it is, in pixels of the image.
        probability: That it is the control of the label, in [0, 1].
    """

    box: Box
    probability: float

    @property
    def middle(self) -> tuple[float, float]:
        """The middle of its box, in pixels."""
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2


def control_of(image: np.ndarray, label: Box, text: ReadText, kind: Kind | None) -> Control | None:
    """Finds the control that belongs to a label by its outline.

    Args:
        image: uint8 (H, W, 3), RGB.
        label: Where the label is written, in pixels.
        text: What was read in the image.
        kind: What is wanted; None where the query does not say.

    Returns:
        The likeliest one; None where none is likely enough, or the kind does not stand beside its label.
    """
    group = GROUP_OF.get(kind)
    if group is None:
        return None
    weights = control_weights()[group]
    least = LEAST_SURE_UNSAID if group == UNSAID else LEAST_SURE
    for tried in (label, _tighter(label)):
        found = [(weights(each.features), each.box) for each in outlines(image, tried, text, group)]
        probability, box = max(found, default=(0.0, label))
        if probability >= least:
            return Control(box, probability)
    return None


def _tighter(label: Box) -> Box:
    """A label without the space above and below its letters; readers take in more of it at times."""
    high = label[3] - label[1]
    return label[0], label[1] + _SPARE * high, label[2], label[3] - _SPARE * high


@cache
def control_weights() -> dict[str, Logistic]:
    """Reads the weights that come with the library, for each group of controls."""
    stored = json.loads(CONTROL_FILE.read_text(encoding="utf-8"))
    return {
        group: Logistic(
            float(stored[group]["offset"]),
            tuple(float(stored[group]["weights"][name]) for name in OUTLINE_FEATURES),
        )
        for group in GROUPS
    }
