"""Per-frame F1 and HOTA of tracked points, as Molmo2-VideoTrack defines them.

The official evaluator looks up masks by their place in a list: the j-th point of a frame is tested against
the j-th mask of the query, and recall is divided by all masks. As soon as an object is missing on a frame,
or points and masks are listed in another order, points are tested against masks of other objects. Published
numbers contain this, so ``by_object=False`` does the same; ``by_object=True`` gives what was meant.

Other conventions: frames scored are those with truth or with a prediction; a prediction on a frame without
truth scores 0; HOTA is that of alpha 0.5 with "the point lies on the mask" as similarity, video by video;
with neither truth nor prediction everything is 1, where TrackEval gives 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from model.evaluation.metrics.hota import MIDDLE, TrackedFrame, hota
from model.evaluation.metrics.matching import PointScore, assign, inside

Place = tuple[float, float]
"""x and y in pixels of the frame."""
PredictedTracks = Mapping[int, Mapping[str, Place]]
"""Frame → id of the object, as written → place."""


@dataclass(frozen=True, eq=False)
class TrackTruth:
    """What should have been tracked in one video.

    Attributes:
        points: Frame → (number of the object, x, y) of each that is there; frames without any are left out.
        masks: For each object a frame → bool (H, W); in the order of the data set.
        objects: Number of the object that each of `masks` is of.
    """

    points: Mapping[int, Sequence[tuple[int, float, float]]]
    masks: Sequence[Mapping[int, np.ndarray]]
    objects: Sequence[int]

    def masks_on(self, frame: int, *, by_object: bool) -> list[np.ndarray | None]:
        """The masks that the points of a frame are tested against, in the order of `points`.

        Args:
            frame: Number of the frame.
            by_object: False for the masks in the order of their list, which may be more or fewer.
        """
        at = [one.get(frame) for one in self.masks]
        if not by_object:
            return at
        place = {number: index for index, number in enumerate(self.objects)}
        return [at[place[number]] if number in place else None for number, _, _ in self.points.get(frame, ())]


@dataclass(frozen=True)
class TrackScore:
    """Scores of one video, in [0, 1]; HOTA and what it is made of at alpha 0.5."""

    precision: float
    recall: float
    f1: float
    hota: float
    det_a: float
    ass_a: float
    det_pr: float
    det_re: float
    loc_a: float
    frames: int


def first_of_each_id(moments: Iterable[tuple[int, Sequence[tuple[str, Place]]]]) -> PredictedTracks:
    """Collects predicted points by frame.

    Of several points of one id in one moment the first counts; of several moments that fall on one frame the
    last counts, whole.

    Args:
        moments: Frame, and id and place of each point, in the order of the answer.
    """
    found: dict[int, Mapping[str, Place]] = {}
    for frame, points in moments:
        at: dict[str, Place] = {}
        for number, place in points:
            at.setdefault(number, place)
        found[frame] = at
    return found


def score_frames(
    predicted: PredictedTracks, truth: TrackTruth, *, by_object: bool = False
) -> dict[int, PointScore]:
    """Precision, recall and F1 of every frame with truth or prediction, in order."""
    frames = sorted({frame for frame, points in predicted.items() if points} | set(truth.points))
    return {
        frame: _score_frame(list(predicted.get(frame, {}).values()), truth, frame, by_object)
        for frame in frames
    }


def score_tracks(predicted: PredictedTracks, truth: TrackTruth, *, by_object: bool = False) -> TrackScore:
    """Scores one video.

    Args:
        predicted: What was predicted; frames without points count as not predicted.
        truth: What should have been.
        by_object: Whether a point is tested against the mask of its object, see the module.
    """
    frames = score_frames(predicted, truth, by_object=by_object)
    if not frames:
        return TrackScore(1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, frames=0)
    precision, recall, f1 = np.mean([(one.precision, one.recall, one.f1) for one in frames.values()], axis=0)
    found = hota(tracked_frames(predicted, truth, by_object=by_object))
    return TrackScore(
        precision=float(precision),
        recall=float(recall),
        f1=float(f1),
        hota=float(found.hota[MIDDLE]),
        det_a=float(found.det_a[MIDDLE]),
        ass_a=float(found.ass_a[MIDDLE]),
        det_pr=float(found.det_pr[MIDDLE]),
        det_re=float(found.det_re[MIDDLE]),
        loc_a=float(found.loc_a[MIDDLE]),
        frames=len(frames),
    )


def tracked_frames(
    predicted: PredictedTracks, truth: TrackTruth, *, by_object: bool = False
) -> list[TrackedFrame]:
    """The video as HOTA reads it; ids are sorted as numbers in the truth, and as text in the prediction."""
    numbers = {
        name: at for at, name in enumerate(sorted({name for one in predicted.values() for name in one}))
    }
    frames = sorted({frame for frame, points in predicted.items() if points} | set(truth.points))
    return [_tracked(predicted.get(frame, {}), truth, frame, numbers, by_object) for frame in frames]


def _score_frame(points: Sequence[Place], truth: TrackTruth, frame: int, by_object: bool) -> PointScore:
    wanted = truth.points.get(frame, ())
    if not wanted:
        return PointScore.all(float(not points))
    if not points:
        return PointScore.all(0.0)
    masks = truth.masks_on(frame, by_object=by_object)
    pairs = assign(np.array(points, float), np.array([place for _, *place in wanted], float))
    hits = sum(column < len(masks) and inside(masks[column], *points[row]) for row, column in pairs)
    return PointScore.of(hits, len(points), len(masks)) if masks else PointScore.all(0.0)


def _tracked(
    points: Mapping[str, Place],
    truth: TrackTruth,
    frame: int,
    numbers: Mapping[str, int],
    by_object: bool,
) -> TrackedFrame:
    wanted = truth.points.get(frame, ())
    masks = truth.masks_on(frame, by_object=by_object)
    names = sorted(points, key=numbers.__getitem__)
    similarity = np.array(
        [
            [float(row < len(masks) and inside(masks[row], *points[name])) for name in names]
            for row in range(len(wanted))
        ]
    ).reshape(len(wanted), len(names))
    return TrackedFrame([number for number, _, _ in wanted], [numbers[name] for name in names], similarity)
