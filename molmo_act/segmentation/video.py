"""Segments what a model points at on every k-th frame of a video, and the frames between.

VideoMolmo (arXiv 2506.05336): masks are propagated from both sampled frames around a frame and fused. The
paper joins all objects into one mask; here each has its own, so that those of two sampled frames are matched.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from molmo_act.errors import InputError
from molmo_act.outputs.masks import Masks
from molmo_act.outputs.points import Points
from molmo_act.segmentation.fusion import AGREEMENT, check_agreement, fuse
from molmo_act.segmentation.identity import Identities, SampledObjects, contains, tube_overlap
from molmo_act.segmentation.lost import LostObjects, vanished_agreement
from molmo_act.segmentation.propagator import MaskPropagator, propagated
from molmo_act.validation import check_bool, check_int

RATE = 5
"""Every which frame the model is asked about, k of the paper's main result."""
Asker = Callable[[np.ndarray, Sequence[np.ndarray]], Sequence[Points]]
"""Takes a frame, uint8 RGB (H, W, 3), and those before it, in order; returns the points of each query."""


@dataclass(frozen=True)
class SegmentOptions:
    """How a video is segmented.

    Attributes:
        rate: The model is asked about every frame of which the number is a multiple of it.
        bidirectional: Whether masks are propagated from both sides and fused; otherwise only forwards.
        agreement: See `molmo_act.segmentation.fusion.fuse`.
        frames_before: How many frames before a sampled one the model is shown.

    Raises:
        InputError: One is of the wrong kind or out of range.
    """

    rate: int = RATE
    bidirectional: bool = True
    agreement: float = AGREEMENT
    frames_before: int = 0

    def __post_init__(self) -> None:
        check_int("rate", self.rate)
        check_bool("bidirectional", self.bidirectional)
        check_agreement(self.agreement)
        check_int("frames_before", self.frames_before, least=0)


Frame = tuple[np.ndarray, float]
"""uint8 RGB (H, W, 3) and its seconds."""


def segment_frames(
    frames: Iterable[Frame], ask: Asker, propagate: MaskPropagator, options: SegmentOptions
) -> Iterator[tuple[np.ndarray, Masks]]:
    """Segments a video of any length; frames from one sampled one to the next are in memory.

    Args:
        frames: Frames with their seconds, in order, of one size.
        ask: The model.
        propagate: Propagates masks.
        options: How.

    Yields:
        Each frame with its masks.

    Raises:
        InputError: Frames differ in size, or the propagator gives no masks of theirs.
    """
    identities = Identities()
    part: list[Frame] = []
    left: SampledObjects | None = None
    before: deque[np.ndarray] = deque(maxlen=options.frames_before)
    for index, (image, seconds) in enumerate(frames):
        if part:
            _check_size(image, part[0][0], index)
        if index % options.rate == 0:
            right = SampledObjects.of(ask(image, list(before)), image)
            if left is None:
                left, lost = identities.number(right), LostObjects.none(image)
            else:
                stretch = Stretch(part, left, lost, (image, right))
                left, lost = yield from stretch.segment(propagate, identities, options)
            part = []
        part.append((image, seconds))
        before.append(image)
    if left is not None:
        end = Stretch(part, left, LostObjects.none(part[0][0]), None)
        yield from end.segment(propagate, identities, options)


@dataclass(frozen=True)
class Stretch:
    """A sampled frame and those up to the next one.

    Attributes:
        frames: The frames; the first one is sampled.
        left: The objects on the first one, numbered.
        lost: Those that are not on it.
        end: The next sampled frame and the objects on it; None at the end of the video.
    """

    frames: list[Frame]
    left: SampledObjects
    lost: LostObjects
    end: tuple[np.ndarray, SampledObjects] | None

    def segment(
        self, propagate: MaskPropagator, identities: Identities, options: SegmentOptions
    ) -> Generator[tuple[np.ndarray, Masks], None, tuple[SampledObjects, LostObjects]]:
        """Segments the frames.

        Args:
            propagate: Propagates masks.
            identities: Numbers the objects at the end.
            options: How.

        Yields:
            Each frame with its masks.

        Returns:
            The objects at the end, numbered, and those that are lost there.
        """
        images = [image for image, _ in self.frames]
        last = images if self.end is None else [*images, self.end[0]]
        lost = self.lost
        starts = np.concatenate([self.left.xy, lost.objects.xy[lost.followed]])
        forwards, tubes = np.split(propagated(propagate, last, starts), [len(self.left)])
        kept = self.left.distinct(forwards[:, 0], options.agreement)
        left, forwards = self.left.select(kept), forwards[kept]
        right = SampledObjects.of([], images[0])
        backwards = forwards[:0]
        if self.end is not None:
            right = self.end[1]
            if options.bidirectional:
                backwards = propagated(propagate, last[::-1], right.xy)[:, ::-1]
                kept = right.distinct(backwards[:, -1], options.agreement)
                right, backwards = right.select(kept), backwards[kept]
                agreement = tube_overlap(forwards, backwards)
            else:
                agreement = contains(forwards[:, -1], right.xy)
            sides = backwards if options.bidirectional else None
            agreement = np.maximum(agreement, vanished_agreement(forwards, right, sides))
            again = lost.agreement(tubes, right, sides)
            right = identities.number(right, (left, agreement), (lost.objects, again))
            lost = lost.after(tubes, left, forwards, right.object_id.tolist())
        ways = (_Way(left, forwards), _Way(right.select(range(len(backwards))), backwards))
        for index, (image, seconds) in enumerate(self.frames):
            yield image, _fused(*ways, index, seconds, options.agreement)
        return right, lost


@dataclass(frozen=True, eq=False)
class _Way:
    """Objects and their masks, bool (N, T, H, W), propagated from one side."""

    objects: SampledObjects
    masks: np.ndarray

    def on(self, index: int) -> dict[int, tuple[np.ndarray, float, str]]:
        """Number of each object → its mask on a frame, its score and its query."""
        objects, masks = self.objects, self.masks[:, index]
        return {
            int(number): (mask, float(score), query)
            for number, mask, score, query in zip(
                objects.object_id, masks, objects.score, objects.query, strict=True
            )
        }


def _fused(left: _Way, right: _Way, index: int, seconds: float, agreement: float) -> Masks:
    """The masks of one frame; on the sampled one, number 0, they are those of its own points."""
    found = left.on(index)
    for number, (mask, score, query) in (right.on(index) if index else {}).items():
        if number in found:
            mask, score, query = fuse(found[number][0], mask, agreement=agreement), *found[number][1:]
        found[number] = mask, score, query
    numbers = sorted(found)
    return Masks.of_arrays(
        np.array([found[number][0] for number in numbers]).reshape(-1, *left.masks.shape[2:]).astype(bool),
        object_id=numbers,
        query=[found[number][2] for number in numbers],
        score=[found[number][1] for number in numbers],
        seconds=seconds,
        sampled=index == 0,
        truncated=left.objects.truncated,
    )


def _check_size(image: np.ndarray, first: np.ndarray, index: int) -> None:
    if image.shape != first.shape:
        raise InputError(
            f"Frame {index} has {image.shape[1]}×{image.shape[0]} pixels, and those before it "
            f"{first.shape[1]}×{first.shape[0]}; expected one size."
        )
