"""Fuses a model's points with what is written: one list of places, each with its source and probability."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from molmo_act.outputs.points import Points
from molmo_act.reading.candidates import Candidate
from molmo_act.reading.evidence import Evidence, weigh
from molmo_act.reading.icon_evidence import reaches
from molmo_act.reading.icons.seen_icons import SeenIcons
from molmo_act.reading.matching import TextIndex
from molmo_act.reading.query import ParsedQuery, parse_query
from molmo_act.reading.scoring import Weights
from molmo_act.reading.text import Box
from molmo_act.reading.words import BESIDE, Kind
from molmo_act.request import Bounds

RIVAL_ODDS = 0.5
"""A place is returned beside the best one if its odds are at least this share of the best one's."""
LEAST_ICON = 0.5
"""Probability of a shape, by its looks alone, below which it does not answer a query for an icon."""
LEAST_SEEN = 0.5
"""Least score in the part of an image around a label at which the thing there is what belongs to it."""
_IN_ROW, _BELOW = 0.75, 2.0
"""Heights of a label from its middle, and below it, within which the middle of its control lies."""
_CROP = (48, 40, 360, 96)
"""Pixels left of, above, right of and below a label among which its field or check box is looked for."""
_CROP_WORDS: dict[Kind, str] = {
    "field": "the text field",
    "check box": "the check box",
    "choice": "the radio button",
    "list": "the drop-down list",
    "slider": "the slider",
}

Ask = Callable[[np.ndarray, str], Points]
"""Asks the model for the one best place in an image, uint8 (H, W, 3) RGB."""


@dataclass(frozen=True)
class Place:
    """A place that may be meant.

    Attributes:
        xy: Pixels of the image, pixel centres at +0.5.
        score: Probability that it is what the query names, in [0, 1].
        source: "model", "text", "both" or "icon".
    """

    xy: tuple[float, float]
    score: float
    source: str


def fuse(
    points: Points,
    text: TextIndex | None,
    bounds: Bounds,
    *,
    weights: Weights,
    image: np.ndarray | None = None,
    look: Callable[[Box, str], tuple[tuple[float, float], float] | None] | None = None,
    icons: SeenIcons | None = None,
) -> Points:
    """Fuses a model's answer about an image with what is written in it.

    Args:
        points: The model's answer, all its points.
        text: What was read; None where nothing could be. That leaves the answer as it is, as does a query for
            an icon, which has no text, unless it is an icon that is known.
        bounds: Which points are wanted.
        weights: Probabilities, see `molmo_act.reading.scoring.weights_for`.
        image: See `weigh`.
        look: Asks the model for a thing in a part of the image, see `looker`, where no outline of one was
            found; None to leave fields at their label.
        icons: The shapes of that image, which are compared with icons; None where nobody looked.

    Returns:
        The points, the likeliest first, with `Points.source`; `score` and `absent` are calibrated for reader
        and model together.
    """
    query = parse_query(points.query)
    if text is None:
        return alone(points, bounds)
    evidence = weigh(points, text, query, image, icons)
    if query.kind == "icon" and evidence.icons is None:
        return alone(points, bounds)
    written = [weights.text(row) for row in evidence.text_evidence()]
    best_text = max(written, default=0.0)
    places = []
    for number, (xy, score) in enumerate(zip(evidence.places(), written, strict=True)):
        if score < weights.least_text:
            continue
        source = "both" if evidence.agreement[number] else "text"
        place = Place(xy, score, source)
        if look is not None and evidence.controls[number] is None:
            place = _seen_place(evidence.found[number], place, look)
        places.append(place)
    places = _with_icons(places, evidence, weights, best_text)
    best_read = max((place.score for place in places), default=0.0)
    for number, row in zip(evidence.elsewhere, evidence.model_evidence(best_read), strict=True):
        x, y = points.xy[number].tolist()
        places.append(Place((x, y), weights.model(row), "model"))
    places.sort(key=lambda place: -place.score)
    absent, is_empty = _absence(evidence, places, weights)
    return _answer(points, _chosen(places, is_empty, query, bounds), absent)


def _with_icons(written: list[Place], evidence: Evidence, weights: Weights, best_text: float) -> list[Place]:
    """Adds where the icon may be that a query names; a sign that was read and seen is one place."""
    places = list(written)
    for one, row in zip(evidence.icons or (), evidence.icon_rows(best_text), strict=True):
        icon = Place(one.match.middle, weights.icon(row), "icon")
        same = [place for place in places if place.source != "icon" and reaches(one.match, *place.xy)]
        if icon.score < max([weights.least_text, *(place.score for place in same)]):
            continue
        places = [place for place in places if place not in same]
        places.append(icon)
    return places


def _absence(evidence: Evidence, places: Sequence[Place], weights: Weights) -> tuple[float, bool]:
    """Probability that nothing matches, and whether the answer is empty for it."""
    row = evidence.absent_evidence(places[0].score if places else 0.0)
    if evidence.query.kind == "icon":
        absent = weights.icon_absent(row)
        unlike = bool(places) and places[0].source == "icon" and evidence.alike < LEAST_ICON
        return absent, unlike or absent > weights.icon_empty_above
    absent = weights.absent(row)
    return absent, absent > weights.empty_above


def alone(points: Points, bounds: Bounds) -> Points:
    """Gives a model's answer as it is where nothing was read.

    Args:
        points: The model's answer, all its points.
        bounds: Which points are wanted.

    Returns:
        The points, whose source is "model".
    """
    least = bounds.min_score  # a score that is not known passes no bound but 0
    kept = [number for number, score in enumerate(points.score.tolist()) if score >= least or not least]
    return replace(points, source=("model",) * len(points))[kept[: bounds.max_points]]


def looker(image: np.ndarray, ask: Ask) -> Callable[[Box, str], tuple[tuple[float, float], float] | None]:
    """Makes what finds the thing that belongs to a label in the part of an image around it.

    Args:
        image: uint8 (H, W, 3), RGB.
        ask: Asks the model about the part.

    Returns:
        From a label's box and the words for a thing to (x, y) in pixels of the image and its score, or None.
    """

    def look(box: Box, words: str) -> tuple[tuple[float, float], float] | None:
        left, above, right, below = _CROP
        x0, y0 = max(int(box[0]) - left, 0), max(int(box[1]) - above, 0)
        part = image[y0 : int(box[3]) + below, x0 : int(box[2]) + right]
        best = ask(np.ascontiguousarray(part), words).best
        return None if best is None else ((best.x + x0, best.y + y0), best.score)

    return look


def _seen_place(
    candidate: Candidate,
    at_label: Place,
    look: Callable[[Box, str], tuple[tuple[float, float], float] | None],
) -> Place:
    """The field or check box beside a label where the model finds one; otherwise the place of the label."""
    kind = candidate.reading.kind
    if kind in BESIDE and kind is not None and at_label.score >= LEAST_SEEN:
        found = look(candidate.match.box, _CROP_WORDS[kind])
        if found is not None and found[1] >= LEAST_SEEN and _may_belong(candidate.match.box, *found[0], kind):
            return Place(found[0], at_label.score * found[1], "both")
    return at_label


def _may_belong(label: Box, x: float, y: float, kind: Kind) -> bool:
    """Whether what lies at a place can belong to a label: in its row, or a field right below it."""
    high = label[3] - label[1]
    in_row = abs(y - (label[1] + label[3]) / 2) <= _IN_ROW * high
    is_below = kind not in ("check box", "choice") and label[3] <= y <= label[3] + _BELOW * high
    return in_row or (is_below and x >= label[0] - high)


def _chosen(places: Sequence[Place], nothing: bool, query: ParsedQuery, bounds: Bounds) -> list[Place]:
    """Which places are the answer."""
    if bounds.exactly is not None:
        kept = list(places[: bounds.exactly])
    elif nothing or not places:
        kept = []
    else:
        least = RIVAL_ODDS * _odds(places[0].score) * (0.2 if query.several else 1)
        kept = [place for place in places if _odds(place.score) >= least]
    return [place for place in kept if place.score >= bounds.min_score][: bounds.max_points]


def _answer(points: Points, places: Sequence[Place], absent: float) -> Points:
    count = len(places)
    xy = np.array([place.xy for place in places], np.float32).reshape(-1, 2)
    return replace(
        points,
        xy=np.clip(xy, 0, points.image_size[0]),  # whatever a reader says
        score=np.array([place.score for place in places], np.float32),
        object_id=np.arange(1, count + 1),
        image_index=np.zeros(count, np.int64),
        source=tuple(place.source for place in places),
        absent=absent,
        features=None,
    )


def _odds(probability: float) -> float:
    return probability / max(1 - probability, 1e-9)
