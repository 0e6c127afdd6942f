"""Clips of moving named shapes, with exact ground truth for every pixel of every frame.

clip = Clip(seed=1)
for frame in clip:
    frame.image, frame.owner, frame.timestamp

A clip is a world larger than the frame: a ground, shapes that move over it on smooth paths, pillars that
stand in front of them, a camera that pans and shakes, and light that changes. All follows from the seed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from model.data.scenes.backgrounds import background, noise_bank
from model.data.scenes.nouns import plural
from model.data.scenes.shapes import shape_sprite
from model.data.scenes.spec import shape_spec
from molmo_act._optional import lazy_import

cv2 = lazy_import("cv2", extra="train", purpose="drawing and measuring images")

WANTED_SHARE = 0.25  # of an object's pixels that must be visible for anybody to be expected to point at it
HIDDEN_SHARE = 0.05  # below it, an object counts as hidden; between the two nobody asks
_MARGIN = 60  # pixels of the world beyond every edge of the resting camera's view
_TRIES = 200  # to find another shape before one may be there in two colours
_STREAM = 71  # keeps the randomness of clips apart from that of other generators


@dataclass(frozen=True, kw_only=True)
class ClipEvents:
    """What happens in a clip, drawn or rendered.

    Attributes:
        seconds: Length.
        fps: Frames per second.
        camera: Whether the camera moves.
        leaving: Whether objects leave the view and come back.
        pillars: Whether pillars hide objects now and then.
        light: Whether the light changes.
        speed: How fast objects move, 1 as usual.
    """

    seconds: float
    fps: float
    camera: bool = True
    leaving: bool = True
    pillars: bool = True
    light: bool = True
    speed: float = 1.0


@dataclass(frozen=True, kw_only=True)
class ClipSettings(ClipEvents):
    """What a drawn clip shows; see `ClipEvents`, too.

    Attributes:
        size: (width, height) in pixels.
        objects: How many objects there are, twins not counted.
        twins: Whether some objects are there twice, with the same name and look.
    """

    size: tuple[int, int] = (320, 240)
    seconds: float = 8.0
    fps: float = 30.0
    objects: int = 4
    twins: bool = False


@dataclass(frozen=True)
class Wave:
    """A smooth path around a middle: two sines for each axis.

    Calling it with a time in seconds returns (x, y) in pixels, float (2,).
    """

    middle: np.ndarray
    reach: np.ndarray
    turns: np.ndarray
    phase: np.ndarray

    @classmethod
    def random(cls, rng: np.random.Generator, middle: np.ndarray, reach: np.ndarray, speed: float) -> Wave:
        """Draws a path.

        Args:
            rng: Source of all randomness.
            middle: (2,) the middle.
            reach: (2,) how far the path goes from it.
            speed: How fast it is followed, 1 as usual.

        Returns:
            The path.
        """
        shares = np.array([[0.75], [0.25]]) * reach
        turns = rng.uniform((0.05, 0.2), (0.12, 0.4), (2, 2)).T * speed  # of the slow and the fast sine
        return cls(middle, shares, turns, rng.uniform(0, 2 * np.pi, (2, 2)))

    def __call__(self, time: float) -> np.ndarray:
        """Returns (x, y) at a time in seconds, float (2,) pixels."""
        return self.middle + (self.reach * np.sin(2 * np.pi * self.turns * time + self.phase)).sum(axis=0)


@dataclass(frozen=True, eq=False)
class Mover:
    """An object that moves.

    Attributes:
        noun: What it is: "circle".
        colour: The name of its colour.
        sprite: uint8 (s, s, 4) RGBA, colour premultiplied by alpha.
        path: Where its middle is, world pixels.
        spin: Degrees by which it is turned, at most.
        swell: Part of its size by which it grows and shrinks.
        phase: Phase of both, radians.
    """

    noun: str
    colour: str
    sprite: np.ndarray
    path: Wave
    spin: float
    swell: float
    phase: float

    @property
    def phrase(self) -> str:
        """Colour and noun: "red circle"."""
        return f"{self.colour} {self.noun}"

    def lie(self, time: float, origin: np.ndarray) -> tuple[np.ndarray, int, int]:
        """Turns and scales the sprite as it lies at a time.

        Args:
            time: Seconds.
            origin: (2,) world pixels of the view's top left corner.

        Returns:
            The sprite, uint8 (h, w, 4) RGBA premultiplied, and the column and row of its corner in the view.
        """
        side = self.sprite.shape[0]
        half = int(0.75 * side * (1 + self.swell)) + 2
        at = self.path(time) - origin
        corner = np.floor(at).astype(int) - half
        angle = self.spin * np.sin(0.9 * time + self.phase)
        scale = 1 + self.swell * np.sin(0.7 * time + self.phase)
        matrix = cv2.getRotationMatrix2D(((side - 1) / 2, (side - 1) / 2), angle, scale)
        matrix[:, 2] += at - corner - 0.5 - (side - 1) / 2
        turned = cv2.warpAffine(self.sprite, matrix, (2 * half + 1, 2 * half + 1), flags=cv2.INTER_LINEAR)
        return turned, int(corner[0]), int(corner[1])


@dataclass(frozen=True, eq=False)
class ClipFrame:
    """One frame with its ground truth.

    Attributes:
        timestamp: Seconds.
        image: uint8 (H, W, 3) RGB.
        owner: uint8 (H, W), 1-based number of the object that is visible there, 0 for none.
        share: float (objects,), how much of each object is visible, in [0, 1].
        middle: float (objects, 2), the middle of each object in frame pixels, also where it is hidden.
    """

    timestamp: float
    image: np.ndarray
    owner: np.ndarray
    share: np.ndarray
    middle: np.ndarray


class AnnotatedClip(Protocol):
    """Frames with exact ground truth, drawn or rendered.

    Attributes:
        queries: Text of a query → numbers of the objects it asks for.
    """

    queries: dict[str, tuple[int, ...]]

    @property
    def fps(self) -> float:
        """Frames per second."""

    @property
    def seconds(self) -> float:
        """Length."""

    def __iter__(self) -> Iterator[ClipFrame]: ...


class Clip:
    """A clip, drawn anew each time it is iterated over.

    Args:
        seed: The same seed and settings give the same clip, byte for byte.
        settings: What it shows; the defaults of `ClipSettings` unless given.

    Attributes:
        fps: Frames per second.
        seconds: Length.
        movers: The objects; number n of `ClipFrame.owner` is `movers[n - 1]`.
        queries: Text of a query → numbers of the objects it asks for.
    """

    def __init__(self, seed: int, settings: ClipSettings | None = None) -> None:
        self.settings = settings = settings or ClipSettings()
        self.fps, self.seconds = settings.fps, settings.seconds
        self._seed = seed
        rng = np.random.default_rng((_STREAM, seed))
        width, height = settings.size
        self._ground = background(rng, width + 2 * _MARGIN, height + 2 * _MARGIN)
        self.movers = self._movers(rng)
        self.queries = name_queries([(mover.colour, mover.noun) for mover in self.movers])
        self._pillars = self._draw_pillars(rng) if settings.pillars else []
        self._camera = Wave.random(rng, np.zeros(2), np.full(2, 0.6 * _MARGIN), settings.speed)
        self._light_phase = rng.uniform(0, 2 * np.pi)

    def __len__(self) -> int:
        return round(self.settings.seconds * self.settings.fps)

    def __iter__(self) -> Iterator[ClipFrame]:
        rng = np.random.default_rng((_STREAM, self._seed, 1))
        for index in range(len(self)):
            yield self.draw(rng, index / self.settings.fps)

    def _movers(self, rng: np.random.Generator) -> tuple[Mover, ...]:
        movers: list[Mover] = []
        tries = 0
        while len({mover.phrase for mover in movers}) < self.settings.objects:
            spec = shape_spec(rng, list(dict.fromkeys(mover.noun for mover in movers)))
            tries += 1
            if spec is None or spec.colour is None:
                continue
            # There are only so many shapes that nobody confuses; beyond them, colours tell objects apart.
            alike = [mover.colour for mover in movers if mover.noun == spec.noun]
            if alike and (tries < _TRIES or spec.colour in alike):
                continue
            side = int(rng.uniform(0.15, 0.24) * min(self.settings.size))
            sprite = shape_sprite(rng, spec.noun, spec.colour, side, self._ground.mean(axis=(0, 1)))
            twin = self.settings.twins and rng.random() < 0.5
            movers += [self._mover(rng, spec.noun, spec.colour, sprite) for _ in range(1 + twin)]
        return tuple(movers)

    def _mover(self, rng: np.random.Generator, noun: str, colour: str, sprite: np.ndarray) -> Mover:
        width, height = self.settings.size
        view = np.array([width, height], float)
        reach = view * rng.uniform(0.2, 0.4, 2)
        if self.settings.leaving and rng.random() < 0.4:
            reach[int(rng.integers(2))] *= 2.2
        path = Wave.random(rng, view * rng.uniform(0.4, 0.6, 2), reach, self.settings.speed)
        return Mover(noun, colour, sprite, path, rng.uniform(0, 12), rng.uniform(0, 0.12), rng.uniform(0, 6))

    def _draw_pillars(self, rng: np.random.Generator) -> list[tuple[int, np.ndarray]]:
        """The first column of each in the world, and its pixels."""
        width, height = self.settings.size
        found = []
        for place in rng.choice([0.2, 0.5, 0.8], int(rng.integers(1, 3)), replace=False):
            wide = int(width * rng.uniform(0.08, 0.16))
            pixels = background(rng, max(wide, 8), height + 2 * _MARGIN)
            shade = np.linspace(0.5, 1, pixels.shape[1])[None, :, None]
            found.append((int(width * place) - wide // 2, (pixels * shade).astype(np.uint8)))
        return found

    def draw(self, rng: np.random.Generator, time: float) -> ClipFrame:
        """Draws the frame of a moment.

        Args:
            rng: Source of the camera's shaking and of the sensor noise.
            time: Seconds.

        Returns:
            The frame with its ground truth.
        """
        width, height = self.settings.size
        origin = self._camera(time) + rng.normal(0, 0.4, 2) if self.settings.camera else np.zeros(2)
        origin = np.clip(origin, -_MARGIN, _MARGIN)
        shift = np.array([[1, 0, -_MARGIN - origin[0]], [0, 1, -_MARGIN - origin[1]]])
        image = cv2.warpAffine(self._ground, shift, (width, height), flags=cv2.INTER_LINEAR)
        owner = np.zeros((height, width), np.uint8)
        full = np.zeros(len(self.movers))
        for number, mover in enumerate(self.movers, start=1):
            sprite, left, top = mover.lie(time, origin)
            full[number - 1] = np.count_nonzero(sprite[..., 3] > 127)
            _lay(image, owner, sprite, left, top, number)
        for column, pixels in self._pillars:
            left, top = round(column - origin[0]), round(-_MARGIN - origin[1])
            opaque = np.full((*pixels.shape[:2], 1), 255, np.uint8)
            _lay(image, owner, np.concatenate((pixels, opaque), axis=2), left, top, 0)
        seen = np.bincount(owner.ravel(), minlength=len(self.movers) + 1)[1:]
        middle = np.array([mover.path(time) - origin for mover in self.movers]).reshape(-1, 2)
        return ClipFrame(time, self._exposed(rng, image, time), owner, seen / full, middle)

    def _exposed(self, rng: np.random.Generator, image: np.ndarray, time: float) -> np.ndarray:
        """What the light of the moment and the noise of a sensor make of it."""
        rows, columns = image.shape[:2]
        gain = 1 + 0.2 * np.sin(1.1 * time + self._light_phase) if self.settings.light else 1.0
        bank = noise_bank()
        y, x = rng.integers(0, bank.shape[0] - rows + 1), rng.integers(0, bank.shape[1] - columns + 1)
        noise = bank[y : y + rows, x : x + columns]
        return cv2.addWeighted(image, float(gain), noise, 0.08, -128 * 0.08)


def name_queries(names: Sequence[tuple[str, str]]) -> dict[str, tuple[int, ...]]:
    """Makes queries that ask for objects by colour and noun.

    Args:
        names: (colour, noun) of object 1, 2, 3, …

    Returns:
        Text of a query → numbers, from 1, of the objects it asks for.
    """
    numbers: dict[tuple[str, str], list[int]] = {}
    for number, name in enumerate(names, start=1):
        numbers.setdefault(name, []).append(number)
    found = {}
    for (colour, noun), of in numbers.items():
        text = f"the {colour} {noun}" if len(of) == 1 else f"{colour} {plural(noun) or noun}"
        found[text] = tuple(of)
    return found


def _lay(image: np.ndarray, owner: np.ndarray, sprite: np.ndarray, left: int, top: int, number: int) -> None:
    """Lays uint8 (h, w, 4) RGBA, colour premultiplied by alpha, over an image and its owners."""
    rows, columns = owner.shape
    y0, y1 = max(top, 0), min(top + sprite.shape[0], rows)
    x0, x1 = max(left, 0), min(left + sprite.shape[1], columns)
    if y0 >= y1 or x0 >= x1:
        return
    part = sprite[y0 - top : y1 - top, x0 - left : x1 - left]
    ground = image[y0:y1, x0:x1]
    rest = 255 - part[..., 3:].astype(np.uint16)
    ground[:] = np.minimum(part[..., :3] + (ground * rest + 127) // 255, 255)
    owner[y0:y1, x0:x1][part[..., 3] > 127] = number
