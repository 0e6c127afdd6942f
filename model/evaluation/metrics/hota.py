"""HOTA: how well objects are found, and how well they keep their ids.

Luiten et al. 2020, "HOTA: A Higher Order Metric for Evaluating Multi-Object Tracking". Numbers equal those of
TrackEval, for one sequence and for several combined; `tests/data/eval_oracle` holds its scores.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from molmo_act._optional import lazy_import

optimize = lazy_import("scipy.optimize", extra="train", purpose="evaluation")

ALPHAS = np.arange(0.05, 0.99, 0.05)
"""Similarities from which a pair counts as a match."""
MIDDLE = 9
"""Index of alpha 0.5, the value that Molmo 2 reports."""
_EPS = float(np.finfo(float).eps)
_LEAST = 1e-10  # a sequence without a match has LocA 1


@dataclass(frozen=True, eq=False)
class TrackedFrame:
    """One frame of a sequence.

    Attributes:
        truth_ids: (M,) ids of the true objects that are on the frame.
        track_ids: (N,) ids of the predicted ones.
        similarity: float (M, N) in [0, 1].
    """

    truth_ids: Sequence[int]
    track_ids: Sequence[int]
    similarity: np.ndarray


@dataclass(frozen=True, eq=False)
class Hota:
    """Counts of one or several sequences at each of `ALPHAS`, and the metrics that follow from them.

    Attributes:
        tp: (19,) matches.
        fn: (19,) true objects without a match.
        fp: (19,) predictions without a match.
        ass_a: (19,) association accuracy; 0 without a match.
        ass_re: (19,) association recall.
        ass_pr: (19,) association precision.
        loc_a: (19,) mean similarity of matches; 1 without a match.
    """

    tp: np.ndarray
    fn: np.ndarray
    fp: np.ndarray
    ass_a: np.ndarray
    ass_re: np.ndarray
    ass_pr: np.ndarray
    loc_a: np.ndarray

    @property
    def det_a(self) -> np.ndarray:
        """(19,) detection accuracy."""
        return self.tp / np.maximum(1, self.tp + self.fn + self.fp)

    @property
    def det_re(self) -> np.ndarray:
        """(19,) detection recall."""
        return self.tp / np.maximum(1, self.tp + self.fn)

    @property
    def det_pr(self) -> np.ndarray:
        """(19,) detection precision."""
        return self.tp / np.maximum(1, self.tp + self.fp)

    @property
    def hota(self) -> np.ndarray:
        """(19,) geometric mean of detection and association accuracy."""
        return np.sqrt(self.det_a * self.ass_a)

    @property
    def owta(self) -> np.ndarray:
        """(19,) as HOTA, but predictions that match nothing cost nothing (open-world tracking)."""
        return np.sqrt(self.det_re * self.ass_a)


def hota(frames: Sequence[TrackedFrame]) -> Hota:
    """Scores one sequence.

    A sequence without truth and without prediction has HOTA 0, as in TrackEval; Molmo 2 gives 1, see
    `model.evaluation.metrics.video_tracks`.
    """
    truth = _Index(frame.truth_ids for frame in frames)
    track = _Index(frame.track_ids for frame in frames)
    alignment = _alignment(frames, truth, track)
    matched = np.zeros((len(ALPHAS), len(truth.counts), len(track.counts)))
    tp, similar = np.zeros(len(ALPHAS)), np.zeros(len(ALPHAS))
    for frame in frames:
        rows, columns = truth.of(frame.truth_ids), track.of(frame.track_ids)
        if not len(rows) or not len(columns):
            continue
        similarity = np.asarray(frame.similarity, float)
        pairs = optimize.linear_sum_assignment(-alignment[np.ix_(rows, columns)] * similarity)
        found = similarity[pairs]
        passed = found[None] >= ALPHAS[:, None] - _EPS
        tp += passed.sum(axis=1)
        similar += (passed * found).sum(axis=1)
        matched[:, rows[pairs[0]], columns[pairs[1]]] += passed
    truths, tracks = truth.counts[:, None], track.counts[None]

    def associated(whole: np.ndarray) -> np.ndarray:
        return (matched * (matched / np.maximum(1, whole))).sum(axis=(1, 2)) / np.maximum(1, tp)

    return Hota(
        tp=tp,
        fn=truths.sum() - tp,
        fp=tracks.sum() - tp,
        ass_a=associated(truths + tracks - matched),
        ass_re=associated(truths),
        ass_pr=associated(tracks),
        loc_a=np.maximum(_LEAST, similar) / np.maximum(_LEAST, tp),
    )


def combine(sequences: Sequence[Hota]) -> Hota:
    """Combines sequences as TrackEval does: counts are summed, association is weighted by matches.

    This is not the mean of the scores of the sequences, which Molmo 2 reports.
    """

    def total(name: str) -> np.ndarray:
        return np.sum([getattr(one, name) for one in sequences] or [np.zeros(len(ALPHAS))], axis=0)

    def weighted(name: str) -> np.ndarray:
        values = [getattr(one, name) * one.tp for one in sequences]
        return np.sum(values or [np.zeros(len(ALPHAS))], axis=0)

    tp = total("tp")
    return Hota(
        tp=tp,
        fn=total("fn"),
        fp=total("fp"),
        ass_a=weighted("ass_a") / np.maximum(1, tp),
        ass_re=weighted("ass_re") / np.maximum(1, tp),
        ass_pr=weighted("ass_pr") / np.maximum(1, tp),
        loc_a=np.maximum(_LEAST, weighted("loc_a")) / np.maximum(_LEAST, tp),
    )


class _Index:
    """Numbers ids from 0 and counts on how many frames each is."""

    def __init__(self, frames: Iterable[Sequence[int]]) -> None:
        counts: dict[int, int] = {}
        for ids in frames:
            for number in ids:
                counts[number] = counts.get(number, 0) + 1
        self._place = {number: place for place, number in enumerate(sorted(counts))}
        self.counts = np.array([counts[number] for number in sorted(counts)], float)

    def of(self, ids: Sequence[int]) -> np.ndarray:
        return np.array([self._place[number] for number in ids], int)


def _alignment(frames: Sequence[TrackedFrame], truth: _Index, track: _Index) -> np.ndarray:
    """(objects, tracks): how much of the frames of either both are at one place."""
    shared = np.zeros((len(truth.counts), len(track.counts)))
    for frame in frames:
        rows, columns = truth.of(frame.truth_ids), track.of(frame.track_ids)
        if len(rows) and len(columns):
            similarity = np.asarray(frame.similarity, float)
            whole = similarity.sum(0)[None] + similarity.sum(1)[:, None] - similarity
            share = np.divide(similarity, whole, out=np.zeros_like(similarity), where=whole > _EPS)
            shared[np.ix_(rows, columns)] += share
    return shared / np.maximum(truth.counts[:, None] + track.counts[None] - shared, _EPS)
