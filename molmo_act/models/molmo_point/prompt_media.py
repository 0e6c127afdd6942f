"""Sorts images and videos to the prompts that show them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from PIL import Image
from torch import Tensor

from molmo_act.errors import InputError
from molmo_act.formats.vision_tokens import IMAGE_PLACEHOLDER, VIDEO_PLACEHOLDER
from molmo_act.models.molmo_point.frame_sampling import stack_frames, video_facts
from molmo_act.models.molmo_point.tiling import ProcessedImage
from molmo_act.models.molmo_point.video_processing_molmo_point import ProcessedVideo
from molmo_act.validation import wrong

T = TypeVar("T")


def checked_prompts(text: str | Sequence[str] | None) -> list[str]:
    """One prompt or several as a list.

    Args:
        text: A prompt, or several.

    Returns:
        The prompts.

    Raises:
        InputError: There is none, or it is not text.
    """
    prompts = [text] if isinstance(text, str) else text
    if (
        not isinstance(prompts, (list, tuple))
        or not prompts
        or not all(isinstance(one, str) for one in prompts)
    ):
        raise wrong("text", text, "one prompt or a list of prompts")
    return list(prompts)


def flat_images(images: object) -> list[object]:
    """Unpacks nested lists of images.

    Args:
        images: An image, nested lists of images, or None.

    Returns:
        The images in order.
    """
    return [image for image in _leaves(images, _is_no_list) if image is not None]


def flat_videos(videos: object) -> list[object]:
    """Unpacks nested lists of videos. A list of decoded images is one video.

    Args:
        videos: A video, nested lists of videos, or None.

    Returns:
        The videos in order.
    """
    return [video for video in _leaves(videos, _is_video) if video is not None]


def _leaves(nested: Any, is_leaf: Callable[[Any], bool]) -> list[Any]:
    """What nested lists hold, in order."""
    if is_leaf(nested):
        return [nested]
    return [leaf for item in nested for leaf in _leaves(item, is_leaf)]


def _is_no_list(item: Any) -> bool:
    return not isinstance(item, (list, tuple))


def _is_video(item: Any) -> bool:
    return not isinstance(item, (list, tuple)) or (bool(item) and all(map(_is_image, item)))


def _is_image(item: Any) -> bool:
    return isinstance(item, Image.Image) or (isinstance(item, (np.ndarray, Tensor)) and item.ndim <= 3)


def pair_metadata(videos: list[object], metadata: object) -> list[tuple[object, object]]:
    """Videos with what is known of each.

    Args:
        videos: What ``flat_videos`` gave.
        metadata: None, what is known of the only video, or nested lists of it, None for a video of which
            nothing is known.

    Returns:
        Pairs of a video and what is known of it, or None.

    Raises:
        InputError: There is not one for each.
    """
    known = [None] * len(videos) if metadata is None else _leaves(metadata, _is_no_list)
    if len(videos) != len(known):
        raise InputError(
            f"{len(videos)} videos came with {len(known)} video_metadata; expected one for each."
        )
    return list(zip(videos, known, strict=True))


def media_of_messages(
    conversations: Sequence[Sequence[Mapping[str, Any]]], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Images and videos of messages, and what is known of the videos, as arguments of calling a processor.

    Args:
        conversations: Messages of each prompt.
        given: Arguments that were given beside the messages. Its ``images`` and ``videos`` take the place of
            those of the messages; its ``video_metadata`` go before what the messages say, fact by fact.

    Returns:
        All arguments of the call.

    Raises:
        InputError: A part of a message shows nothing, or there is not one ``video_metadata`` for each video.
    """
    parts = [
        [part for message in messages for part in message["content"] if isinstance(part, Mapping)]
        for messages in conversations
    ]
    call = dict(given)
    if given.get("images") is None:
        images = [[_payload(part, "image") for part in row if part["type"] == "image"] for row in parts]
        call["images"] = images if any(images) else None
    if given.get("videos") is None:
        videos = [[_payload(part, "video") for part in row if part["type"] == "video"] for row in parts]
        call["videos"] = videos if any(videos) else None
    said = [video_facts(part) for row in parts for part in row if part["type"] == "video"]
    if given.get("video_metadata") is None:
        call["video_metadata"] = said or None
    elif said:
        _, beside = zip(*pair_metadata(list(said), given["video_metadata"]), strict=True)
        call["video_metadata"] = list(map(_merged, said, map(video_facts, beside)))
    return call


def _merged(said: dict[str, Any], beside: dict[str, Any]) -> dict[str, Any]:
    """What a message says of a video, and before it what was given beside the message."""
    times = {"timestamps", "frames_indices"}
    kept = {name: fact for name, fact in said.items() if name not in times or not times & beside.keys()}
    return kept | beside


def _payload(part: Mapping[str, Any], kind: str) -> Any:
    """What a message part shows, a list of frames stacked."""
    for key in (kind, "path", "url"):
        if part.get(key) is not None:
            return stack_frames(part[key]) if isinstance(part[key], (list, tuple)) else part[key]
    raise InputError(f"A message part of type {kind!r} has no {kind!r}; expected it beside the type.")


def share_media(
    prompts: Sequence[str], images: Sequence[ProcessedImage], videos: Sequence[ProcessedVideo]
) -> tuple[list[Sequence[ProcessedImage]], list[Sequence[ProcessedVideo]]]:
    """Give every prompt as many images and videos as it has placeholders.

    Args:
        prompts: Texts with placeholders.
        images: Images of all prompts, in order.
        videos: Videos of all prompts, in order.

    Returns:
        The images of each prompt, and the videos of each prompt.

    Raises:
        InputError: The numbers do not match, or a prompt mixes images and video or has two videos.
    """
    images_of = _shares(prompts, IMAGE_PLACEHOLDER, "images", images)
    videos_of = _shares(prompts, VIDEO_PLACEHOLDER, "videos", videos)
    for its_images, its_videos in zip(images_of, videos_of, strict=True):
        if len(its_videos) > 1 or (its_images and its_videos):
            raise InputError(
                f"One prompt holds {len(its_images)} images and {len(its_videos)} videos; expected either "
                "images or a single video. Ask about them one after the other."
            )
    return images_of, videos_of


def _shares(prompts: Sequence[str], placeholder: str, name: str, media: Sequence[T]) -> list[Sequence[T]]:
    counts = [prompt.count(placeholder) for prompt in prompts]
    if sum(counts) != len(media):
        raise InputError(
            f"The prompts hold {sum(counts)} placeholders {placeholder}, but {len(media)} {name} were given; "
            f"expected as many. The text of a message may not contain {placeholder} itself."
        )
    ends = np.cumsum(counts).tolist()
    return [media[end - count : end] for count, end in zip(counts, ends, strict=True)]


def pointing_metadata(
    images: Sequence[ProcessedImage], videos: Sequence[ProcessedVideo]
) -> dict[str, object]:
    """What reading points out of an answer needs, for one prompt.

    All ids count on over the images of the prompt.

    Args:
        images: Images of the prompt, cut.
        videos: Videos of the prompt, cut; at most one.

    Returns:
        For images ``token_pooling`` int64 (tokens, window), ``subpatch_mapping`` a list with one int64 (rows,
        cols) array per image, ``image_sizes`` a list of (width, height). For a video ``token_pooling``,
        ``subpatch_mapping`` one int64 (frames, rows, cols) array, ``timestamps`` seconds per frame,
        ``video_size`` (width, height), ``damaged`` whether frames could not be decoded. For neither the same
        as for images, empty.
    """
    if videos:
        (video,) = videos
        return {
            "token_pooling": video.token_pooling.numpy(),
            "subpatch_mapping": video.subpatch_mapping.numpy(),
            "timestamps": list(video.timestamps),
            "video_size": video.video_size,
            "damaged": video.damaged,
        }
    poolings, mappings, first = [np.empty((0, 0), np.int64)], [], 0
    for image in images:
        pooling = image.token_pooling.numpy()
        poolings.append(np.where(pooling < 0, -1, pooling + first))
        mappings.append(image.subpatch_mapping.numpy() + first)
        first += image.patches.shape[0] * image.patches.shape[1]
    return {
        "token_pooling": np.concatenate(poolings[1:]) if images else poolings[0],
        "subpatch_mapping": mappings,
        "image_sizes": [image.image_size for image in images],
    }
