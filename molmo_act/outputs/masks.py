"""Masks: which pixels of the frames of a video belong to which object, as a frozen value over run lengths."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from molmo_act.errors import InputError
from molmo_act.io.image import ImageInput, to_rgb
from molmo_act.outputs import coco, masks_json, rle
from molmo_act.outputs.mask import Mask
from molmo_act.outputs.rows import RowSequence, pixel_size, probabilities, readonly, within, words
from molmo_act.outputs.serialization import JsonRecord
from molmo_act.validation import check_bool, check_int, wrong

if TYPE_CHECKING:
    from PIL import Image
    from typing_extensions import Self

MOST_LABELS = 65535
"""The largest number of an object that a label image of 16 bits can hold."""


@dataclass(frozen=True, eq=False)
class Masks(RowSequence[Mask], JsonRecord):
    """Masks of the objects on the frames of a video, or on one frame; an empty one is a normal answer.

    T is the number of frames, N that of masks: an object has one on each frame on which it is seen.

    Attributes:
        image_size: (width, height) of every frame in pixels.
        timestamp: float64 (T,), seconds at which each frame is shown.
        sampled: bool (T,), whether the model was asked about the frame; masks of others are propagated.
        frame_index: int64 (N,), the frame of each mask, counted from 0.
        object_id: int64 (N,), at least 1; an object keeps its number.
        score: float32 (N,) in [0, 1]: the model's probability of the point from which the mask comes.
        counts: N times the pixels as COCO's compressed run lengths.
        query: N queries that named the objects; None for an object that was given as a point.
        truncated: Whether an answer of the model stopped before it was complete, so that objects may be
            missing.
        damaged: Whether frames of the video could not be decoded, or the file is cut off.

    Raises:
        InputError: An argument is of another type, arrays do not belong together, or run lengths are not
            those of a mask of this size; or an object has two masks on a frame.

    Example:
        >>> import numpy as np
        >>> masks = Masks.of_arrays(np.array([[[True, False]]]), object_id=[3], query=["mug"])
        >>> [(mask.object_id, mask.area, mask.bbox) for mask in masks]
        [(3, 1, (0, 0, 1, 1))]
    """

    image_size: tuple[int, int]
    timestamp: np.ndarray
    sampled: np.ndarray
    frame_index: np.ndarray
    object_id: np.ndarray
    score: np.ndarray
    counts: Sequence[str]
    query: Sequence[str | None]
    truncated: bool = False
    damaged: bool = False

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "image_size", pixel_size(self.image_size, "Masks.image_size"))
        put(self, "timestamp", readonly(self.timestamp, np.float64, (-1,), "Masks.timestamp"))
        put(self, "sampled", readonly(self.sampled, bool, (self.frames,), "Masks.sampled"))
        put(self, "object_id", readonly(self.object_id, np.int64, (-1,), "Masks.object_id"))
        count = len(self.object_id)
        put(self, "frame_index", readonly(self.frame_index, np.int64, (count,), "Masks.frame_index"))
        put(self, "score", probabilities(self.score, (count,), "Masks.score"))
        within(self.object_id, "Masks.object_id", least=1, expected="numbers of objects")
        within(self.frame_index, "Masks.frame_index", least=0, expected="numbers of frames")
        if count and self.frame_index.max() >= self.frames:
            raise InputError(
                f"A mask is on frame {self.frame_index.max()} of {self.frames}, counted from 0; expected a "
                "frame with a timestamp."
            )
        self._refuse_second_masks()
        put(self, "counts", words(self.counts, count, "Masks.counts"))
        put(self, "query", words(self.query, count, "Masks.query", nothing=True))
        for counts in self.counts:
            rle.run_lengths(counts, self.image_size)
        for name in ("truncated", "damaged"):
            put(self, name, check_bool(f"Masks.{name}", getattr(self, name)))

    @classmethod
    def of_arrays(
        cls,
        masks: np.ndarray,
        *,
        object_id: Sequence[int],
        query: Sequence[str | None],
        score: Sequence[float] | None = None,
        seconds: float = 0.0,
        sampled: bool = True,
        truncated: bool = False,
    ) -> Self:
        """Encodes the masks of one frame; those without a pixel are left out.

        Args:
            masks: bool (N, H, W).
            object_id: N numbers of objects.
            query: N queries, or None.
            score: N probabilities; None where they are not known.
            seconds: When the frame is shown.
            sampled: Whether the model was asked about it.
            truncated: See `truncated`.

        Returns:
            The masks of this frame.

        Raises:
            InputError: The masks are of another type or shape, or there is not one object, query and score
                for each.
        """
        if not isinstance(masks, np.ndarray) or masks.ndim != 3 or (masks.size and masks.dtype != bool):
            raise wrong("masks", masks, "an array of bool (N, H, W), one mask for each object")
        count, height, width = masks.shape
        numbers = readonly(object_id, np.int64, (count,), "object_id")
        queries = words(query, count, "query", nothing=True)
        scores = probabilities([math.nan] * count if score is None else score, (count,), "score")
        seen = np.flatnonzero(masks.any(axis=(1, 2)))
        return cls(
            image_size=(width, height),
            timestamp=np.array([seconds]),
            sampled=np.array([sampled]),
            frame_index=np.zeros(len(seen), np.int64),
            object_id=numbers[seen],
            score=scores[seen],
            counts=[rle.encode(masks[index]) for index in seen],
            query=[queries[index] for index in seen],
            truncated=truncated,
        )

    @classmethod
    def join(cls, parts: Iterable[Masks]) -> Self:
        """Joins masks of frames that follow one another.

        Args:
            parts: Masks of one frame or several each, in order; at least one.

        Returns:
            All of them; frames are counted on.

        Raises:
            InputError: There is none, or their frames differ in size.
        """
        listed = list(parts)
        sizes = list(dict.fromkeys(part.image_size for part in listed))
        if len(sizes) != 1:
            raise InputError(
                f"Masks of the sizes {sizes} were given; expected at least one, all of one size."
            )
        first = np.cumsum([0, *(part.frames for part in listed)])
        moved = [part.frame_index + start for part, start in zip(listed, first[:-1], strict=True)]
        together: dict[str, Any] = {
            name: np.concatenate([getattr(part, name) for part in listed])
            for name in ("timestamp", "sampled", "object_id", "score")
        }
        return cls(
            image_size=sizes[0],
            frame_index=np.concatenate(moved),
            counts=[counts for part in listed for counts in part.counts],
            query=[query for part in listed for query in part.query],
            truncated=any(part.truncated for part in listed),
            damaged=any(part.damaged for part in listed),
            **together,
        )

    @property
    def frames(self) -> int:
        """Number of frames, T."""
        return len(self.timestamp)

    def on(self, frame: int) -> Self:
        """Gives the masks of one frame.

        Args:
            frame: Number of the frame, counted from 0.

        Returns:
            The same with only this frame, which is number 0 there.

        Raises:
            InputError: There is no such frame.
        """
        frame = check_int("frame", frame, least=0)
        if frame >= self.frames:
            raise InputError(f"frame is {frame}; the video has {self.frames} frames, counted from 0.")
        part = self._select(np.flatnonzero(self.frame_index == frame))
        return replace(
            part,
            timestamp=self.timestamp[frame : frame + 1],
            sampled=self.sampled[frame : frame + 1],
            frame_index=np.zeros(len(part), np.int64),
        )

    def label_image(self, frame: int = 0) -> np.ndarray:
        """Gives one frame as an image of numbers: the object of each pixel.

        Args:
            frame: Number of the frame, counted from 0.

        Returns:
            uint16 (H, W): `object_id`, and 0 where there is no object. Where masks overlap, the smaller one
            is on top.

        Raises:
            InputError: There is no such frame, or a number takes more than 16 bits.
        """
        part = self.on(frame)
        width, height = self.image_size
        labels: np.ndarray = np.zeros((height, width), np.uint16)
        for mask in sorted(part, key=lambda one: one.area, reverse=True):
            if mask.object_id > MOST_LABELS:
                raise InputError(
                    f"Object {mask.object_id} does not fit into a label image, which holds numbers up to "
                    f"{MOST_LABELS}."
                )
            labels[mask.to_array()] = mask.object_id
        return labels

    def draw(self, image: ImageInput, frame: int = 0) -> Image.Image:
        """Lays the masks of one frame over a copy of it, each in the colour of its object.

        Args:
            image: The frame, as `molmo_act.io.image.to_rgb` takes it.
            frame: Its number, counted from 0.

        Returns:
            A new RGB image of the same size.

        Raises:
            InputError: The image has another size, or there is no such frame.
        """
        from molmo_act.visualize import draw_masks

        pixels = to_rgb(image)
        size = (pixels.shape[1], pixels.shape[0])
        if size != self.image_size:
            raise InputError(
                f"The image has {size[0]}×{size[1]} pixels, but the masks {self.image_size[0]}×"
                f"{self.image_size[1]}; expected the frame that they belong to."
            )
        part = self.on(frame)
        return draw_masks(pixels, [mask.to_array() for mask in part], part.object_id)

    def to_coco(self, file_names: Sequence[str] | None = None) -> dict[str, object]:
        """Gives the masks as a data set in COCO's format, see `molmo_act.outputs.coco`.

        Args:
            file_names: T names of the frames' images; None for ``00000.png`` and so on.

        Returns:
            ``images``, ``annotations`` and ``categories``, as values that JSON can hold.

        Raises:
            InputError: There is not one name for each frame.
        """
        return coco.to_coco(list(self), self.frames, self.image_size, file_names)

    def to_dict(self) -> dict[str, object]:
        """Gives the masks as values that JSON can hold.

        Returns:
            ``image_size`` (width, height), ``truncated``, ``damaged``, ``frames`` (``timestamp`` in seconds
            and ``sampled`` of each), and ``masks``: one dictionary for each, with the fields of `Mask` but
            `image_size`. What is not known is None.
        """
        return masks_json.to_dict(
            self,
            self.timestamp,
            self.sampled,
            self.image_size,
            truncated=self.truncated,
            damaged=self.damaged,
        )

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> Self:
        """Makes masks of what `to_dict` gave.

        Args:
            values: The dictionary, also out of JSON; keys beside those of `to_dict` are left alone.

        Returns:
            The masks.

        Raises:
            InputError: A key is missing, or a value is of another kind or out of its range.
        """
        return cls(**masks_json.fields_of(values))

    def _refuse_second_masks(self) -> None:
        """Refuses two masks of one object on one frame: which of them it is would be anyone's guess."""
        places, counts = np.unique(
            np.stack([self.frame_index, self.object_id], axis=1), axis=0, return_counts=True
        )
        if (counts > 1).any():
            frame, number = places[counts > 1][0]
            raise InputError(
                f"Object {number} has {counts.max()} masks on frame {frame}; expected one. Join them by "
                "np.logical_or, or give the objects numbers of their own."
            )

    def _row(self, index: int) -> Mask:
        return Mask(
            frame_index=int(self.frame_index[index]),
            object_id=int(self.object_id[index]),
            score=float(self.score[index]),
            query=self.query[index],
            counts=self.counts[index],
            image_size=self.image_size,
        )

    def _select(self, rows: np.ndarray) -> Self:
        part: dict[str, Any] = {
            name: getattr(self, name)[rows] for name in ("frame_index", "object_id", "score")
        }
        part |= {name: [getattr(self, name)[row] for row in rows] for name in ("counts", "query")}
        return replace(self, **part)
