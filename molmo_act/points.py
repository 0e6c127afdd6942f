"""Points: what the library returns. A frozen value type over numpy; knows no model and no file format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, overload

import numpy as np
from numpy.typing import ArrayLike

from molmo_act.errors import InputError

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True)
class Point:
    """One point.

    Attributes:
        x: Pixels of the original image from its left edge; the centre of the first pixel is 0.5.
        y: Pixels of the original image from its top edge; the centre of the first pixel is 0.5.
        object_id: 1-based number of the object, in order of appearance in the answer.
        score: The model's own probability of this point, in [0, 1].
        image_index: Which image (or frame) of the query the point lies in, 0-based.
        timestamp: Seconds, for frames of a video; None for images.
    """

    x: float
    y: float
    object_id: int
    score: float
    image_index: int = 0
    timestamp: float | None = None


def readonly(values: ArrayLike, dtype: type, shape: tuple[int, ...], name: str) -> np.ndarray:
    """A copy that cannot be written to.

    Args:
        values: What was given.
        dtype: Of the copy.
        shape: What its shape has to be, -1 for any length; what is empty takes it.
        name: What it is called in an error.

    Raises:
        InputError: It has another shape.
    """
    array: np.ndarray = np.array(values, dtype=dtype)
    if array.ndim != len(shape) and array.size == 0 and 0 in shape:
        array = array.reshape([max(want, 0) for want in shape])
    if array.ndim != len(shape) or any(
        want not in (-1, got) for want, got in zip(shape, array.shape, strict=True)
    ):
        raise InputError(f"{name} has shape {array.shape}, expected {shape} (-1 is the number of points).")
    array.setflags(write=False)
    return array


Selection = slice | np.ndarray | Sequence[int] | Sequence[bool]
"""Of rows, as NumPy takes them."""
_ROWS = ("xy", "object_id", "score", "image_index", "timestamp", "features")
"""Fields of `Points` that have one entry a point."""


def chosen(count: int, selection: Selection) -> np.ndarray:
    """int64 (M,), numbers of the rows that a selection of `count` rows takes.

    Raises:
        IndexError: It names rows that are not there, or is a mask of another length.
    """
    if not isinstance(selection, slice):
        selection = np.asarray(selection, dtype=None if len(selection) else np.int64)
    return np.arange(count)[selection]


@dataclass(frozen=True, eq=False)
class Points:
    """Points of one answer, in pixels of the original image; an empty one is a normal answer.

    Coordinates: origin at the top-left corner, x right, y down, pixel centres at +0.5.

    Attributes:
        xy: float32 (N, 2), pixels of the original image.
        object_id: int64 (N,), 1-based in order of appearance.
        score: float32 (N,), in [0, 1]: softmax of the chosen patch (no-more-points class included)
            × chosen subpatch × chosen location; of a checkpoint with a `score_curve`, what that makes of it:
            the probability that the point hits.
        image_index: int64 (N,), which image or frame each point lies in.
        timestamp: float64 (N,) seconds for frames of a video, else None.
        image_size: (width, height) in pixels of each image of the query.
        query: What was asked.
        absent: Probability in [0, 1] that nothing matches the query; calibrated by the checkpoint's
            `absent_curve`, if it has one.
        text: The model's answer as text, grounding tokens included.
        features: float32 (N, D), what the model was given for the patch that each point lies in; of two views
            of one thing they have a high cosine. None of models that write coordinates as text.
        heatmaps: For each image float32 (rows, columns): how much of the first point's patch
            probability falls on each ViT patch of the image's canvas; None when not computed.
        timing_ms: Milliseconds spent in each stage (``preprocess``, ``prefill``, ``decode``).
        cut: Whether the answer was stopped before it was complete, by a time limit or for its length.

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
    cut: bool = False

    def __post_init__(self) -> None:
        xy = readonly(self.xy, np.float32, (-1, 2) if np.size(self.xy) else (0, 2), "Points.xy")
        n = len(xy)
        object_id = np.arange(1, n + 1) if self.object_id is None else self.object_id
        image_index = np.zeros(n) if self.image_index is None else self.image_index
        put = object.__setattr__
        put(self, "xy", xy)
        put(self, "score", readonly(self.score, np.float32, (n,), "Points.score"))
        put(self, "object_id", readonly(object_id, np.int64, (n,), "Points.object_id"))
        put(self, "image_index", readonly(image_index, np.int64, (n,), "Points.image_index"))
        if self.timestamp is not None:
            put(self, "timestamp", readonly(self.timestamp, np.float64, (n,), "Points.timestamp"))
        if self.features is not None:
            put(self, "features", readonly(self.features, np.float32, (n, -1), "Points.features"))
        put(self, "image_size", tuple((int(w), int(h)) for w, h in self.image_size))
        put(self, "absent", float(self.absent))

    def __len__(self) -> int:
        return len(self.xy)

    def __iter__(self) -> Iterator[Point]:
        return (self[i] for i in range(len(self)))

    @overload
    def __getitem__(self, index: int) -> Point: ...

    @overload
    def __getitem__(self, index: Selection) -> Points: ...

    def __getitem__(self, index: int | Selection) -> Point | Points:
        """One point; or, for a slice, a mask or several numbers, an answer that has only those."""
        if not isinstance(index, (int, np.integer)):
            rows = chosen(len(self), index)
            values = {name: getattr(self, name) for name in _ROWS}
            return replace(self, **{name: v[rows] for name, v in values.items() if v is not None})
        when = None if self.timestamp is None else float(self.timestamp[index])
        x, y = (float(v) for v in self.xy[index])
        return Point(
            x, y, int(self.object_id[index]), float(self.score[index]), int(self.image_index[index]), when
        )

    @property
    def best(self) -> Point | None:
        """The point with the highest score, or None when there is none."""
        return self[int(np.argmax(self.score))] if len(self) else None

    def draw(self, image: Image.Image | np.ndarray, image_index: int = 0) -> Image.Image:
        """The picture with these points marked on it.

        Args:
            image: The image that was asked about: PIL, or uint8 RGB (H, W, 3).
            image_index: Which image of the query it is.

        Returns:
            A new RGB picture of the same size.

        Raises:
            InputError: There is no such image in the query, or its size is another.
        """
        from molmo_act.drawing import draw_points

        return draw_points(image, self, image_index)

    def draw_heatmap(self, image: Image.Image | np.ndarray, image_index: int = 0) -> Image.Image:
        """The picture under the patch heat map of the first point.

        Args:
            image: The image that was asked about: PIL, or uint8 RGB (H, W, 3).
            image_index: Which image of the query it is.

        Returns:
            A new RGB picture of the same size.

        Raises:
            InputError: These points carry no heat map, there is no such image in the query, or its size is
                another.
        """
        from molmo_act.drawing import draw_heatmap, pixels_of

        if self.heatmaps is None:
            raise InputError("These points carry no heat map; points of a grounding-token model do.")
        return draw_heatmap(pixels_of(image, self, image_index), self.heatmaps[image_index])
