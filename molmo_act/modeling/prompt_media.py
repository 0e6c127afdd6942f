"""Sorts images and videos to the prompts that show them. Knows placeholders, no tokens and no pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from PIL import Image
from torch import Tensor

from molmo_act.errors import InputError
from molmo_act.modeling.tiling import ProcessedImage
from molmo_act.modeling.video_processing import ProcessedVideo
from molmo_act.modeling.vision_tokens import IMAGE_PLACEHOLDER, VIDEO_PLACEHOLDER

T = TypeVar("T")


def checked_prompts(text: str | Sequence[str] | None) -> list[str]:
    """One prompt or several as a list.

    Raises:
        InputError: There is none, or it is not text.
    """
    prompts = [text] if isinstance(text, str) else list(text or [])
    if not prompts or not all(isinstance(prompt, str) for prompt in prompts):
        raise InputError(f"text is {text!r}; expected one prompt or a list of prompts.")
    return prompts


def flat_images(images: Any) -> list[Any]:
    """The images in nested lists, in order."""
    if images is None:
        return []
    if not isinstance(images, (list, tuple)):
        return [images]
    return [leaf for item in images for leaf in flat_images(item)]


def flat_videos(videos: Any) -> list[Any]:
    """The videos in nested lists, in order. A list of decoded pictures is one video."""
    if videos is None:
        return []
    if not isinstance(videos, (list, tuple)) or (videos and all(_is_picture(item) for item in videos)):
        return [videos]
    return [leaf for item in videos for leaf in flat_videos(item)]


def _is_picture(item: Any) -> bool:
    return isinstance(item, Image.Image) or (isinstance(item, (np.ndarray, Tensor)) and item.ndim <= 3)


def pair_metadata(videos: list[Any], metadata: Any) -> list[tuple[Any, Any]]:
    """Videos with what is known of each.

    Args:
        videos: What ``flat_videos`` gave.
        metadata: None, what is known of the only video, or nested lists of it.

    Raises:
        InputError: There is not one for each.
    """
    known = [None] * len(videos) if metadata is None else flat_images(metadata)
    if len(videos) != len(known):
        raise InputError(
            f"{len(videos)} videos came with {len(known)} video_metadata; expected one for each."
        )
    return list(zip(videos, known, strict=True))


def share_media(
    prompts: Sequence[str], stills: Sequence[ProcessedImage], clips: Sequence[ProcessedVideo]
) -> tuple[list[Sequence[ProcessedImage]], list[Sequence[ProcessedVideo]]]:
    """Give every prompt as many images and videos as it has placeholders.

    Raises:
        InputError: The numbers do not match, or a prompt mixes images and video or has two videos.
    """
    stills_of = _shares(prompts, IMAGE_PLACEHOLDER, "images", stills)
    clips_of = _shares(prompts, VIDEO_PLACEHOLDER, "videos", clips)
    for images, videos in zip(stills_of, clips_of, strict=True):
        if len(videos) > 1 or (images and videos):
            raise InputError(
                f"One prompt holds {len(images)} images and {len(videos)} videos; expected either images "
                "or a single video. Ask about them one after the other."
            )
    return stills_of, clips_of


def _shares(prompts: Sequence[str], placeholder: str, name: str, media: Sequence[T]) -> list[Sequence[T]]:
    counts = [prompt.count(placeholder) for prompt in prompts]
    if sum(counts) != len(media):
        raise InputError(
            f"The prompts hold {sum(counts)} placeholders {placeholder}, but {len(media)} {name} were given; "
            f"expected as many. The text of a message may not contain {placeholder} itself."
        )
    ends = np.cumsum(counts).tolist()
    return [media[end - count : end] for count, end in zip(counts, ends, strict=True)]


def pointing_metadata(stills: Sequence[ProcessedImage], clips: Sequence[ProcessedVideo]) -> dict[str, Any]:
    """What reading points out of an answer needs, for one prompt.

    All ids count on over the images of the prompt.

    Returns:
        For images ``token_pooling`` int64 (tokens, window), ``subpatch_mapping`` a list with one int64 (rows,
        cols) array per image, ``image_sizes`` a list of (width, height). For a video ``token_pooling``,
        ``subpatch_mapping`` one int64 (frames, rows, cols) array, ``timestamps`` seconds per frame,
        ``video_size`` (width, height). For neither the same as for images, empty.
    """
    if clips:
        (clip,) = clips
        return {
            "token_pooling": clip.token_pooling.numpy(),
            "subpatch_mapping": clip.subpatch_mapping.numpy(),
            "timestamps": list(clip.timestamps),
            "video_size": clip.video_size,
        }
    poolings, mappings, first = [np.empty((0, 0), np.int64)], [], 0
    for still in stills:
        pooling = still.token_pooling.numpy()
        poolings.append(np.where(pooling < 0, -1, pooling + first))
        mappings.append(still.subpatch_mapping.numpy() + first)
        first += still.patches.shape[0] * still.patches.shape[1]
    return {
        "token_pooling": np.concatenate(poolings[1:]) if stills else poolings[0],
        "subpatch_mapping": mappings,
        "image_sizes": [still.image_size for still in stills],
    }
