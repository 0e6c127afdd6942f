"""Tracks: where every followed object is on one frame. A frozen value type; knows no model and no video."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from molmo_act.errors import InputError
from molmo_act.points import Points, Selection, chosen, readonly

if TYPE_CHECKING:
    from PIL import Image

_ARRAYS, _WORDS = ("xy", "object_id", "score", "visible", "age"), ("source", "query")
"""Fields of `Tracks` that have one entry an object."""
GROUNDED, PROPAGATED = "grounded", "propagated"


@dataclass(frozen=True)
class Track:
    """One object on one frame; see `Tracks` for what the fields mean."""

    x: float
    y: float
    object_id: int
    score: float
    visible: bool
    age: float
    source: str
    query: str | None


@dataclass(frozen=True, eq=False)
class Tracks:
    """Every object that is followed, on one frame, in pixels of that frame; an empty one is a normal answer.

    Coordinates: origin at the top-left corner, x right, y down, pixel centres at +0.5.

    Attributes:
        timestamp: Seconds of the frame.
        frame_index: How many frames came before it.
        image_size: (width, height) of the frame in pixels.
        xy: float32 (N, 2), pixels. Of an object that is not visible: where it was seen last.
        object_id: int64 (N,), ascending; an object keeps its number, also when it was hidden for a while.
        score: float32 (N,) in [0, 1]: the model's probability when it last saw the object, less with every
            second since.
        visible: bool (N,); False says that the object was lost: hidden, gone, or not to be told any more.
        age: float32 (N,), seconds between the frame on which the model last saw the object and this one.
        source: N of "grounded" (the model's newest answer takes effect on this frame) and "propagated"
            (carried on from the frame before).
        query: N queries that named the objects; None for one that was given as a point.

    Example:
        >>> tracks = Tracks(0.5, 12, (640, 480), xy=[[4.5, 2.5]], object_id=[3], score=[0.9], visible=[True],
        ...     age=[0.1], source=["propagated"], query=["mug"])
        >>> [(track.object_id, track.x, track.visible) for track in tracks]
        [(3, 4.5, True)]
    """

    timestamp: float
    frame_index: int
    image_size: tuple[int, int]
    xy: np.ndarray
    object_id: np.ndarray
    score: np.ndarray
    visible: np.ndarray
    age: np.ndarray
    source: Sequence[str]
    query: Sequence[str | None]

    def __post_init__(self) -> None:
        xy = readonly(self.xy, np.float32, (-1, 2) if np.size(self.xy) else (0, 2), "Tracks.xy")
        put = object.__setattr__
        put(self, "xy", xy)
        for name, dtype in (("object_id", np.int64), ("score", np.float32), ("visible", bool)):
            put(self, name, readonly(getattr(self, name), dtype, (len(xy),), f"Tracks.{name}"))
        put(self, "age", readonly(self.age, np.float32, (len(xy),), "Tracks.age"))
        put(self, "image_size", (int(self.image_size[0]), int(self.image_size[1])))
        for name in _WORDS:
            put(self, name, tuple(getattr(self, name)))
            if len(getattr(self, name)) != len(xy):
                raise InputError(
                    f"Tracks.{name} has {len(getattr(self, name))} entries, expected {len(xy)}, one a point."
                )

    def __len__(self) -> int:
        return len(self.xy)

    def __iter__(self) -> Iterator[Track]:
        return (self[i] for i in range(len(self)))

    @overload
    def __getitem__(self, index: int) -> Track: ...

    @overload
    def __getitem__(self, index: Selection) -> Tracks: ...

    def __getitem__(self, index: int | Selection) -> Track | Tracks:
        """One object; or, for a slice, a mask or several numbers, the tracks of only those."""
        if not isinstance(index, (int, np.integer)):
            rows = chosen(len(self), index)
            part: dict[str, Any] = {name: getattr(self, name)[rows] for name in _ARRAYS}
            part |= {name: [getattr(self, name)[row] for row in rows] for name in _WORDS}
            return replace(self, **part)
        x, y = (float(v) for v in self.xy[index])
        return Track(
            x,
            y,
            int(self.object_id[index]),
            float(self.score[index]),
            bool(self.visible[index]),
            float(self.age[index]),
            self.source[index],
            self.query[index],
        )

    def to_points(self) -> Points:
        """The visible objects as `Points` of this frame."""
        seen = self.visible
        return Points(
            xy=self.xy[seen],
            score=self.score[seen],
            object_id=self.object_id[seen],
            timestamp=np.full(int(seen.sum()), self.timestamp),
            image_size=[self.image_size],
            query=", ".join(dict.fromkeys(query for query in self.query if query)),
        )

    def to_dict(self) -> dict[str, Any]:
        """What JSON can hold: numbers, words and lists; an entry of ``tracks`` for each object."""
        return {
            "timestamp": round(self.timestamp, 6),
            "frame_index": self.frame_index,
            "image_size": list(self.image_size),
            "tracks": [
                {
                    "x": round(track.x, 3),
                    "y": round(track.y, 3),
                    "object_id": track.object_id,
                    "score": round(track.score, 6),
                    "visible": track.visible,
                    "age": round(track.age, 6),
                    "source": track.source,
                    "query": track.query,
                }
                for track in self
            ],
        }

    def draw(self, frame: Image.Image | np.ndarray) -> Image.Image:
        """The frame with the visible objects marked on it.

        Args:
            frame: The frame these tracks are of: PIL, or uint8 RGB (H, W, 3).

        Returns:
            A new RGB picture of the same size.
        """
        return self.to_points().draw(frame)
