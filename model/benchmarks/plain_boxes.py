"""How far the tracker is from points on plain boxes: `python -m model.benchmarks.tracker --only plain`.

A plain box on a plain or textured ground stands still or moves, lies inside the frame or is cut off by its
edge. Its true point is known. Two ways of tracking are measured: a perfect pointer that answers twice a
second, and a point that was given once.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

import molmo_act

FRAME = (640, 480)  # width, height
FPS, SECONDS = 30, 1.2
COLOUR, GROUND = (200, 40, 40), (128, 132, 126)
SIZES = (20, 60, 100, 200, 400, 600)  # pixels, widths of boxes of 4:3
PLACES = ("inside", "side", "corner")
SPEEDS = (0.0, 0.4, 3.0)  # pixels a frame, along each axis that is free
NOISES = (0.0, 5.0)  # standard deviation of a channel, in levels of 255
GROUNDS = ("plain", "textured")


@dataclass(frozen=True)
class PlainBox:
    """A stream of one plain box.

    Attributes:
        size: Width in pixels; the height is three quarters of that.
        place: Where it lies: "inside" the frame, or a third of it beyond one "side" or beyond two at a
            "corner".
        speed: Pixels a frame along each axis; the box moves to and fro, so that its point stays in the frame.
        noise: Standard deviation of the camera's noise, in levels of 255.
        ground: "plain" or "textured"; it does not move.
    """

    size: int
    place: str
    speed: float
    noise: float
    ground: str = "plain"

    @property
    def corner(self) -> np.ndarray:
        """(2,), the top left corner on the first frame, in pixels."""
        sides, frame = self._sides, np.array(FRAME)
        middle = (frame - sides) / 2
        beyond = {"inside": (False, False), "side": (True, False), "corner": (True, True)}[self.place]
        return np.where(beyond, -sides / 3, middle)

    def shift(self, index: int) -> np.ndarray:
        """(2,), pixels by which the box has moved on a frame."""
        room = np.where(self.corner < 0, 0.15 * self._sides, self.corner)
        reach = np.clip(np.minimum(room, (45, 30)), self.speed, None)
        along = self.speed * index
        return np.array([_to_and_fro(along, far) for far in reach])

    def point(self, index: int, inside: tuple[float, float] = (0.5, 0.5)) -> np.ndarray:
        """(2,), a point of the box on a frame, in pixels.

        Args:
            index: Number of the frame.
            inside: Where it lies, as parts of what is visible of the box on the first frame.
        """
        low = np.maximum(self.corner, 0)
        high = np.minimum(self.corner + self._sides, FRAME)
        return low + (high - low) * inside + self.shift(index)

    def frames(self, seed: int = 0) -> Iterator[np.ndarray]:
        """Draws uint8 RGB (480, 640, 3), with edges at fractions of pixels."""
        rng = np.random.default_rng(seed)
        ground = np.full((FRAME[1], FRAME[0], 3), GROUND, np.float32)
        if self.ground == "textured":
            coarse = rng.uniform(-60, 60, (FRAME[1] // 8, FRAME[0] // 8, 3)).astype(np.float32)
            ground += np.kron(coarse, np.ones((8, 8, 1), np.float32))
        grain = rng.normal(0, 1, (2 * FRAME[1], 2 * FRAME[0], 3)).astype(np.float32) * self.noise
        for index in range(round(FPS * SECONDS)):
            (left, top), (width, height) = self.corner + self.shift(index), self._sides
            across, down = _covered(left, width, FRAME[0]), _covered(top, height, FRAME[1])
            alpha = (down[:, None] * across)[..., None]
            image = ground * (1 - alpha) + np.array(COLOUR, np.float32) * alpha
            if self.noise:  # a window of one large field of grain: as random, and drawn once
                x, y = rng.integers(0, FRAME[0]), rng.integers(0, FRAME[1])
                image += grain[y : y + FRAME[1], x : x + FRAME[0]]
            yield np.clip(image + 0.5, 0, 255).astype(np.uint8)

    @property
    def _sides(self) -> np.ndarray:
        return np.array([self.size, 0.75 * self.size])


def _to_and_fro(along: float, far: float) -> float:
    """A triangular wave: 0 to `far`, back through 0 to -`far`, and so on."""
    if far <= 0:
        return 0.0
    phase = (along + far) % (4 * far)
    return (phase if phase < 2 * far else 4 * far - phase) - far


def _covered(start: float, length: float, pixels: int) -> np.ndarray:
    """float32 (pixels,), what part of each pixel lies between `start` and `start + length`."""
    edges = np.arange(pixels)
    return np.clip(np.minimum(edges + 1, start + length) - np.maximum(edges, start), 0, 1).astype(np.float32)


@dataclass(frozen=True)
class Outcome:
    """What one tracker did on one stream.

    Attributes:
        errors: Pixels from the true point, on every frame on which the tracker says that it is visible.
        frames: Number of frames on which it is visible.
    """

    errors: list[float]
    frames: int


def with_pointer(box: PlainBox) -> Outcome:
    """Tracks the middle of a box that a perfect pointer names twice a second."""
    index = 0

    def pointer(image: np.ndarray, queries: list[str]) -> list[molmo_act.Points]:
        return [molmo_act.Points(box.point(index)[None], np.ones(1), image_size=[FRAME], query=queries[0])]

    tracker = molmo_act.StreamingTracker(
        pointer, ["the box"], molmo_act.TrackerConfig(rate=2, synchronous=True)
    )
    errors: list[float] = []
    for index, image in enumerate(box.frames()):
        tracks = tracker.update(image, index / FPS)
        errors += [_distance(one, box.point(index)) for one in tracks if one.visible]
    return Outcome(errors, index + 1)


def with_point(box: PlainBox, inside: tuple[float, float] = (0.3, 0.35)) -> Outcome:
    """Tracks a point of a box that is given once, on the first frame.

    Args:
        box: The stream.
        inside: See `PlainBox.point`.
    """
    tracker = molmo_act.StreamingTracker(
        lambda image, queries: [], config=molmo_act.TrackerConfig(synchronous=True)
    )
    errors: list[float] = []
    for index, image in enumerate(box.frames()):
        tracks = tracker.update(image, index / FPS)
        errors += [_distance(one, box.point(index, inside)) for one in tracks if one.visible]
        if index == 0:
            x, y = box.point(0, inside)
            tracker.add((float(x), float(y)))
    return Outcome(errors, index)


def _distance(track: molmo_act.Track, truth: np.ndarray) -> float:
    return float(np.hypot(track.x - truth[0], track.y - truth[1]))


def measure_plain(sizes: Sequence[int] = SIZES) -> dict[str, Any]:
    """Measures errors in pixels by way of tracking and size of the box, and of the worst kind of stream.

    Args:
        sizes: Widths of boxes in pixels.
    """
    found: dict[str, Any] = {}
    kinds = list(itertools.product(PLACES, SPEEDS, NOISES, GROUNDS))
    for way, track in {"pointer": with_pointer, "add": with_point}.items():
        found[way] = {}
        for size in tqdm(sizes, way):
            boxes = [PlainBox(size, *kind) for kind in kinds]
            found[way][str(size)] = _summary({box: track(box) for box in boxes})
    return found


def _summary(outcomes: dict[PlainBox, Outcome]) -> dict[str, Any]:
    errors = np.array([error for one in outcomes.values() for error in one.errors])
    medians = {box: float(np.median(one.errors)) if one.errors else 0.0 for box, one in outcomes.items()}
    worst = max(medians, key=lambda box: medians[box])
    return {
        "median_px": round(float(np.median(errors)), 2),
        "p95_px": round(float(np.percentile(errors, 95)), 2),
        "visible": round(len(errors) / sum(one.frames for one in outcomes.values()), 3),
        "worst_median_px": round(medians[worst], 2),
        "worst_kind": f"{worst.place}, {worst.speed} px a frame, noise {worst.noise}, {worst.ground} ground",
    }


def print_plain(found: dict[str, Any]) -> None:
    """Prints `measure_plain`'s result as a table."""
    print("| way | box, px | median, px | p95, px | visible | worst kind's median, px | worst kind |")
    print("|---|---|---|---|---|---|---|")
    for way, by_size in found.items():
        for size, row in by_size.items():
            print(f"| {way} | {size} | {' | '.join(str(value) for value in row.values())} |")
