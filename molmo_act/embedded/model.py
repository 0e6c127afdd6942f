"""EmbeddedModel: the verbs of `PointingModel` for an exported model."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn, TypeAlias, TypeVar, overload

import numpy as np

from molmo_act.embedded.encoded_image import EmbeddedImage
from molmo_act.embedded.runtime import EmbeddedRuntime
from molmo_act.embedded.stream_verbs import StreamVerbs, needs_torch
from molmo_act.errors import InputError
from molmo_act.formats.crop_geometry import check_max_crops
from molmo_act.formats.exported import refuse_export
from molmo_act.io.image import ImageInput, to_rgb
from molmo_act.outputs.count import Count, counts
from molmo_act.outputs.points import Points
from molmo_act.pointing.options import (
    Many,
    Order,
    PointOptions,
    refuse_exactly,
    refuse_unknown,
    refuse_videos,
)
from molmo_act.pointing.read_image import refuse_cutting_again
from molmo_act.reading.guarded import GuardedReader
from molmo_act.reading.seen import SeenImage, asked_bounds, fuse_each
from molmo_act.request import Bounds, as_list, paired
from molmo_act.validation import check_bool

if TYPE_CHECKING:
    from typing import Unpack

OneImage: TypeAlias = "ImageInput | EmbeddedImage"
"""One image to point in."""
Image = TypeVar("Image", bound="ImageInput")


class EmbeddedModel(StreamVerbs):
    """An exported model that points at what words name, without torch.

    It has the verbs of `PointingModel` for one prompt at a time about one image. Several images in one prompt
    and whole videos need the model of torch, and are refused.

    Args:
        runtime: The exported model with everything that asking it takes; `molmo_act.load` gives a whole
            `EmbeddedModel`.

    Attributes:
        runtime: The same.
        reader: See `PointingModel.reader`.
    """

    reader: GuardedReader | None = None

    def __init__(self, runtime: EmbeddedRuntime) -> None:
        self.runtime = runtime

    def __repr__(self) -> str:
        return f"EmbeddedModel({self.name!r}, precision={self.runtime.settings.precision!r})"

    @property
    def name(self) -> str:
        """The checkpoint that was exported."""
        return self.runtime.name

    @property
    def calibrated(self) -> bool:
        """Whether scores say how likely a point hits, instead of how likely its cell was."""
        return self.runtime.config.score_curve is not None

    @overload
    def point(self, image: OneImage, query: str, **options: Unpack[PointOptions]) -> Points: ...

    @overload
    def point(self, image: OneImage, query: Many[str], **options: Unpack[PointOptions]) -> list[Points]: ...

    @overload
    def point(
        self, image: Many[Image], query: str | Many[str], **options: Unpack[PointOptions]
    ) -> list[Points]: ...

    @overload
    def point(  # type: ignore[overload-cannot-match]  # of lists of several kinds that are written in a call
        self, image: Many[ImageInput], query: str | Many[str], **options: Unpack[PointOptions]
    ) -> list[Points]: ...

    def point(
        self,
        image: OneImage | Many[Image] | Many[ImageInput],
        query: str | Many[str],
        *,
        max_points: int | None = None,
        exactly: int | None = None,
        min_score: float = 0.0,
        max_crops: int | None = None,
        timeout: float | None = None,
        order: Order = "reference",
        prompt: str | None = None,
        together: bool = False,
    ) -> Points | list[Points]:
        """Points at what a query names, see `PointingModel.point`.

        Args:
            image: An image, a list of them, or what `encode` returned.
            query: What to find, in words; or a list. Of two lists, each image goes with its query; a single
                image or query goes with every element of the other's list. A single image is read once,
                whatever the number of queries.
            max_points: Stop after so many points.
            exactly: Point at exactly so many places.
            min_score: Leave out points of a lower score, in [0, 1].
            max_crops: Most high-resolution crops of an image; None for the checkpoint's own number.
            timeout: Seconds after which decoding of an answer stops, reading its image included where that is
                read for it alone; the points that are complete by then are returned, and `Points.truncated`
                is set.
            order: What happens when the best patch lies before the last point: "reference" or "masked".
            prompt: How the query is asked: "point", "gui", "raw", or a template of your own with one ``{}``.
            together: Only False: several images in one prompt need the model of torch.

        Returns:
            `Points` in pixels of the original image; a list of them when a list was given.

        Raises:
            ImageError: An image cannot be used.
            QueryError: A query is empty, too long, or not plain words.
            InputError: The lists have different lengths, a number is out of range, a video was given, or
                several images together.
        """
        bounds = Bounds(max_points, min_score, timeout, order, exactly)
        check_max_crops(max_crops)
        if check_bool("together", together):
            raise InputError(needs_torch("together=True, several images in one prompt,"))
        images: list[OneImage] = as_list(image)
        queries: list[str] = as_list(query)
        self.runtime.check_questions(queries, prompt)
        refuse_videos(images, "point")
        found = self._ask_and_read(images, queries, bounds, max_crops, prompt)
        several = isinstance(query, (list, tuple)) or isinstance(image, (list, tuple))
        return found if several else found[0]

    def _ask_and_read(
        self,
        images: Sequence[OneImage],
        queries: list[str],
        bounds: Bounds,
        max_crops: int | None,
        prompt: str | None,
    ) -> list[Points]:
        """Points for each pair of image and query, by what is read there, too, where there is a reader."""
        runtime, reader = self.runtime, self.reader
        if reader is None:
            return self._ask(images, queries, bounds, max_crops, prompt)

        def ask(part: np.ndarray, words: str) -> Points:
            return runtime.point(part, words, Bounds(exactly=1), max_crops, None)

        given = [image if isinstance(image, EmbeddedImage) else to_rgb(image) for image in images]
        answers = self._ask(given, queries, asked_bounds(bounds), max_crops, prompt)
        seen = [one.seen if isinstance(one, EmbeddedImage) else SeenImage.read(one, reader) for one in given]
        return fuse_each(seen, answers, queries, bounds, ask, self.name)

    def _ask(
        self,
        images: Sequence[OneImage],
        queries: list[str],
        bounds: Bounds,
        max_crops: int | None,
        prompt: str | None,
    ) -> list[Points]:
        """Points for each pair of image and query; a single image is read once."""
        runtime = self.runtime
        if len(images) != 1:
            pairs = paired([_pixels(one) for one in images], queries)
            return [runtime.point(one, query, bounds, max_crops, prompt) for one, query in pairs]
        [image] = images
        if isinstance(image, EmbeddedImage):
            refuse_cutting_again(max_crops)
            return runtime.point_in_encoded(image, queries, bounds, prompt)
        if len(queries) == 1:
            return [runtime.point(_pixels(image), queries[0], bounds, max_crops, prompt)]
        return runtime.point_in_encoded(self.encode(image, max_crops=max_crops), queries, bounds, prompt)

    @overload
    def count(self, image: OneImage, query: str, **options: Unpack[PointOptions]) -> Count: ...

    @overload
    def count(self, image: OneImage, query: Many[str], **options: Unpack[PointOptions]) -> list[Count]: ...

    @overload
    def count(
        self, image: Many[Image], query: str | Many[str], **options: Unpack[PointOptions]
    ) -> list[Count]: ...

    @overload
    def count(  # type: ignore[overload-cannot-match]  # as of point
        self, image: Many[ImageInput], query: str | Many[str], **options: Unpack[PointOptions]
    ) -> list[Count]: ...

    def count(
        self,
        image: OneImage | Many[Image] | Many[ImageInput],
        query: str | Many[str],
        **options: Unpack[PointOptions],
    ) -> Count | list[Count]:
        """Counts what a query names, by pointing at each object.

        Args:
            image: See `point`.
            query: See `point`.
            options: Keyword arguments of `point`, `exactly` excepted.

        Returns:
            A number, whose attribute `truncated` says that there may be more; a list of them when a list was
            given.

        Raises:
            ImageError: An image cannot be used.
            QueryError: A query is empty, too long, or not plain words.
            InputError: See `point`; or `exactly` was given.
        """
        refuse_videos(as_list(image), "count")
        refuse_unknown(options, PointOptions, "count", "together")
        refuse_exactly(options, "count")
        point: Callable[..., Points | list[Points]] = self.point  # too many overloads for mypy to try
        return counts(point(image, query, **options))

    def encode(self, image: ImageInput, *, max_crops: int | None = None) -> EmbeddedImage:
        """Reads an image once, for any number of queries.

        Args:
            image: See `point`.
            max_crops: See `point`.

        Returns:
            What `point` and `count` take in place of the image.

        Raises:
            ImageError: The image cannot be used.
            InputError: The image leaves no room for a question.
        """
        check_max_crops(max_crops)
        pixels = _pixels(image)
        encoded = self.runtime.encode(pixels, max_crops)
        return encoded if self.reader is None else replace(encoded, seen=SeenImage.read(pixels, self.reader))

    def answer(self, image: object, question: str, **options: object) -> NoReturn:
        """Refuses to answer in words, which needs the model of torch.

        Args:
            image: See `PointingModel.answer`.
            question: See `PointingModel.answer`.
            options: See `PointingModel.answer`.

        Raises:
            InputError: Always.
        """
        raise InputError(
            f"{self.name} is exported, and exported models point; answers in words need the model of torch: "
            "molmo_act.load(CHECKPOINT), without providers."
        )

    def chat(self, image: object = None, **options: object) -> NoReturn:
        """Refuses a conversation, see `answer`.

        Args:
            image: See `PointingModel.chat`.
            options: See `PointingModel.chat`.

        Raises:
            InputError: Always.
        """
        self.answer(image, "")

    def check_query(self, query: str) -> None:
        """Checks a query without asking it; `point`, `count`, `track` and `tracker` do so themselves.

        Args:
            query: What to find, in words.

        Raises:
            QueryError: It is empty, too long, or not plain words: this model's control tokens among them.
        """
        self.runtime.check_query(query)

    def export(self, folder: str | os.PathLike[str], **options: object) -> NoReturn:
        """Refuses to export what is an export already.

        Args:
            folder: See `PointingModel.export`.
            options: See `PointingModel.export`.

        Raises:
            InputError: Always.
        """
        refuse_export(self.runtime.settings.folder)
        raise AssertionError("it is an exported model")

    def save_pretrained(self, folder: str | os.PathLike[str]) -> NoReturn:
        """Refuses to write a checkpoint, whose weights an exported model does not have.

        Args:
            folder: See `PointingModel.save_pretrained`.

        Raises:
            InputError: Always.
        """
        self.export(folder)

    def check_files(self) -> None:
        """Compares all files of the exported model with what was written, byte for byte.

        Raises:
            CheckpointError: One is missing, or holds something else.
        """
        self.runtime.settings.check_contents()


def _pixels(image: OneImage) -> np.ndarray:
    if isinstance(image, EmbeddedImage):
        raise InputError(
            "Encoded images come one at a time; expected images in a list, or one encoded image."
        )
    return to_rgb(image)
