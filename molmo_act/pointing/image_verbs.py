"""What a model can be asked about images: point, count, and encode to ask more than once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeVar, overload

import numpy as np
import torch

from molmo_act.formats.crop_geometry import check_max_crops
from molmo_act.io.image import ImageInput, to_rgb
from molmo_act.outputs.count import Count, counts
from molmo_act.outputs.points import Points
from molmo_act.pointing.encoded_image import EncodedImage
from molmo_act.pointing.given_images import OneImage, point_apart, point_together
from molmo_act.pointing.images import encode_image, point_in_image
from molmo_act.pointing.options import (
    Many,
    Order,
    PointOptions,
    refuse_exactly,
    refuse_unknown,
    refuse_videos,
)
from molmo_act.pointing.runtime import PointingRuntime
from molmo_act.reading.guarded import GuardedReader
from molmo_act.reading.seen import SeenImage, asked_bounds, fuse_each
from molmo_act.request import Bounds, as_list
from molmo_act.validation import check_bool

if TYPE_CHECKING:
    from typing import Unpack

Image = TypeVar("Image", bound="OneImage")


# Of every verb two more overloads than mypy finds useful, which say the same of lists that are written down
# in a call: [path, array] is of the type object where it is to be of a type variable.


class ImageVerbs:
    """The part of `PointingModel` that is about images.

    Attributes:
        runtime: The model with everything that asking it takes.
        reader: Reads text in images, which `point` and `count` fuse with what the model sees; None for the
            model alone. `molmo_act.load` sets it.
    """

    runtime: PointingRuntime
    reader: GuardedReader | None = None

    @overload
    def point(self, image: OneImage, query: str, **options: Unpack[PointOptions]) -> Points: ...

    @overload
    def point(self, image: OneImage, query: Many[str], **options: Unpack[PointOptions]) -> list[Points]: ...

    @overload
    def point(
        self, image: Many[Image], query: str, *, together: Literal[True], **options: Unpack[PointOptions]
    ) -> Points: ...

    @overload
    def point(
        self,
        image: Many[Image],
        query: str | Many[str],
        *,
        together: Literal[False] = ...,
        **options: Unpack[PointOptions],
    ) -> list[Points]: ...

    @overload
    def point(
        self, image: Many[Image], query: Many[str], *, together: bool, **options: Unpack[PointOptions]
    ) -> list[Points]: ...

    @overload
    def point(
        self, image: Many[Image], query: str | Many[str], *, together: bool, **options: Unpack[PointOptions]
    ) -> Points | list[Points]: ...

    @overload
    def point(  # type: ignore[overload-cannot-match]
        self, image: Many[OneImage], query: str, *, together: Literal[True], **options: Unpack[PointOptions]
    ) -> Points: ...

    @overload
    def point(  # type: ignore[overload-cannot-match]
        self,
        image: Many[OneImage],
        query: str | Many[str],
        *,
        together: Literal[False] = ...,
        **options: Unpack[PointOptions],
    ) -> list[Points]: ...

    def point(
        self,
        image: OneImage | Many[Image] | Many[OneImage],
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
        """Points at what a query names.

        Args:
            image: A path, bytes or a file object, `PIL.Image`, uint8 RGB array (H, W, 3) or tensor, see
                `molmo_act.io.image.to_rgb`; what `encode` returned; or a list of them. Files are turned
                upright by their EXIF orientation; a `PIL.Image` is taken as it is. Videos go to
                `point_in_video`.
            query: What to find, in words; or a list. Of two lists, each image goes with its query; a single
                image or query goes with every element of the other's list. A single image is read once,
                whatever the number of queries.
            max_points: Stop after so many points.
            exactly: Point at exactly so many places, as evaluations on screens ask: the best place is taken
                even where the model would say that there is none. `Points.absent` still says how likely that
                is, and `min_score` still leaves points out.
            min_score: Leave out points of a lower score, in [0, 1].
            max_crops: Most high-resolution crops of an image; None for the checkpoint's own number. More
                crops show smaller objects and take longer. Not for what `encode` returned.
            timeout: Seconds after which decoding of a batch stops; the points that are complete by then are
                returned, and `Points.truncated` is set.
            order: Points come in the order of the image's patches. When the best patch lies before the last
                point, "reference" writes words instead, which ends the list early, as released code does;
                "masked" takes the best of the remaining patches, as models were trained. Both reach the same
                accuracy with nano (`python -m model.evaluation.pointing --mode masked`), so the released way
                is the default; `Points.ended_by_order` tells where it ended a list.
            prompt: How the query is asked: by the checkpoint's template "point" ("Point to {}") or "gui"
                ("Click {}"), as it is ("raw"), or by a template of your own with one ``{}``, which the query
                takes the place of. None for the checkpoint's default.
            together: Show all images in one prompt, as released models are trained for; `Points.image_index`
                says which image each point lies in.

        Returns:
            `Points` in pixels of the original image, of a file in those of the upright one; a list of them
            when a list was given, of queries if `together`. With a reader (`molmo_act.load`) the likeliest
            come first, and `Points.source` says what found each; images that are shown together are not read.

        Raises:
            ImageError: An image cannot be used.
            QueryError: A query is empty, too long, or not plain words.
            InputError: The lists have different lengths, a number is out of range, or a video was given.
        """
        bounds = Bounds(max_points, min_score, timeout, order, exactly)
        check_max_crops(max_crops)
        check_bool("together", together)
        images: list[OneImage] = as_list(image)
        queries: list[str] = as_list(query)
        self.runtime.check_questions(queries, prompt)
        refuse_videos(images, "point")
        if exactly is not None:
            self.runtime.require_grounding_tokens("leave exactly= out.")
        if together:
            found = point_together(self.runtime, image, queries, bounds, max_crops, prompt)
        else:
            found = self._point_with_reader(images, queries, bounds, max_crops, prompt)
        several = isinstance(query, (list, tuple)) or (isinstance(image, (list, tuple)) and not together)
        return found if several else found[0]

    @overload
    def count(self, image: OneImage, query: str, **options: Unpack[PointOptions]) -> Count: ...

    @overload
    def count(self, image: OneImage, query: Many[str], **options: Unpack[PointOptions]) -> list[Count]: ...

    @overload
    def count(
        self, image: Many[Image], query: str, *, together: Literal[True], **options: Unpack[PointOptions]
    ) -> Count: ...

    @overload
    def count(
        self,
        image: Many[Image],
        query: str | Many[str],
        *,
        together: Literal[False] = ...,
        **options: Unpack[PointOptions],
    ) -> list[Count]: ...

    @overload
    def count(
        self, image: Many[Image], query: Many[str], *, together: bool, **options: Unpack[PointOptions]
    ) -> list[Count]: ...

    @overload
    def count(
        self, image: Many[Image], query: str | Many[str], *, together: bool, **options: Unpack[PointOptions]
    ) -> Count | list[Count]: ...

    @overload
    def count(  # type: ignore[overload-cannot-match]
        self, image: Many[OneImage], query: str, *, together: Literal[True], **options: Unpack[PointOptions]
    ) -> Count: ...

    @overload
    def count(  # type: ignore[overload-cannot-match]
        self,
        image: Many[OneImage],
        query: str | Many[str],
        *,
        together: Literal[False] = ...,
        **options: Unpack[PointOptions],
    ) -> list[Count]: ...

    def count(
        self,
        image: OneImage | Many[Image] | Many[OneImage],
        query: str | Many[str],
        *,
        together: bool = False,
        **options: Unpack[PointOptions],
    ) -> Count | list[Count]:
        """Counts what a query names, by pointing at each object.

        Args:
            image: See `point`. Videos go to `count_in_video`.
            query: See `point`.
            together: See `point`; what is counted is then what all images show.
            options: Keyword arguments of `point`, `exactly` excepted.

        Returns:
            A number, whose attribute `truncated` says that there may be more, since the answer was not
            complete; a list of them when a list was given.

        Raises:
            ImageError: An image cannot be used.
            QueryError: A query is empty, too long, or not plain words.
            InputError: The lists have different lengths, a number is out of range, `exactly` or a video was
                given.
        """
        refuse_videos(as_list(image), "count")
        refuse_unknown(options, PointOptions, "count", "together")
        refuse_exactly(options, "count")
        point: Callable[..., Points | list[Points]] = self.point  # too many overloads for mypy to try
        return counts(point(image, query, together=together, **options))

    def encode(
        self, image: ImageInput, *, max_crops: int | None = None, past: Sequence[torch.Tensor] = ()
    ) -> EncodedImage:
        """Reads an image once, for any number of queries; see `EncodedImage` for why that is exact.

        Args:
            image: See `point`.
            max_crops: See `point`.
            past: `EncodedImage.windows_NKC` of earlier frames of the same stream, oldest first, for a model
                with a temporal module, which mixes the newest `temporal_frames` of them into this one.

        Returns:
            What `point` and `count` take in place of the image.

        Raises:
            ImageError: The image cannot be used.
            InputError: The model writes coordinates as text; or `past` was given to a model without a
                temporal module, or belongs to images that are cut into other crops.
        """
        check_max_crops(max_crops)
        self.runtime.require_grounding_tokens("it cannot share what it has read: use point().")
        pixels = to_rgb(image)
        encoded = encode_image(self.runtime, pixels, max_crops, past)
        return encoded if self.reader is None else replace(encoded, seen=SeenImage.read(pixels, self.reader))

    def _point_with_reader(
        self,
        images: Sequence[OneImage],
        queries: Sequence[str],
        bounds: Bounds,
        max_crops: int | None,
        prompt: str | None,
    ) -> list[Points]:
        """Points at each query in its own image, by what is read there, too, where there is a reader."""
        runtime, reader = self.runtime, self.reader
        if reader is None:
            return point_apart(runtime, images, queries, bounds, max_crops, prompt)

        def ask(part: np.ndarray, words: str) -> Points:
            return point_in_image(runtime, part, [words], Bounds(exactly=1), max_crops)[0]

        given = [image if isinstance(image, EncodedImage) else to_rgb(image) for image in images]
        answers = point_apart(runtime, given, queries, asked_bounds(bounds), max_crops, prompt)
        seen = [one.seen if isinstance(one, EncodedImage) else SeenImage.read(one, reader) for one in given]
        return fuse_each(
            seen, answers, queries, bounds, ask if runtime.has_grounding_tokens else None, runtime.name
        )
