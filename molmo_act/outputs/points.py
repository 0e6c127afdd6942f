"""Points: what pointing returns, as a frozen value over numpy arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Real
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, overload

import numpy as np

from molmo_act.errors import InputError
from molmo_act.outputs.rows import (
    RowSequence,
    pixel_sizes,
    places,
    probabilities,
    readonly,
    text,
    within,
    words,
)
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


@dataclass(frozen=True)
class Point:
    """One point.

    Attributes:
        x: Pixels of the original image from its left edge; the centre of the first pixel is 0.5.
        y: Pixels of the original image from its top edge; the centre of the first pixel is 0.5.
        object_id: 1-based number of the object, in order of appearance in the answer.
        score: The model's own probability of this point, in [0, 1]; NaN where it is not known.
        image_index: Which image (or frame) of the query the point lies in, 0-based.
        timestamp: Seconds, for frames of a video; None for images.
        source: What found it, see `Points.source`; None where only a model looked.
    """

    x: float
    y: float
    object_id: int
    score: float
    image_index: int = 0
    timestamp: float | None = None
    source: str | None = None


MODEL, TEXT, BOTH, ICON, ACCESSIBILITY = SOURCES = ("model", "text", "both", "icon", "accessibility")
"""Values of `Points.source`."""
_ROWS = ("xy", "object_id", "score", "image_index", "timestamp", "features")
"""Fields of `Points` that have one entry a point."""


def _check_extras(heatmaps: object, timing_ms: object) -> None:
    """Refuses heat maps and times that are none."""
    maps = () if heatmaps is None else heatmaps
    if not isinstance(maps, (list, tuple)) or not all(isinstance(one, np.ndarray) for one in maps):
        raise wrong("Points.heatmaps", heatmaps, "a list of arrays (rows, columns), or None")
    if not isinstance(timing_ms, Mapping):
        raise wrong("Points.timing_ms", timing_ms, "milliseconds by the name of the stage")
    for stage, taken in timing_ms.items():
        if not isinstance(stage, str) or isinstance(taken, bool) or not isinstance(taken, Real):
            raise wrong("Points.timing_ms", timing_ms, "milliseconds by the name of the stage")


@dataclass(frozen=True, eq=False)
class Points(RowSequence[Point], JsonRecord):
    """Points of one answer, in pixels of the original image; an empty one is a normal answer.

    Coordinates: origin at the top-left corner, x right, y down, pixel centres at +0.5.

    Attributes:
        xy: float32 (N, 2), pixels of the original image.
        object_id: int64 (N,), 1-based in order of appearance; 0 only where a model wrote that itself.
        score: float32 (N,), in [0, 1]: softmax of the chosen patch (no-more-points class included)
            × chosen subpatch × chosen location. If the checkpoint has a `score_curve`, that product is
            calibrated: it is then the probability that the point hits the object. NaN where it is not known;
            that passes no lower bound.
        image_index: int64 (N,), 0-based number of the image or frame that each point lies in.
        timestamp: float64 (N,), seconds, for frames of a video; None for images.
        image_size: (width, height) in pixels of each image of the query.
        query: The words that were asked about.
        absent: Probability in [0, 1] that nothing matches the query; calibrated by the checkpoint's
            `absent_curve`, if it has one. NaN where it is not known.
        text: The model's answer as text, grounding tokens included.
        features: float32 (N, D), the language model's input for the patch that each point lies in. Features
            of two views of one object have a high cosine similarity. None for models that write coordinates
            as text.
        heatmaps: For each image float32 (rows, columns): how much of the first point's patch
            probability falls on each ViT patch of the image; None when not computed.
        timing_ms: Milliseconds spent in each stage (``preprocess``, ``prefill``, ``decode``).
        truncated: Whether decoding stopped before the answer was complete, at the time limit or the longest
            answer.
        ended_by_order: Whether the list of points ended because the best patch lay before the last point, as
            ``order="reference"`` ends it. ``order="masked"`` would have gone on.
        damaged: Whether the file of a video is damaged or cut off, so that frames are missing.
        source: N times what found the point, where a reader looked as well as a model: "model", "text" (its
            label was read there), "both", "icon" (a shape there looks like it), or on a desktop
            "accessibility" (a program says so). None where only a model looked, or nothing was found.

    Raises:
        InputError: An argument is of another type, arrays do not belong together, a coordinate is not finite,
            a probability lies outside [0, 1], or a point lies in an image that `image_size` does not hold.

    Example:
        >>> points = Points(xy=[[4.5, 2.5]], score=[0.9], image_size=[(8, 6)], query="mug")
        >>> len(points), [round(p.x, 1) for p in points]
        (1, [4.5])
        >>> bool(Points(xy=[], score=[], image_size=[(8, 6)], query="cat", absent=0.97))
        False
        >>> len(points[points.score > 0.95])
        0
    """

    xy: np.ndarray
    score: np.ndarray
    image_size: Sequence[tuple[int, int]]
    query: str
    object_id: np.ndarray = None  # type: ignore[assignment]  # None: 1 … N
    image_index: np.ndarray = None  # type: ignore[assignment]  # None: all in the first image
    timestamp: np.ndarray | None = None
    absent: float = 0.0
    text: str = ""
    features: np.ndarray | None = field(default=None, repr=False)  # more numbers than anybody reads
    heatmaps: Sequence[np.ndarray] | None = field(default=None, repr=False)
    timing_ms: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    truncated: bool = False
    ended_by_order: bool = False
    damaged: bool = False
    source: Sequence[str] | None = None

    def __post_init__(self) -> None:
        xy = places(self.xy, "Points.xy")
        n = len(xy)
        object_id = np.arange(1, n + 1) if self.object_id is None else self.object_id
        image_index = np.zeros(n) if self.image_index is None else self.image_index
        put = object.__setattr__
        put(self, "xy", xy)
        put(self, "score", probabilities(self.score, (n,), "Points.score"))
        ids = readonly(object_id, np.int64, (n,), "Points.object_id")
        put(self, "object_id", within(ids, "Points.object_id", least=0, expected="numbers of objects"))
        put(self, "image_index", readonly(image_index, np.int64, (n,), "Points.image_index"))
        if self.timestamp is not None:
            times = readonly(self.timestamp, np.float64, (n,), "Points.timestamp")
            put(self, "timestamp", within(times, "Points.timestamp", expected="seconds"))
        if self.features is not None:
            put(self, "features", readonly(self.features, np.float32, (n, -1), "Points.features"))
        sizes = pixel_sizes(self.image_size, "Points.image_size")
        put(self, "image_size", sizes)
        for name in ("query", "text"):
            text(getattr(self, name), f"Points.{name}")
        for name in ("truncated", "ended_by_order", "damaged"):
            put(self, name, check_bool(f"Points.{name}", getattr(self, name)))
        _check_extras(self.heatmaps, self.timing_ms)
        if self.source is not None:
            sources = words(self.source, n, "Points.source")
            put(self, "source", sources or None)
            for source in sources:
                check_choice("One of Points.source", source, SOURCES)
        put(self, "absent", float(probabilities(self.absent, (), "Points.absent")))
        outside = (self.image_index < 0) | (self.image_index >= len(sizes))
        if outside.any():
            raise InputError(
                f"Points.image_index holds {self.image_index[outside][0]}, but Points.image_size holds "
                f"{len(sizes)}; expected the size of every image."
            )

    def __getstate__(self) -> dict[str, object]:
        """What a copy starts with; a read-only mapping cannot be pickled."""
        return {**vars(self), "timing_ms": dict(self.timing_ms)}

    def __setstate__(self, state: dict[str, object]) -> None:
        """Takes what `__getstate__` gave."""
        vars(self).update(state)

    def _select(self, rows: np.ndarray) -> Self:
        values = {name: getattr(self, name) for name in _ROWS}
        source = None if self.source is None else tuple(self.source[row] for row in rows.tolist())
        return replace(self, source=source, **{name: v[rows] for name, v in values.items() if v is not None})

    def _row(self, index: int) -> Point:
        when = None if self.timestamp is None else float(self.timestamp[index])
        x, y = (float(v) for v in self.xy[index])
        source = None if self.source is None else self.source[index]
        object_id, image_index = int(self.object_id[index]), int(self.image_index[index])
        return Point(x, y, object_id, float(self.score[index]), image_index, when, source)

    @property
    def best(self) -> Point | None:
        """The point with the highest score, or None when there is none; one of unknown score comes last."""
        return self[int(np.argmax(np.nan_to_num(self.score, nan=-1)))] if len(self) else None

    @property
    def normalized(self) -> np.ndarray:
        """float32 (N, 2), `xy` in shares of the width and height of the image that each point lies in."""
        sizes = np.array(self.image_size, np.float32).reshape(-1, 2)
        return readonly(self.xy / sizes[self.image_index], np.float32, (-1, 2), "Points.normalized")

    def by_image(self) -> list[Points]:
        """Splits the points of several images, or of the frames of a video, into those of each.

        Returns:
            For each image of the query its points, as of a question about that image alone: `image_index` is
            0, `image_size` and `heatmaps` are those of that image. `absent`, `text`, `timing_ms`,
            `truncated` and `damaged` stay those of the whole answer.
        """
        parts = []
        for index, size in enumerate(self.image_size):
            part = self[self.image_index == index]
            heatmaps = None if self.heatmaps is None else self.heatmaps[index : index + 1]
            indices = np.zeros(len(part), np.int64)
            parts.append(replace(part, image_index=indices, image_size=[size], heatmaps=heatmaps))
        return parts

    def to_dict(self) -> dict[str, object]:
        """Gives the points as values that JSON can hold.

        Returns:
            ``query``; ``image_size``, a list with [width, height] in pixels of each image; ``points``, a list
            of dictionaries with the fields of `Point`, ``source`` only where a reader looked; ``absent``;
            ``truncated``; ``ended_by_order``; ``damaged``; ``text``; ``timing_ms``.
            Coordinates have three decimals, probabilities and seconds six. What is not known is None.
            Features and heat maps are left out.
        """
        return {
            "query": self.query,
            "image_size": [list(size) for size in self.image_size],
            "points": [
                {
                    "x": rounded(point.x, PIXEL_DIGITS),
                    "y": rounded(point.y, PIXEL_DIGITS),
                    "object_id": point.object_id,
                    "score": rounded(point.score),
                    "image_index": point.image_index,
                    "timestamp": rounded(point.timestamp),
                    **({} if point.source is None else {"source": point.source}),
                }
                for point in self
            ],
            "absent": rounded(self.absent),
            "truncated": bool(self.truncated),
            "ended_by_order": bool(self.ended_by_order),
            "damaged": bool(self.damaged),
            "text": self.text,
            "timing_ms": {stage: rounded(ms, 3) for stage, ms in self.timing_ms.items()},
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> Self:
        """Makes points of what `to_dict` gave.

        Args:
            values: The dictionary, also out of JSON; keys beside those of `to_dict` are left alone.

        Returns:
            The points, without features and heat maps.

        Raises:
            InputError: A key is missing, or a value is of another kind or out of its range.
        """
        listed, timing = rows(values, "points"), need(values, "timing_ms", dict)
        times = [number(row, "timestamp", math.nan) for row in listed]
        sources = [need(row, "source", str) for row in listed if "source" in row]
        return cls(
            xy=np.array([(number(row, "x"), number(row, "y")) for row in listed]),
            score=np.array([number(row, "score", math.nan) for row in listed]),
            object_id=np.array([whole(row, "object_id") for row in listed]),
            image_index=np.array([whole(row, "image_index") for row in listed]),
            timestamp=None if all(map(math.isnan, times)) else np.array(times),
            image_size=[pair(size) for size in need(values, "image_size", list)],
            query=need(values, "query", str),
            absent=number(values, "absent", math.nan),
            truncated=need(values, "truncated", bool),
            ended_by_order=need(values, "ended_by_order", bool),
            damaged=need(values, "damaged", bool) if "damaged" in values else False,
            text=need(values, "text", str),
            timing_ms={stage: number(timing, stage, math.nan) for stage in timing},
            source=sources if sources else None,
        )

    @overload
    def to_supervision(self, kind: Literal["key_points"] = "key_points") -> supervision.KeyPoints: ...

    @overload
    def to_supervision(
        self, kind: Literal["detections"], *, box_size: float = 0.0
    ) -> supervision.Detections: ...

    def to_supervision(
        self, kind: Literal["key_points", "detections"] = "key_points", *, box_size: float = 0.0
    ) -> supervision.KeyPoints | supervision.Detections:
        """Gives the points of one image to the annotators and tools of the package ``supervision``.

        Args:
            kind: "key_points": each point is an object of one key point. "detections": each point is the
                middle of a box.
            box_size: Width and height of the boxes in pixels; they are cut at the edges of the image. Boxes
                of 0 are enough for annotators that mark their middle.

        Returns:
            KeyPoints or Detections in pixels of the image; scores are their confidence, ``data`` holds the
            query as ``class_name``, and ``object_id``.

        Raises:
            InputError: The points are of several images (see `by_image`), `kind` is unknown, or `box_size` is
                no number of pixels.
            MissingExtraError: The extra `supervision` is not installed.
        """
        from molmo_act.outputs.supervision import detections, key_points

        check_choice("kind", kind, ("key_points", "detections"))
        if len(self.image_size) != 1:
            raise InputError(
                f"The points are of {len(self.image_size)} images, but supervision's objects are of one. "
                "Convert each of by_image()."
            )
        queries = [self.query] * len(self)
        if kind == "key_points":
            return key_points(self.xy, self.score, self.object_id, queries)
        if kind == "detections":
            size = self.image_size[0]
            return detections(
                self.xy, self.score, self.object_id, queries, image_size=size, box_size=box_size
            )
        raise InputError(f"kind is {kind!r}; expected 'key_points' or 'detections'.")

    def draw(self, image: Image.Image | np.ndarray, image_index: int = 0) -> Image.Image:
        """Marks the points of one image on a copy of it, with their numbers, scores and the query.

        Args:
            image: The image that was asked about: PIL, or uint8 RGB (H, W, 3).
            image_index: Which image of the query it is, 0-based.

        Returns:
            A new RGB image of the same size.

        Raises:
            InputError: There is no such image in the query, or its size is another.
        """
        from molmo_act.visualize import draw_points

        pixels = self._pixels_of(image, image_index)
        rows = np.flatnonzero(self.image_index == image_index)
        query, count = " ".join(self.query.split()), len(rows)
        found = f"{count} point{'' if count == 1 else 's'}" if len(self) else "nothing found"
        return draw_points(
            pixels, self.xy[rows], self.object_id[rows], self.score[rows], caption=f"{query}: {found}"
        )

    def draw_heatmap(self, image: Image.Image | np.ndarray, image_index: int = 0) -> Image.Image:
        """Lays the patch heat map of the first point over a copy of an image.

        Args:
            image: See `draw`.
            image_index: See `draw`.

        Returns:
            A new RGB image of the same size.

        Raises:
            InputError: See `draw`; or these points carry no heat map.
        """
        from molmo_act.visualize import draw_heatmap

        if self.heatmaps is None:
            raise InputError("These points carry no heat map; points of a grounding-token model do.")
        return draw_heatmap(self._pixels_of(image, image_index), self.heatmaps[image_index])

    def _pixels_of(self, image: Image.Image | np.ndarray, image_index: int) -> np.ndarray:
        """Pixels to draw on, uint8 RGB (H, W, 3), if they can be those of the image that was asked about."""
        from molmo_act.io.image import to_rgb

        pixels, sizes = to_rgb(image), self.image_size
        check_int("image_index", image_index, least=0, most=len(sizes) - 1)
        width, height = sizes[image_index]
        if pixels.shape[:2] != (height, width):
            raise InputError(
                f"The image to draw on has {pixels.shape[1]}×{pixels.shape[0]} pixels, but image "
                f"{image_index} of the query had {width}×{height}. Draw on the image that was asked about."
            )
        return pixels
