"""Reads frames with their timestamps from a file, a folder of images, images in order, or a live source."""

from __future__ import annotations

import io
import logging
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Set, Sized
from pathlib import Path
from typing import TypeAlias, TypeGuard

import numpy as np

from molmo_act.errors import InputError, MolmoActError
from molmo_act.io.camera import Camera, as_camera, is_live
from molmo_act.io.damage import Damage
from molmo_act.io.image import ImageInput, to_rgb
from molmo_act.io.image_file import image_suffixes, unread_image_suffixes
from molmo_act.io.locations import FileSource, describe, is_file_source
from molmo_act.io.media_kind import MediaKind, folder_of, media_kind
from molmo_act.io.video_reader import decode_pipe, every_frame, stated_frame_count
from molmo_act.request import check_span, check_start
from molmo_act.validation import check_number

logger = logging.getLogger(__name__)

TimedImage: TypeAlias = "tuple[ImageInput, float]"
"""An image and the seconds at which it is shown."""
VideoSource: TypeAlias = "FileSource | Camera | int | np.ndarray | Iterable[ImageInput | TimedImage]"
"""A video, as `read_frames` takes it."""

DEFAULT_FPS = 30.0


def until_lost(reader: FrameReader) -> Iterator[tuple[np.ndarray, float]]:
    """Reads a live source until it is lost for good; what came before is kept, and the loss is damage.

    Args:
        reader: Of a live source.

    Yields:
        Its frames.

    Raises:
        InputError: It gave no frame at all.
    """
    seen = False
    try:
        for frame in reader:
            seen = True
            yield frame
    except MolmoActError as error:
        if not seen:
            raise
        reader.damage.add(f"it was lost ({error})")


class FrameReader(Iterator[tuple[np.ndarray, float]]):
    """Gives the frames of a video one after the other, each as uint8 RGB (H, W, 3) with its seconds.

    Args:
        frames: The frames.
        damage: What could not be decoded.

    Attributes:
        damage: What could not be decoded of the video so far; false where nothing is known to be missing.
    """

    def __init__(self, frames: Iterator[tuple[np.ndarray, float]], damage: Damage) -> None:
        self._frames = frames
        self.damage = damage

    def __next__(self) -> tuple[np.ndarray, float]:
        return next(self._frames)


def read_frames(
    video: VideoSource, *, fps: float = DEFAULT_FPS, start: float = 0.0, end: float | None = None
) -> FrameReader:
    """Reads the frames of a video in order, one at a time in memory.

    Args:
        video: One of:
            a video file or an animated image: its path, a ``file://`` URL, its content, or a file object
            (videos need the extra `video`);
            a pipe, whose frames are read as they come;
            a folder of images, in the natural order of their names;
            images in order, or pairs of an image and its seconds: a list, an array, or an iterator;
            a live source: a `Camera`, the number of a camera, a video device, or the URL of a stream.
        fps: Frames per second of images without times; a file says itself when each frame is shown.
        start: Seconds; earlier frames are left out.
        end: Seconds; later frames are left out. None for all.

    Returns:
        An iterator of uint8 RGB (H, W, 3), upright, and seconds since the first frame of the video. What of a
        file cannot be decoded is left out, logged, and told by `FrameReader.damage`.

    Raises:
        ImageError: An image cannot be read.
        InputError: There is no such video or no frame in it, or a number is out of range.
        MissingExtraError: PyAV or, for a camera, OpenCV is not installed.
    """
    check_number("fps", fps, above=0, what="frames per second")
    last = check_span(start, end)
    damage = Damage(describe(video) if is_file_source(video) else "given as images")
    return FrameReader(_between(_frames(video, fps, damage), start, last, damage), damage)


def count_frames(video: VideoSource) -> int | None:
    """Counts the frames of a video without decoding them.

    Args:
        video: See `read_frames`.

    Returns:
        The number of frames; None where that is not known before they are read.

    Raises:
        InputError: See `read_frames`.
        MissingExtraError: PyAV is not installed.
    """
    if is_live(video) or _is_pipe(video):
        return None
    if is_file_source(video) and folder_of(video) is None:
        return stated_frame_count(video)
    images = list_images(video)
    return len(images) if isinstance(images, Sized) else None


def _frames(video: VideoSource, fps: float, damage: Damage) -> Iterator[tuple[np.ndarray, float]]:
    if is_live(video):
        yield from as_camera(video)
    elif _is_pipe(video):
        for time, frame in decode_pipe(Path(video), damage):
            yield frame, time
    elif is_file_source(video) and folder_of(video) is None:
        for time, frame in every_frame(video, damage):
            yield frame, time
    else:
        for index, image in enumerate(list_images(video)):
            yield _timed(image, index / fps)


def _timed(image: ImageInput | TimedImage, seconds: float) -> tuple[np.ndarray, float]:
    """The pixels of an image with its time: its own one where it comes with one."""
    if isinstance(image, tuple) and len(image) == 2:
        return to_rgb(image[0]), check_number("The time of a frame", image[1], what="seconds")
    return to_rgb(image), seconds


def _between(
    frames: Iterator[tuple[np.ndarray, float]], start: float, end: float, damage: Damage
) -> Iterator[tuple[np.ndarray, float]]:
    last, left_out, shown = -math.inf, 0, False
    for frame, time in frames:
        if time > end:
            last = time
            break
        if time <= last:  # damaged or badly joined files, of which half may be so
            if not left_out:
                damage.add(f"a frame at {time:.3f} s comes after that at {last:.3f} s, and is left out")
            left_out += 1
            continue
        last = time
        if time >= start:
            shown = True
            yield frame, time
    if left_out > 1:
        logger.warning("%d frames of the video go back in time and were left out.", left_out)
    if not shown and last > end:
        raise InputError(
            f"No frame of the video is shown from start={start} to end={end}; the next is at {last:.2f} s. "
            "Expected another part of it."
        )
    check_start(last, start)


def list_images(video: object) -> Iterable[ImageInput | TimedImage]:
    """Lists the images of a video that is not a file.

    Args:
        video: A folder of images, or images in order.

    Returns:
        Paths of the folder's images in natural order; or the images that were given.

    Raises:
        InputError: There is no image, or the video is of another kind.
    """
    folder = folder_of(video)
    if folder is not None:
        return images_in_folder(folder)
    shape = getattr(video, "shape", None)  # of an array or a tensor
    if shape is not None and len(shape) != 4:
        raise InputError(
            f"The video is an array of shape {tuple(shape)}; expected RGB images (T, height, width, 3)."
        )
    if isinstance(video, io.TextIOBase):  # its lines are no paths of images
        raise InputError(
            f"The video is the file {getattr(video, 'name', '')!r}, opened as text; expected it opened by "
            "open(…, 'rb'), or its path."
        )
    if isinstance(video, (str, bytes, Mapping, Set)) or not isinstance(video, Iterable):
        raise InputError(
            f"The video is a {type(video).__name__}; expected the path of a file or of a folder of images, "
            "images in a list, an array or an iterator, a camera, or the URL of a stream."
        )
    if not isinstance(video, Sized):
        return _at_least_one(video)
    if len(video) == 0:
        raise InputError("The video has no frame; expected at least one image.")
    return video


def whole_video(video: object) -> list[np.ndarray]:
    """Reads all images of a video that is not a file into memory.

    Args:
        video: A folder of images, or images in order, without times of their own.

    Returns:
        uint8 RGB (H, W, 3), one for each image.

    Raises:
        ImageError: An image cannot be read.
        InputError: There is no image, they have times of their own, or the video has no end.
    """
    if is_live(video):
        raise InputError(f"The video is {as_camera(video)!r}, which has no end; expected a file or images.")
    images = list_images(video)
    pixels: list[np.ndarray] = []
    for image in images:
        if isinstance(image, tuple):
            raise InputError(
                "The frames of the video come with times of their own; expected images, and their frames per "
                "second as fps."
            )
        pixels.append(to_rgb(image))
    return pixels


def _at_least_one(images: Iterable[ImageInput | TimedImage]) -> Iterator[ImageInput | TimedImage]:
    """Images that come one by one, of which one must come."""
    empty = True
    for image in images:
        empty = False
        yield image
    if empty:
        raise InputError("The video has no frame; expected at least one image.")


def images_in_folder(folder: Path) -> list[Path]:
    """Lists the images of a folder in natural order: frame 10 comes after frame 9.

    Args:
        folder: The folder; only what lies directly in it counts. Hidden files do not, nor do others that are
            no images by their content or their name. An image that is damaged or of a format that is not read
            here counts, so that reading it fails instead of moving all later frames.

    Returns:
        Paths of its images.

    Raises:
        InputError: There is none, or the folder cannot be read.
    """
    if folder_of(folder) is None:
        raise InputError(f"There is no folder {str(folder)!r}; expected one of images.")
    suffixes = image_suffixes() | unread_image_suffixes()
    try:
        found = [path for path in folder.iterdir() if _is_frame(path, suffixes)]
    except OSError as exc:
        raise InputError(f"The folder {str(folder)!r} cannot be read ({exc.strerror}).") from exc
    if not found:
        raise InputError(
            f"The folder {str(folder)!r} holds no image; expected files such as {', '.join(_SHOWN_SUFFIXES)}."
        )
    return sorted(found, key=lambda path: [(part.isdecimal(), int(part) if part.isdecimal() else 0, part)
                                           for part in re.split(r"(\d+)", path.name)])  # fmt: skip


_SHOWN_SUFFIXES = (".png", ".jpg", ".webp", ".tif")


def _is_frame(path: Path, suffixes: frozenset[str]) -> bool:
    # Hidden files are not part of a recording: macOS leaves a "._1.jpg" for every "1.jpg" on foreign disks.
    if path.name.startswith(".") or path.is_dir():
        return False
    if path.suffix.lower() in suffixes:
        return True
    return media_kind(path) in (MediaKind.IMAGE, MediaKind.ANIMATION)


def _is_pipe(video: object) -> TypeGuard[str | os.PathLike[str]]:
    try:
        return isinstance(video, (str, os.PathLike)) and Path(video).is_fifo()
    except (OSError, ValueError):
        return False
