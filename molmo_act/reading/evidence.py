"""What reader, shapes and model know of one query about one image, before it is weighed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from molmo_act.outputs.points import Points
from molmo_act.reading.candidates import Candidate, candidates, text_features
from molmo_act.reading.controls import Control, control_of
from molmo_act.reading.icon_evidence import IconEvidence, icon_evidence, reaches
from molmo_act.reading.icons.seen_icons import SeenIcons
from molmo_act.reading.matching import TextIndex
from molmo_act.reading.query import ParsedQuery
from molmo_act.reading.scoring import absent_features, model_features
from molmo_act.reading.text import Box

LOOKED_BESIDE = 3
"""Places where a label is written beside which a control is looked for, the most similar ones."""
LEAST_LIKENESS = 0.7
"""Likeness of a label below which nothing is looked for beside it."""
_REACH = 0.75
"""Of its height, how far around written words a point of the model is taken to mean them."""


@dataclass(frozen=True)
class Evidence:
    """What is known of one query about one image before it is weighed.

    Attributes:
        query: The query, parsed.
        found: Places where its label is written.
        controls: For each of them the field or check box beside it; None where none was found.
        agreement: For each of them the score of the model's best point there, 0 without any.
        elsewhere: Numbers of the model's points that lie at none of them.
        points: The model's answer.
        icons: Places where the icon may be that the query names; None where it names none that is known.
    """

    query: ParsedQuery
    found: list[Candidate]
    controls: list[Control | None]
    agreement: list[float]
    elsewhere: list[int]
    points: Points
    icons: list[IconEvidence] | None = None

    @property
    def alike(self) -> float:
        """Likeness of the most similar words or icon, 0 without any."""
        icon = max((one.match.probability for one in self.icons or ()), default=0.0)
        return max(icon, self.found[0].likeness if self.found else 0.0)

    def text_evidence(self) -> list[list[float]]:
        """What `Weights.text` takes, for each place where the label is written."""
        return [
            text_features(candidate, agreed, self.points.absent, control.probability if control else 0.0)
            for candidate, agreed, control in zip(self.found, self.agreement, self.controls, strict=True)
        ]

    def places(self) -> list[tuple[float, float]]:
        """Where to point for each of `found`, in pixels: at the control, or at the label without any."""
        return [
            candidate.match.middle if control is None else control.middle
            for candidate, control in zip(self.found, self.controls, strict=True)
        ]

    def model_evidence(self, best_text: float) -> list[list[float]]:
        """What `Weights.model` takes, for each of `elsewhere`."""
        scores = self.points.score[self.elsewhere].tolist()
        return [model_features(score, best_text, self.points.absent) for score in scores]

    def icon_rows(self, best_text: float) -> list[list[float]]:
        """What `Weights.icon` takes, for each of `icons`."""
        asked = self.query.kind == "icon"
        return [one.features(best_text, self.points.absent, asked) for one in self.icons or ()]

    def absent_evidence(self, best: float) -> list[float]:
        """What `Weights.absent` takes."""
        return absent_features(best, self.points.absent, self.alike)


def weigh(
    points: Points,
    text: TextIndex,
    query: ParsedQuery,
    image: np.ndarray | None = None,
    icons: SeenIcons | None = None,
) -> Evidence:
    """Compares a model's points with what is written.

    Args:
        points: The model's answer about one image.
        text: What was read in that image.
        query: The query, parsed.
        image: uint8 (H, W, 3), RGB: that image, in which fields and check boxes are looked for beside their
            label; None to leave them.
        icons: The shapes of that image; None where nobody looked.

    Returns:
        The evidence. A query that asks for an icon is not looked for in the text.
    """
    found = [] if query.kind == "icon" else candidates(text, query)
    controls = [None if image is None else _beside(image, text, one, rank) for rank, one in enumerate(found)]
    boxes = [
        [one.match.box, *([control.box] if control else [])]
        for one, control in zip(found, controls, strict=True)
    ]
    agreement = [0.0] * len(found)
    own_points = [(x, y, _score(points, number)) for number, (x, y) in enumerate(points.xy.tolist())]
    shapes = icon_evidence(icons, query, own_points)
    elsewhere = []
    for number, (x, y) in enumerate(points.xy.tolist()):
        at = [index for index, own in enumerate(boxes) if any(_reaches(box, x, y) for box in own)]
        for index in at:
            agreement[index] = max(agreement[index], _score(points, number))
        if not at and not any(reaches(one.match, x, y) for one in (shapes or ())[:1]):
            elsewhere.append(number)
    return Evidence(query, found, controls, agreement, elsewhere, points, shapes)


def _beside(image: np.ndarray, text: TextIndex, candidate: Candidate, rank: int) -> Control | None:
    """The control beside a label that is not among many, nor much unlike what is asked for."""
    kind = candidate.reading.kind
    if candidate.likeness < LEAST_LIKENESS or rank >= (LOOKED_BESIDE if kind else 1):
        return None
    return control_of(image, candidate.match.box, text.text, kind)


def _reaches(box: Box, x: float, y: float) -> bool:
    reach = _REACH * (box[3] - box[1])
    return box[0] - reach <= x < box[2] + reach and box[1] - reach <= y < box[3] + reach


def _score(points: Points, number: int) -> float:
    score = float(points.score[number])
    return 0.5 if math.isnan(score) else score
