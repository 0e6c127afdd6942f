"""Tells what a file is by its content; the one test that `point` and `track` share."""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path

from molmo_act.errors import InputError
from molmo_act.io.animation import is_animation
from molmo_act.io.image_file import looks_like_image, open_image_file, without_warnings
from molmo_act.io.locations import FileSource, can_go_back, is_file_source, local_path, locate
from molmo_act.io.video_decoder import is_video_file

VIDEO_SUFFIXES = frozenset({".mp4", ".mov", ".mkv", ".avi", ".webm", ".m4v", ".mpg", ".mpeg", ".ts"})
_MOTION_JPEG = frozenset({".mjpeg", ".mjpg"})  # a stream of JPEG files begins like one of them


class MediaKind(Enum):
    """What a file holds."""

    IMAGE = "image"
    ANIMATION = "animation"
    VIDEO = "video"
    FOLDER = "folder"
    UNKNOWN = "unknown"


def media_kind(source: FileSource) -> MediaKind:
    """Tells what a file is. Its name counts only where its content says nothing: it is missing or damaged.

    Args:
        source: A path, a ``file://`` or ``data:`` URL, content, or a file object.

    Returns:
        The kind; UNKNOWN for what is neither image nor video.
    """
    if folder_of(source) is not None:
        return MediaKind.FOLDER
    try:
        place = locate(source, kind="video", expected="")
    except InputError:
        return MediaKind.VIDEO if _suffix(source) in VIDEO_SUFFIXES else MediaKind.UNKNOWN
    return kind_of_file(place)


def kind_of_file(place: Path | bytes) -> MediaKind:
    """Tells what a file is whose place is known.

    Args:
        place: Path of a file that exists, or content.

    Returns:
        The kind.
    """
    suffix = _suffix(place)
    looks = looks_like_image(_prefix(place))
    if looks and suffix not in _MOTION_JPEG:
        try:
            with without_warnings(lambda: open_image_file(place)) as image:
                return MediaKind.ANIMATION if is_animation(image) else MediaKind.IMAGE
        except Exception:  # its header is damaged, or something else begins like an image
            if suffix not in VIDEO_SUFFIXES and not is_video_file(place):
                return MediaKind.IMAGE
    if suffix in VIDEO_SUFFIXES or is_video_file(place):
        return MediaKind.VIDEO
    return MediaKind.IMAGE if looks else MediaKind.UNKNOWN


def is_video(value: object) -> bool:
    """Tells whether a value stands for a video: moving pictures, or a folder of images.

    Args:
        value: What a caller gave as an image or a video.

    Returns:
        True for a video file of any format and for a folder. An animated image is an image, of which the
        first frame counts.
    """
    if not is_file_source(value) or not _can_be_read_twice(value):
        return False
    return media_kind(value) in (MediaKind.VIDEO, MediaKind.FOLDER)


def folder_of(value: object) -> Path | None:
    """Finds the folder that a value stands for.

    Args:
        value: Anything.

    Returns:
        The folder, of a path or a ``file://`` URL; None where there is none. An empty text is no path.
    """
    try:
        place = local_path(value)
        return place if place is not None and place.is_dir() else None
    except (OSError, TypeError, ValueError):  # TypeError: an object of bytes
        return None


def _can_be_read_twice(value: FileSource) -> bool:
    """False for a file object that cannot go back, which is used up by looking at what it holds."""
    return isinstance(value, (str, os.PathLike, bytes, bytearray, memoryview)) or can_go_back(value)


def _suffix(source: object) -> str:
    return Path(source).suffix.lower() if isinstance(source, (str, os.PathLike)) else ""


def _prefix(place: Path | bytes) -> bytes:
    if isinstance(place, bytes):
        return place[:32]
    try:
        with place.open("rb") as file:
            return file.read(32)
    except OSError:
        return b""
