"""Finds the videos and masks of evaluation sets, and reads them only where they are needed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from PIL import Image

from model.data.datasets.mask_images import read_mask_image, read_object_numbers
from model.data.datasets.mask_sets import to_mask
from model.data.errors import SkippedRow
from molmo_act.errors import InputError
from molmo_act.io.frames import images_in_folder
from molmo_act.io.video_reader import video_duration

T = TypeVar("T")
_PLACES = ("", "videos", "JPEGImages", "JPEGImages/480p", "DAVIS/JPEGImages/480p")
_SPLITS = ("", "valid", "valid_u", "test", "val")
_ENDINGS = ("", ".mp4", ".webm", ".mkv", ".avi", ".mov")


@dataclass(frozen=True, eq=False)
class ShownVideo:
    """A video, or a part of one, as a model is shown it.

    Attributes:
        source: A video file, or a folder of frames.
        size: (width, height) in pixels in which answers are scored, as the row says them.
        fps: Frames per second of a folder.
        start: Seconds at which the part begins.
        end: Seconds at which it ends; None for the end.
    """

    source: Path
    size: tuple[int, int]
    fps: float
    start: float = 0.0
    end: float | None = None


class VideoFiles:
    """The videos of a data set.

    Args:
        home: Folder of the data set. Videos lie in it or in ``videos/``, folders of frames in
            ``JPEGImages/``, each perhaps in the folder of a split.
    """

    def __init__(self, home: Path) -> None:
        self._home = home

    def path(self, *names: str) -> Path:
        """Finds the first video that is there.

        Args:
            names: Names that it may have, with or without its ending.

        Raises:
            SkippedRow: There is none.
        """
        for name in filter(None, names):
            for place in self._places():
                for ending in _ENDINGS:
                    path = place / f"{name}{ending}"
                    if path.exists() and place.resolve() in path.resolve().parents:
                        return path
        raise SkippedRow("video is missing")

    def reader(
        self,
        names: Sequence[str],
        size: tuple[int, int],
        fps: float,
        span: tuple[float, float | None] = (0.0, None),
        frames: int | None = None,
    ) -> Callable[[], ShownVideo]:
        """Gives a function that finds a video and opens it, for `Case.read`.

        Args:
            names: See `path`.
            size: See `ShownVideo`.
            fps: See `ShownVideo`.
            span: First and last second.
            frames: How many frames a folder has at least; None where that is not known.

        The function raises SkippedRow where the video is missing, cannot be opened, or lacks frames: those
        behind a missing one would be shown at another time.
        """

        def read() -> ShownVideo:
            path = self.path(*names)
            try:
                if path.is_dir():
                    _check_frames(images_in_folder(path), frames)
                else:
                    video_duration(path)
            except SkippedRow:
                raise
            except InputError:
                raise SkippedRow("video cannot be read") from None
            return ShownVideo(path, size, fps, *span)

        return read

    def _places(self) -> Iterator[Path]:
        for split in _SPLITS:
            for place in _PLACES:
                yield self._home / split / place


def _check_frames(images: Sequence[Path], frames: int | None) -> None:
    """Raises SkippedRow where images are too few, or their numbers have a gap."""
    numbers = [int(path.stem) for path in images if path.stem.isdecimal()]
    steps = {later - earlier for earlier, later in itertools.pairwise(numbers)}
    if len(steps) > 1 or len(images) < (frames or 1):
        raise SkippedRow("frames are missing")


class Deferred(Generic[T]):
    """A value of a row that is read when it is asked for: masks, which are most of a data set.

    It is not part of what tells data sets apart.

    Args:
        read: Gives the value.
    """

    def __init__(self, read: Callable[[], T]) -> None:
        self._read = read

    @property
    def value(self) -> T:
        """The value, read anew; raises SkippedRow where it cannot be."""
        return self._read()

    def __repr__(self) -> str:
        return "read when asked for"


class ObjectMasks(Mapping[int, np.ndarray]):
    """Masks of one object by frame, bool (H, W), decoded when they are asked for.

    Attributes:
        annotated: The frames that were annotated, ascending; those that are not in the mapping are empty.
    """

    annotated: tuple[int, ...]


class RunLengthMasks(ObjectMasks):
    """Masks that are run lengths or polygons.

    Args:
        runs: Frame → run lengths or polygons in COCO's format; frames without any are not in the mapping.
        size: (width, height) for polygons that do not say it.
    """

    def __init__(self, runs: Mapping[Any, Any], size: tuple[int, int]) -> None:
        self.annotated = tuple(sorted(runs))
        self._runs = {frame: run for frame, run in runs.items() if run is not None}
        self._size = size

    def __getitem__(self, frame: int) -> np.ndarray:
        run = self._runs[frame]
        if isinstance(run, list) and run and isinstance(run[0], Mapping):  # polygons, each with its size
            return np.logical_or.reduce([self._decoded(part) for part in run])
        return self._decoded(run)

    def __iter__(self) -> Iterator[int]:
        return iter(self._runs)

    def __len__(self) -> int:
        return len(self._runs)

    def _decoded(self, run: Any) -> np.ndarray:
        size = self._size
        if isinstance(run, Mapping):
            height, width = run.get("size") or size[::-1]
            size = int(width), int(height)
            if run.get("counts") is None:
                run = run.get("polygons", run.get("polygon", run))
        return to_mask(run, size)


class ImageMasks(ObjectMasks):
    """Masks that are images of a folder.

    Args:
        folder: Holds an image for each frame; where there are as many as the video has frames they are taken
            in order, else by their number.
        frames: How many frames the video has.
        label: Number of the object; None where everything that is not black belongs to it.
        size: (width, height) that masks are brought to, nearest; None to keep theirs.

    Raises:
        SkippedRow: There is no such folder.
    """

    def __init__(
        self, folder: Path, frames: int | None, label: int | None = None, size: tuple[int, int] | None = None
    ) -> None:
        names = sorted(path for path in folder.glob("*.png")) if folder.is_dir() else []
        if not names:
            raise SkippedRow("masks are missing")
        numbers: Any = range(len(names)) if frames == len(names) else (int(path.stem) for path in names)
        try:
            self._paths: dict[int, Path] = dict(zip(numbers, names, strict=True))
        except ValueError:
            raise SkippedRow("masks have names that are no numbers of frames") from None
        self._label, self._size = label, size
        self.annotated = tuple(sorted(self._paths))

    def __getitem__(self, frame: int) -> np.ndarray:
        path = self._paths[frame]
        mask = read_mask_image(path) if self._label is None else read_object_numbers(path) == self._label
        if self._size is not None and mask.shape != self._size[::-1]:
            mask = np.array(Image.fromarray(mask).resize(self._size, Image.Resampling.NEAREST))
        return mask

    def __iter__(self) -> Iterator[int]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def union(masks: Sequence[ObjectMasks], frames: Sequence[int], size: tuple[int, int]) -> np.ndarray:
    """Joins the masks of several objects.

    Args:
        masks: The objects.
        frames: Which frames.
        size: (width, height), where no object has a mask.

    Returns:
        bool (T, H, W), in the size of the first mask.

    Raises:
        SkippedRow: Masks differ in size.
    """
    found = np.zeros((len(frames), size[1], size[0]), bool)
    empty = True
    for place, frame in enumerate(frames):
        for mask in (one[frame] for one in masks if frame in one):
            if empty:
                found, empty = np.zeros((len(frames), *mask.shape), bool), False
            if mask.shape != found.shape[1:]:
                raise SkippedRow("masks differ in size")
            found[place] |= mask
    return found
