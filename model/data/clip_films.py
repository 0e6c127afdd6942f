"""Drawn clips as films to learn from: what to point at and to track on every frame, known exactly."""

from __future__ import annotations

import numpy as np

from model.data.clips import Clip, ClipFrame, ClipSettings
from model.data.mask_points import centre_of_largest
from model.data.sample import Film, FilmQuery, Sighting
from molmo_act.modeling.video_sampling import SampledVideo

FPS = 2.0  # as released models see videos
LEAST_SHARE = 0.3
"""Of a thing, that has to be visible for it to be seen."""
SIZES = ((320, 240), (240, 320), (400, 240))
MOST_THINGS = 5


class ClipFilms:
    """Films drawn on demand.

    Args:
        frames: Most frames of a film.
        size: How many films it counts as in a mixture; it never repeats one.
    """

    def __init__(self, frames: int, size: int) -> None:
        self._frames = frames
        self.blocks = (size,)

    def read(self, index: int, rng: np.random.Generator) -> Film:
        """A new film; the index says nothing."""
        count = int(rng.integers(2, max(self._frames, 2) + 1))
        settings = ClipSettings(
            size=SIZES[int(rng.integers(len(SIZES)))],
            seconds=count / FPS,
            fps=FPS,
            things=int(rng.integers(1, MOST_THINGS + 1)),
            twins=bool(rng.random() < 0.3),
        )
        clip, other = (Clip(int(seed), settings) for seed in rng.integers(2**31, size=2))
        return film_of(clip.queries, list(clip), other.queries)


def film_of(
    queries: dict[str, tuple[int, ...]], frames: list[ClipFrame], others: dict[str, tuple[int, ...]]
) -> Film:
    """A film of frames with exact truth.

    Args:
        queries: Words that ask for things, and the numbers of those they ask for.
        frames: All that is shown.
        others: Queries of another clip; one that is none of this clip's is asked as absent.
    """
    places = [_places(frame) for frame in frames]
    asked = [query for text, numbers in queries.items() for query in _asked(text, numbers, places, frames)]
    missing = [text for text in others if text not in queries]
    asked += [FilmQuery(text, _label(text), (), "pointing") for text in missing[:1]]
    height, width = frames[0].image.shape[:2]
    video = SampledVideo(
        frames=np.stack([frame.image for frame in frames]),
        timestamps=tuple(frame.timestamp for frame in frames),
        video_size=(width, height),
    )
    return Film(video, tuple(asked))


def _places(frame: ClipFrame) -> dict[int, tuple[float, float]]:
    """Middle of what is visible of each thing that is seen, by its number."""
    seen = [n for n, share in enumerate(frame.share, start=1) if share >= LEAST_SHARE]
    return {n: centre_of_largest(frame.owner == n) for n in seen if (frame.owner == n).any()}


def _asked(
    text: str,
    numbers: tuple[int, ...],
    places: list[dict[int, tuple[float, float]]],
    frames: list[ClipFrame],
) -> list[FilmQuery]:
    """The two questions about things of one name: follow them, and point at each where it shows most."""
    first = {n: next((k for k, seen in enumerate(places) if n in seen), None) for n in numbers}
    appeared = sorted((k, n) for n, k in first.items() if k is not None)
    object_ids = {n: object_id for object_id, (_, n) in enumerate(appeared, start=1)}
    tracks = tuple(
        Sighting(k, object_ids[n], seen[n]) for k, seen in enumerate(places) for n in numbers if n in seen
    )
    moments = []
    for n, object_id in object_ids.items():
        best = max((k for k, seen in enumerate(places) if n in seen), key=lambda k: frames[k].share[n - 1])
        moments.append(Sighting(best, object_id, places[best][n]))
    return [
        FilmQuery(text, _label(text), tracks, "tracking"),
        FilmQuery(text, _label(text), tuple(moments), "pointing"),
    ]


def _label(text: str) -> str:
    return text.removeprefix("the ")
