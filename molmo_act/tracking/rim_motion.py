"""The motion on which the points of a rim agree, each of which sees only the part across the rim.

A side of a box says nothing of motion along itself (the aperture problem), so it has no vote on it: in every
direction in which the rim can see motion, enough of the points that see it must agree, and clearly more than
contradict. Where opposite sides are seen along both axes, they also tell a change of size and a turn; along
one axis only, a change of size would look just like a side that something covers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MIN_RIM_POINTS = 4
MIN_AGREEMENT = 0.35  # of what could tell the motion in a direction; an object may cover the rest
MIN_TRUSTED = 0.05  # of the same, that is no edge of another thing
MIN_MAJORITY = 0.1  # of the same, by which what agrees exceeds what contradicts
_MAX_RESIDUAL = 0.75  # pixels between a point's motion across the rim and that of the whole
_UNSEEN = 0.2  # singular value, relative to the largest, of a direction of which the rim says nothing
_SIZE_SEEN = 0.1  # of the squared size of a rim, along each axis, that tells a change of size from a shift
_DOUBT = 0.5  # vote of a point beyond which the colour has changed: it may lie on the edge of what covers it


@dataclass(frozen=True, eq=False)
class Motion:
    """A shift, a change of size and a turn.

    Attributes:
        shift: float64 (2,), of `centre`, in pixels.
        centre: float64 (2,), pixels.
        growth: float64 (2, 2), what is added to distances from the centre, as a part of them.
    """

    shift: np.ndarray
    centre: np.ndarray
    growth: np.ndarray

    @classmethod
    def none(cls) -> Motion:
        """No motion."""
        return cls(np.zeros(2), np.zeros(2), np.zeros((2, 2)))

    def of(self, points: np.ndarray) -> np.ndarray:
        """Tells how points move.

        Args:
            points: (..., 2), pixels.

        Returns:
            float64 (..., 2), pixels.
        """
        return np.asarray(self.shift + (points - self.centre) @ self.growth.T)

    def turned(self, directions: np.ndarray) -> np.ndarray:
        """Turns directions.

        Args:
            directions: (K, 2), of length 1.

        Returns:
            float64 (K, 2), of length 1.
        """
        turned = directions + directions @ self.growth.T
        return np.asarray(turned / np.linalg.norm(turned, axis=1, keepdims=True))


@dataclass(frozen=True, eq=False)
class Measured:
    """What is found of a rim's points on a frame.

    Attributes:
        across: float64 (K,), pixels outwards by which each has moved; 0 where it is not found.
        found: bool (K,).
        beyond: float32 (K, 3), the colour outside of it.
        doubtful: bool (K,), whether that is another one than before.
        plain_ground: Whether it was alike around the whole rim, so that it does not change by motion alone.
    """

    across: np.ndarray
    found: np.ndarray
    beyond: np.ndarray
    doubtful: np.ndarray
    plain_ground: bool = True


def common_motion(
    points: np.ndarray, outwards: np.ndarray, measured: Measured
) -> tuple[Motion | None, np.ndarray]:
    """Finds the motion on which most points of a rim agree.

    Args:
        points: float64 (K, 2), where they were, in pixels.
        outwards: float64 (K, 2), the directions across the rim there.
        measured: How far each has moved.

    Returns:
        The motion, or None where it cannot be told in a direction in which the rim could see it; and bool
        (K,), which points agree with it.
    """
    centre = points.mean(axis=0)
    size = max(float(np.sqrt(np.square(points - centre).sum(axis=1).mean())), 1.0)
    away = (points - centre) / size
    growing = (outwards * away).sum(axis=1)
    turning = outwards[:, 1] * away[:, 0] - outwards[:, 0] * away[:, 1]
    rows = np.column_stack([outwards, growing, turning])
    sized = _sees_size(outwards, growing)
    found, across = measured.found, measured.across
    if found.sum() < MIN_RIM_POINTS:
        return None, np.zeros(len(points), bool)
    votes = np.where(measured.doubtful, _DOUBT, 1.0)[found]
    best = _most_agreed(rows[found], across[found], votes, sized)
    agrees = np.zeros(len(points), bool)
    for _ in range(3):
        agrees = found & (np.abs(rows @ best - across) < _MAX_RESIDUAL)
        best = _least_squares(rows[agrees], across[agrees], sized)
    agrees = found & (np.abs(rows @ best - across) < _MAX_RESIDUAL)
    against = found & ~agrees & ~measured.doubtful
    if not _told(outwards, agrees, against) or not _trusted(outwards, agrees, measured):
        return None, agrees
    grows, turns = best[2:] / size
    return Motion(best[:2], centre, np.array([[grows, -turns], [turns, grows]])), agrees


def _told(outwards: np.ndarray, agrees: np.ndarray, against: np.ndarray) -> bool:
    """Whether in every direction that the rim sees enough of it agrees and clearly less contradicts."""
    return (
        agrees.sum() >= MIN_RIM_POINTS
        and least_share(outwards, agrees) >= MIN_AGREEMENT
        and least_share(outwards, agrees.astype(float) - against) >= MIN_MAJORITY
    )


def _trusted(outwards: np.ndarray, agrees: np.ndarray, measured: Measured) -> bool:
    """Whether in no direction all that agrees may be the edge of a thing that covers the region."""
    return not measured.plain_ground or least_share(outwards, agrees & ~measured.doubtful) >= MIN_TRUSTED


def least_share(outwards: np.ndarray, weights: np.ndarray) -> float:
    """Tells how much of what a rim sees of motion some of its points see, in the direction of the least.

    Args:
        outwards: float64 (K, 2), of all points.
        weights: (K,), 1 for the points, 0 for the others; also negative.

    Returns:
        Share, at most 1; directions of which the whole rim says nothing do not count. 1 without any points.
    """
    if not len(outwards):
        return 1.0
    seen, axes = np.linalg.eigh(outwards.T @ outwards)
    known = seen > _UNSEEN**2 * seen[-1]
    scaled = outwards @ (axes[:, known] / np.sqrt(seen[known]))
    return float(np.linalg.eigvalsh((scaled * np.asarray(weights, float)[:, None]).T @ scaled)[0])


def _sees_size(outwards: np.ndarray, growing: np.ndarray) -> bool:
    """Whether opposite sides are seen along both axes, so that a change of size differs from a shift."""
    rest = np.square(growing - outwards @ np.linalg.lstsq(outwards, growing, rcond=_UNSEEN)[0])
    upright = np.abs(outwards[:, 0]) > np.abs(outwards[:, 1])
    return bool(min(rest[upright].sum(), rest[~upright].sum()) > _SIZE_SEEN * len(rest) / 2)


def _most_agreed(rows: np.ndarray, across: np.ndarray, votes: np.ndarray, sized: bool) -> np.ndarray:
    """(4,), of shifts and changes of size that few points tell the one with which most agree."""
    count = len(rows)
    candidates = [np.zeros((1, 4)), _least_squares(rows, across, sized)[None]]
    for apart in sorted({count // 4, count // 3, count // 2} - {0}):
        candidates.append(_solved(rows, across, (0, apart), 2))
        if sized:
            candidates.append(_solved(rows, across, (0, apart, (2 * apart) % count), 3))
    tried = np.concatenate(candidates)
    agreeing = (np.abs(tried @ rows.T - across) < _MAX_RESIDUAL) @ votes
    # Of motions with which equally many agree, the smallest.
    return np.asarray(tried[(agreeing - 1e-3 * np.linalg.norm(tried, axis=1)).argmax()])


def _solved(rows: np.ndarray, across: np.ndarray, steps: tuple[int, ...], unknowns: int) -> np.ndarray:
    """(C, 4), what each group of points tells that see enough different directions."""
    chosen = (np.arange(len(rows))[:, None] + np.array(steps)) % len(rows)
    systems = rows[chosen][..., :unknowns]
    clear = np.abs(np.linalg.det(systems)) > 0.3
    solved = np.linalg.solve(systems[clear], across[chosen][clear][..., None])[..., 0]
    return np.pad(solved, ((0, 0), (0, 4 - unknowns)))


def _least_squares(rows: np.ndarray, across: np.ndarray, sized: bool) -> np.ndarray:
    """(4,), shift, growth and turn; the latter two only where they are seen."""
    shift = np.asarray(np.linalg.lstsq(rows[:, :2], across, rcond=_UNSEEN)[0])
    if not sized or len(rows) < MIN_RIM_POINTS:
        return np.pad(shift, (0, 2))
    # Of what the shift leaves: what is not seen of growth and turn is none, and the shift takes precedence.
    rest = rows[:, 2:] - rows[:, :2] @ np.linalg.lstsq(rows[:, :2], rows[:, 2:], rcond=_UNSEEN)[0]
    strength = np.square(rest).mean(axis=0)
    rest = np.where(strength > _SIZE_SEEN**2, rest, 0)
    further = np.linalg.lstsq(rest, across - rows[:, :2] @ shift, rcond=0.05)[0]
    shift = np.linalg.lstsq(rows[:, :2], across - rows[:, 2:] @ further, rcond=_UNSEEN)[0]
    return np.concatenate([shift, further])
