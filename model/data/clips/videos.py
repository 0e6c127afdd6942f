"""Drawn clips as videos to learn from, with exact points and tracks on every frame."""

from __future__ import annotations

import numpy as np

from model.data.clips.generate import Clip, ClipFrame, ClipSettings
from model.data.scenes.objects import centre_of_largest
from model.data.schema import FramePoint, VideoQuery, VideoSample
from molmo_act.models.molmo_point.frame_sampling import SampledVideo

FPS = 2.0  # as released models see videos
LEAST_SHARE = 0.3
"""Of an object, that has to be visible for it to be seen."""
SIZES = ((320, 240), (240, 320), (400, 240))
MAX_OBJECTS = 5


class ClipVideos:
    """Videos that are drawn on demand.

    Args:
        frames: Most frames of a video.
        size: How many videos it counts as in a mixture; it never repeats one.
    """

    def __init__(self, frames: int, size: int) -> None:
        self._frames = frames
        self.blocks = (size,)

    def read(self, index: int, rng: np.random.Generator) -> VideoSample:
        """Draws a new video, whatever the index; see `Source.read`."""
        count = int(rng.integers(2, max(self._frames, 2) + 1))
        settings = ClipSettings(
            size=SIZES[int(rng.integers(len(SIZES)))],
            seconds=count / FPS,
            fps=FPS,
            objects=int(rng.integers(1, MAX_OBJECTS + 1)),
            twins=bool(rng.random() < 0.3),
        )
        clip, other = (Clip(int(seed), settings) for seed in rng.integers(2**31, size=2))
        return video_sample(clip.queries, list(clip), other.queries)


def video_sample(
    queries: dict[str, tuple[int, ...]], frames: list[ClipFrame], others: dict[str, tuple[int, ...]]
) -> VideoSample:
    """Turns frames with exact ground truth into a video with queries.

    Args:
        queries: Text of a query → numbers of the objects it asks for.
        frames: All frames that are shown.
        others: Queries of another clip; the first that is none of this clip's is asked as absent.

    Returns:
        The video; each query is asked for tracks and for points.
    """
    places = [_places(frame) for frame in frames]
    asked = [query for text, numbers in queries.items() for query in _asked(text, numbers, places, frames)]
    missing = [text for text in others if text not in queries]
    asked += [VideoQuery(text, _label(text), (), "pointing") for text in missing[:1]]
    height, width = frames[0].image.shape[:2]
    video = SampledVideo(
        frames=np.stack([frame.image for frame in frames]),
        timestamps=tuple(frame.timestamp for frame in frames),
        video_size=(width, height),
    )
    return VideoSample(video, tuple(asked))


def _places(frame: ClipFrame) -> dict[int, tuple[float, float]]:
    """Middle of what is visible of each object that is seen, by its number."""
    seen = [n for n, share in enumerate(frame.share, start=1) if share >= LEAST_SHARE]
    return {n: centre_of_largest(frame.owner == n) for n in seen if (frame.owner == n).any()}


def _asked(
    text: str,
    numbers: tuple[int, ...],
    places: list[dict[int, tuple[float, float]]],
    frames: list[ClipFrame],
) -> list[VideoQuery]:
    """The two questions about objects of one name: follow them, and point at each where it shows most."""
    first = {n: next((k for k, seen in enumerate(places) if n in seen), None) for n in numbers}
    appeared = sorted((k, n) for n, k in first.items() if k is not None)
    object_ids = {n: object_id for object_id, (_, n) in enumerate(appeared, start=1)}
    tracks = tuple(
        FramePoint(k, object_ids[n], seen[n]) for k, seen in enumerate(places) for n in numbers if n in seen
    )
    moments = []
    for n, object_id in object_ids.items():
        best = max((k for k, seen in enumerate(places) if n in seen), key=lambda k: frames[k].share[n - 1])
        moments.append(FramePoint(best, object_id, places[best][n]))
    return [
        VideoQuery(text, _label(text), tracks, "tracking"),
        VideoQuery(text, _label(text), tuple(moments), "pointing"),
    ]


def _label(text: str) -> str:
    return text.removeprefix("the ")
