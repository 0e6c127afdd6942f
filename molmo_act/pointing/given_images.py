"""Points in images as callers give them: together in one prompt, or each on its own, read already or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from molmo_act.errors import InputError
from molmo_act.io.image import ImageInput, to_rgb
from molmo_act.outputs.points import Points
from molmo_act.pointing.encoded_image import EncodedImage
from molmo_act.pointing.images import point_in_encoded, point_in_image, point_in_pairs
from molmo_act.pointing.read_image import refuse_cutting_again
from molmo_act.pointing.runtime import PointingRuntime
from molmo_act.request import Bounds, paired

OneImage: TypeAlias = "ImageInput | EncodedImage"
"""One image to point in."""


def point_together(
    runtime: PointingRuntime,
    image: object,
    queries: Sequence[str],
    bounds: Bounds,
    max_crops: int | None,
    prompt: str | None,
) -> list[Points]:
    """Points at each query in several images that one prompt shows.

    Args:
        runtime: The model.
        image: What was given as images.
        queries: What to find.
        bounds: How much of an answer is wanted.
        max_crops: Most high-resolution crops of an image; None for the checkpoint's own number.
        prompt: How a query is asked, see `PromptTemplates.choose`.

    Returns:
        Points for each query.

    Raises:
        ImageError: An image cannot be used.
        InputError: There is no list of images, or one is encoded.
    """
    if not isinstance(image, (list, tuple)) or not image:
        raise InputError("together=True was given without a list of images; expected at least one image.")
    return point_in_image(runtime, [_pixels(one) for one in image], queries, bounds, max_crops, prompt)


def point_apart(
    runtime: PointingRuntime,
    images: Sequence[OneImage],
    queries: Sequence[str],
    bounds: Bounds,
    max_crops: int | None,
    prompt: str | None,
) -> list[Points]:
    """Points at each query in its own image.

    Args:
        runtime: The model.
        images: Images, read or encoded; one for all queries, or one for each.
        queries: What to find; one for all images, or one for each.
        bounds: How much of an answer is wanted.
        max_crops: Most high-resolution crops of an image; None for the checkpoint's own number.
        prompt: How a query is asked, see `PromptTemplates.choose`.

    Returns:
        Points for each pair.

    Raises:
        ImageError: An image cannot be used.
        InputError: There are other numbers of images and queries, or `max_crops` came with an encoded image.
    """
    encoded = [image for image in images if isinstance(image, EncodedImage)]
    if encoded:
        refuse_cutting_again(max_crops)
    if len(images) == 1:
        return _point_in_one(runtime, images[0], queries, bounds, max_crops, prompt)
    if not encoded:
        pairs = paired([_pixels(one) for one in images], queries)
        return point_in_pairs(runtime, pairs, bounds, max_crops, prompt)
    return [
        _point_in_one(runtime, image, [query], bounds, max_crops, prompt)[0]
        for image, query in paired(images, queries)
    ]


def _point_in_one(
    runtime: PointingRuntime,
    image: OneImage,
    queries: Sequence[str],
    bounds: Bounds,
    max_crops: int | None,
    prompt: str | None,
) -> list[Points]:
    """Points at each query in a single image."""
    if isinstance(image, EncodedImage):
        return point_in_encoded(runtime, image, queries, bounds, prompt)
    return point_in_image(runtime, to_rgb(image), queries, bounds, max_crops, prompt)


def _pixels(image: OneImage) -> np.ndarray:
    if isinstance(image, EncodedImage):
        raise InputError(
            "An encoded image was given with together=True; expected images that can be read in one prompt."
        )
    return to_rgb(image)
