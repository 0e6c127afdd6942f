"""Compares ways to fuse masks propagated from both sides: `python -m model.evaluation.segmentation`.

Every second a frame gives the true point of each object that is visible; GrabCut carries masks between those
frames, and the ways to join what comes from the left and from the right are compared by J and F of DAVIS on
frames in between. Prints a table, with how far fusion is ahead clip by clip, and one JSON object last.
"""

from __future__ import annotations

import itertools
import json
import platform
import sys
from collections import defaultdict
from collections.abc import Callable

import numpy as np
from tqdm import tqdm

from model._cli import command, make_parser
from model.data.clips.generate import Clip, ClipFrame, ClipSettings
from model.evaluation.metrics.bootstrap import compared
from model.evaluation.metrics.segmentation import contour_accuracy, region_similarity
from molmo_act.segmentation.fusion import AGREEMENT, fuse
from molmo_act.segmentation.grabcut import GrabCut

SEED = 4_000_001
ENOUGH = 0.5  # of a object that must be visible on a frame that gives its point
Joiner = Callable[[np.ndarray, np.ndarray], np.ndarray]


def ways(agreement: float) -> dict[str, Joiner]:
    """Returns ways to join the mask propagated forwards with the one propagated backwards."""
    return {
        "left only": lambda left, right: left,
        "right only": lambda left, right: right,
        "intersection": lambda left, right: left & right,
        "union": lambda left, right: left | right,
        "larger": lambda left, right: left if left.sum() >= right.sum() else right,
        "smaller": lambda left, right: left if left.sum() <= right.sum() else right,
        "fusion": lambda left, right: fuse(left, right, agreement=agreement),
    }


def inner_point(mask: np.ndarray) -> np.ndarray:
    """Returns the pixel (x, y) deepest inside a mask."""
    import cv2

    depth = cv2.distanceTransform(np.pad(mask.astype(np.uint8), 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    row, column = np.unravel_index(int(np.argmax(depth)), depth.shape)
    return np.array([column + 0.5, row + 0.5])


def measure(clip: Clip, gap: int, agreement: float) -> dict[str, list[tuple[float, float]]]:
    """Returns J and F of every way, for every object and frame between two frames with points."""
    frames = list(clip)
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for start, end in itertools.pairwise(range(0, len(frames), gap)):
        part = frames[start : end + 1]
        for number in range(1, len(clip.movers) + 1):
            if min(part[0].share[number - 1], part[-1].share[number - 1]) >= ENOUGH:
                for way, scores in _measure_gap(part, number, agreement).items():
                    found[way] += scores
    return found


def _measure_gap(
    part: list[ClipFrame], number: int, agreement: float
) -> dict[str, list[tuple[float, float]]]:
    truths = [frame.owner == number for frame in part]
    images = [frame.image for frame in part]
    [left] = GrabCut()(images, inner_point(truths[0])[None])
    [right] = GrabCut()(images[::-1], inner_point(truths[-1])[None])
    right = right[::-1]
    found = {}
    for way, join in ways(agreement).items():
        masks = [join(left[i], right[i]) for i in range(1, len(part) - 1)]
        found[way] = [
            (region_similarity(mask, truth), contour_accuracy(mask, truth))
            for mask, truth in zip(masks, truths[1:-1], strict=True)
        ]
    return found


def _of_clips(scores: list[np.ndarray]) -> list[float]:
    """Returns J&F of each clip."""
    return [float(clip.mean()) for clip in scores]


@command
def main() -> None:
    """Command line."""
    parser = make_parser(__doc__)
    parser.add_argument("--clips", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=4.0, help="length of a clip")
    parser.add_argument("--fps", type=float, default=15.0, help="frames a second of the clips")
    parser.add_argument("--gap", type=int, default=15, help="frames from one with points to the next")
    parser.add_argument("--agreement", type=float, default=AGREEMENT, help="overlap from which masks agree")
    args = parser.parse_args()
    settings = ClipSettings(seconds=args.seconds, fps=args.fps)
    scores: dict[str, list[np.ndarray]] = defaultdict(list)  # of each clip (masks, 2)
    for number in tqdm(range(args.clips), unit="clip"):
        for way, found in measure(Clip(SEED + number, settings), args.gap, args.agreement).items():
            scores[way].append(np.array(found))
    fusion = _of_clips(scores["fusion"])
    results = {}
    print("| way | J | F | J&F | fusion is ahead by |\n|---|---|---|---|---|")
    for way, clips in scores.items():
        j, f = (float(value) for value in np.concatenate(clips).mean(axis=0))
        _, ahead, error = compared(fusion, _of_clips(clips))
        results[way] = {"J": round(j, 4), "F": round(f, 4), "J&F": round((j + f) / 2, 4)}
        results[way] |= {"fusion_ahead": round(ahead, 4), "standard_error": round(error, 4)}
        print(f"| {way} | {j:.3f} | {f:.3f} | {(j + f) / 2:.3f} | {ahead:+.4f} ± {error:.4f} |")
    about = {"machine": platform.machine(), "clips": args.clips, "masks": sum(map(len, scores["fusion"]))}
    print(json.dumps({**about, **results}))


if __name__ == "__main__":
    sys.exit(main())
