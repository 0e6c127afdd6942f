"""Tracks: where every tracked object is on one frame, as a frozen value over numpy arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from molmo_act.outputs.masks import Masks
from molmo_act.outputs.points import Points
from molmo_act.outputs.rows import RowSequence, pixel_size, places, probabilities, readonly, within, words
from molmo_act.outputs.serialization import (
    PIXEL_DIGITS,
    JsonRecord,
    need,
    number,
    pair,
    rounded,
    rows,
    whole,
)
from molmo_act.validation import check_bool, check_choice, check_int, wrong

if TYPE_CHECKING:
    import supervision
    from PIL import Image
    from typing_extensions import Self

_ARRAYS, _WORDS = ("xy", "object_id", "score", "visible", "age"), ("source", "query")
"""Fields of `Tracks` that have one entry per object."""
GROUNDED, PROPAGATED = "grounded", "propagated"
"""Values of `Tracks.source`."""


@dataclass(frozen=True)
class Track:
    """One object on one frame.

    Attributes:
        x: Pixels of the frame from its left edge; the centre of the first pixel is 0.5.
        y: Pixels of the frame from its top edge; the centre of the first pixel is 0.5.
        object_id: Number of the object, the same on every frame.
        score: In [0, 1], see `Tracks.score`.
        visible: Whether the object is seen on this frame; otherwise x and y say where it was last seen.
        age: Seconds since the frame on which the model last saw the object.
        source: "grounded" or "propagated", see `Tracks.source`.
        query: The words that named the object; None for an object that was given as a point.
    """

    x: float
    y: float
    object_id: int
    score: float
    visible: bool
    age: float
    source: str
    query: str | None


@dataclass(frozen=True, eq=False)
class Tracks(RowSequence[Track], JsonRecord):
    """All tracked objects on one frame, in pixels of that frame; an empty one is a normal answer.

    Coordinates: origin at the top-left corner, x right, y down, pixel centres at +0.5.

    Attributes:
        timestamp: Seconds at which the frame is shown.
        frame_index: How many frames came before it.
        image_size: (width, height) of the frame in pixels.
        xy: float32 (N, 2), pixels. For an object that is not visible: where it was last seen.
        object_id: int64 (N,), ascending; an object keeps its number, also after it was hidden for a while.
        score: float32 (N,) in [0, 1]: the model's probability when it last saw the object, which decays with
            every second since.
        visible: bool (N,); False where the object is lost: hidden, gone, or not known any more.
        age: float32 (N,), seconds from the frame on which the model last saw the object to this one.
        source: N times "grounded" (the model's newest answer takes effect on this frame) or "propagated"
            (carried over from the previous frame).
        query: N queries that named the objects; None for an object that was given as a point.
        truncated: Whether the model's answer stopped before it was complete, at the time limit or the longest
            answer, so that objects may be missing: its newest answer on a stream, the one about the whole
            video offline.
        damaged: Whether frames of the video before this one could not be decoded; of the last one, and of all
            offline, whether any could not, or the file is cut off.
        masks: Masks of the visible objects, on this one frame, where the tracker was asked for them; else
            None.

    Raises:
        InputError: An argument is of another type, arrays do not belong together, a coordinate is not finite,
            or a probability lies outside [0, 1].

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
    truncated: bool = False
    damaged: bool = False
    masks: Masks | None = None

    def __post_init__(self) -> None:
        xy = places(self.xy, "Tracks.xy")
        put = object.__setattr__
        put(self, "xy", xy)
        put(self, "score", probabilities(self.score, (len(xy),), "Tracks.score"))
        for name, dtype in (("object_id", np.int64), ("visible", bool)):
            put(self, name, readonly(getattr(self, name), dtype, (len(xy),), f"Tracks.{name}"))
        within(self.object_id, "Tracks.object_id", least=0, expected="numbers of objects")
        ages = readonly(self.age, np.float32, (len(xy),), "Tracks.age")
        put(self, "age", within(ages, "Tracks.age", least=0, expected="seconds of at least 0"))
        put(self, "image_size", pixel_size(self.image_size, "Tracks.image_size"))
        put(self, "source", words(self.source, len(xy), "Tracks.source"))
        for source in self.source:
            check_choice("One of Tracks.source", source, (GROUNDED, PROPAGATED))
        put(self, "query", words(self.query, len(xy), "Tracks.query", nothing=True))
        time = readonly(self.timestamp, np.float64, (), "Tracks.timestamp")
        put(self, "timestamp", float(within(time, "Tracks.timestamp", expected="seconds")))
        put(self, "frame_index", check_int("Tracks.frame_index", self.frame_index, least=0))
        for name in ("truncated", "damaged"):
            put(self, name, check_bool(f"Tracks.{name}", getattr(self, name)))
        if self.masks is not None and (
            not isinstance(self.masks, Masks)
            or self.masks.frames != 1
            or self.masks.image_size != self.image_size
        ):
            raise wrong(
                "Tracks.masks", self.masks, f"Masks of one frame of {self.image_size} pixels, or None"
            )

    def _select(self, rows: np.ndarray) -> Self:
        part: dict[str, Any] = {name: getattr(self, name)[rows] for name in _ARRAYS}
        part |= {name: [getattr(self, name)[row] for row in rows] for name in _WORDS}
        if self.masks is not None:
            part["masks"] = self.masks[np.isin(self.masks.object_id, part["object_id"])]
        return replace(self, **part)

    def _row(self, index: int) -> Track:
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
        """Gives the visible objects as points.

        Returns:
            `Points` of this one frame, with its timestamp; `query` joins the queries of all objects.
        """
        seen = self.visible
        return Points(
            xy=self.xy[seen],
            score=self.score[seen],
            object_id=self.object_id[seen],
            timestamp=np.full(int(seen.sum()), self.timestamp),
            image_size=[self.image_size],
            query=", ".join(dict.fromkeys(query for query in self.query if query)),
            truncated=self.truncated,
            damaged=self.damaged,
        )

    def to_dict(self) -> dict[str, object]:
        """Gives the tracks as values that JSON can hold.

        Returns:
            ``timestamp`` in seconds, ``frame_index``, ``image_size`` (width, height), ``truncated``,
            ``damaged``, and ``tracks``: one dictionary for each object, with the fields of `Track`; and,
            where the tracker was asked for them, ``masks``, see `Masks.to_dict`. Coordinates have three
            decimals, probabilities and seconds six. What is not known is None.
        """
        return {
            "timestamp": rounded(self.timestamp),
            "frame_index": int(self.frame_index),
            "image_size": list(self.image_size),
            "truncated": bool(self.truncated),
            "damaged": bool(self.damaged),
            "tracks": [
                {
                    "x": rounded(track.x, PIXEL_DIGITS),
                    "y": rounded(track.y, PIXEL_DIGITS),
                    "object_id": track.object_id,
                    "score": rounded(track.score),
                    "visible": track.visible,
                    "age": rounded(track.age),
                    "source": track.source,
                    "query": track.query,
                }
                for track in self
            ],
            **({} if self.masks is None else {"masks": self.masks.to_dict()}),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> Self:
        """Makes tracks of what `to_dict` gave.

        Args:
            values: The dictionary, also out of JSON; keys beside those of `to_dict` are left alone.

        Returns:
            The tracks.

        Raises:
            InputError: A key is missing, or a value is of another kind or out of its range.
        """
        listed = rows(values, "tracks")
        return cls(
            timestamp=number(values, "timestamp", math.nan),
            frame_index=whole(values, "frame_index"),
            image_size=pair(need(values, "image_size", list)),
            xy=np.array([(number(row, "x"), number(row, "y")) for row in listed]),
            object_id=np.array([whole(row, "object_id") for row in listed]),
            score=np.array([number(row, "score", math.nan) for row in listed]),
            visible=np.array([need(row, "visible", bool) for row in listed], bool),
            age=np.array([number(row, "age", math.nan) for row in listed]),
            source=[need(row, "source", str) for row in listed],
            truncated=need(values, "truncated", bool) if "truncated" in values else False,
            damaged=need(values, "damaged", bool) if "damaged" in values else False,
            query=[None if row.get("query") is None else need(row, "query", str) for row in listed],
            masks=Masks.from_dict(need(values, "masks", dict)) if values.get("masks") else None,
        )

    def to_supervision(self, *, box_size: float = 0.0) -> supervision.Detections:
        """Gives the visible objects to the annotators and tools of the package ``supervision``.

        Args:
            box_size: Width and height in pixels of a box around each point, see `Points.to_supervision`.

        Returns:
            Detections in pixels of the frame; ``tracker_id`` is `object_id`, and ``data`` holds the query of
            each as ``class_name``.

        Raises:
            InputError: `box_size` is no number of pixels.
            MissingExtraError: The extra `supervision` is not installed.
        """
        from molmo_act.outputs.supervision import detections

        seen = self[self.visible]
        queries = [query or "" for query in seen.query]
        size = self.image_size
        found = detections(seen.xy, seen.score, seen.object_id, queries, image_size=size, box_size=box_size)
        found.tracker_id = seen.object_id.copy()
        return found

    def draw(self, frame: Image.Image | np.ndarray) -> Image.Image:
        """Marks the visible objects on a copy of the frame, with their masks where there are any.

        Args:
            frame: The frame these tracks belong to: PIL, or uint8 RGB (H, W, 3).

        Returns:
            A new RGB image of the same size.

        Raises:
            InputError: The frame has another size.
        """
        return self.to_points().draw(frame if self.masks is None else self.masks.draw(frame))
