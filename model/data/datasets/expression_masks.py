"""Videos with referring expressions and masks: MeViS, Ref-YouTube-VOS and Ref-DAVIS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from model.data.datasets.mask_images import read_object_numbers
from model.data.datasets.mask_set import MaskRow, MaskSet, field, read_json, words
from model.data.datasets.segmentations import size_of, to_mask
from model.data.errors import SkippedRow
from molmo_act.errors import InputError

RUNS = "mask_dict.json"
WHITE = 255
"""Of a mask of one object; no data set here has as many objects."""
FRAMES_BEFORE = 4
"""That a line names for models with a temporal module, as VideoMolmo's are."""


class ExpressionMasks(MaskSet):
    """Videos with referring expressions in the layout of MeViS, Ref-YouTube-VOS and Ref-DAVIS.

    meta_expressions.json lists videos with their frames and expressions. Frames lie in
    JPEGImages/VIDEO/FRAME.jpg. Masks are run lengths in mask_dict.json (MeViS: `anno_id` of an expression →
    one for each frame, or null), or images in Annotations/VIDEO/FRAME.png whose pixels are numbers of objects
    (`obj_id`). A row asks for one expression on one frame; one on which no object is seen has no points.

    Args:
        path: The file.

    Raises:
        InputError: It is of another format, or there are no masks.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._last: tuple[Path, np.ndarray] | None = None
        stored = path.parent / RUNS
        videos, runs = read_json(path), read_json(stored) if stored.exists() else None
        try:
            self._videos: Mapping[str, Any] = dict(videos["videos"].items())
            self._runs = None if runs is None else {str(key): value for key, value in runs.items()}
        except (KeyError, TypeError, AttributeError) as exc:
            raise InputError(f"{path} is not as MeViS has it ({type(exc).__name__}: {exc}).") from exc
        if self._runs is None and not (path.parent / "Annotations").is_dir():
            raise InputError(f"{path.parent} has neither {RUNS} nor Annotations; expected masks.")
        if self._runs == {}:
            raise InputError(f"{stored} is not as MeViS has it: it holds no masks.")
        self._count = sum(1 for _ in self._looks())

    @property
    def lists(self) -> tuple[Path, ...]:
        """See `MaskSet.lists`."""
        return (self._path,) if self._runs is None else (self._path, self._folder / RUNS)

    def __len__(self) -> int:
        return self._count

    def rows(self) -> Iterator[MaskRow]:
        """See `MaskSet.rows`; frame by frame, so that each image is read once."""
        for video, frame, key in self._looks():
            where = f"video {video!r}, frame {frame}, expression {key!r}"
            try:
                yield self._row(video, frame, key, where)
            except SkippedRow as fault:
                yield self.broken(where, fault)

    def _row(self, video: str, frame: int, key: str, where: str) -> MaskRow:
        about = self._videos[video]
        if not _is_video(about):
            raise SkippedRow("video has no list of frames, or no expressions by their keys")
        said = about["expressions"][key]
        text = words(field(said, "exp", "expression"), "exp of an expression")
        names = [f"JPEGImages/{video}/{each}.jpg" for each in about["frames"]]
        asked = {"image": names[frame], "text": text, "video": video, "frame": frame}
        asked["before"] = names[max(0, frame - FRAMES_BEFORE) : frame]
        return MaskRow(asked, self.file(names[frame]), self._objects(video, frame, said), self._mask, where)

    def _looks(self) -> Iterator[tuple[str, int, str]]:
        """Yields video, frame and key of each expression; of a damaged video once."""
        for video, about in self._videos.items():
            if not _is_video(about):
                yield video, 0, ""
                continue
            for frame in range(len(about["frames"])):
                for key in about["expressions"]:
                    yield video, frame, key

    def _objects(self, video: str, frame: int, said: Mapping[str, Any]) -> tuple[str, ...]:
        """Names of the masks of an expression that are not empty on a frame."""
        numbers = field(said, "obj_id" if self._runs is None else "anno_id", "expression")
        listed = [str(number) for number in (numbers if isinstance(numbers, list) else [numbers])]
        if not listed:
            raise SkippedRow("expression names no objects")
        if self._runs is not None:
            listed = [number for number in listed if self._run(number, frame) is not None]
        names = [f"{video}/{frame}/{number}" for number in listed]
        return tuple(name for name in names if self._mask(name).any())

    def _run(self, number: str, frame: int) -> Any:
        """The run lengths of an object on a frame; None where it is not seen."""
        assert self._runs is not None
        runs = self._runs.get(number)
        if "/" in number or not isinstance(runs, list) or frame >= len(runs):
            raise SkippedRow(f"{RUNS} has no masks of an anno_id, or not on every frame")
        return runs[frame]

    def _annotation(self, video: str, frame: int) -> Path:
        return self.file(f"Annotations/{video}/{self._videos[video]['frames'][frame]}.png")

    def _painted(self, path: Path) -> np.ndarray:
        """Numbers of objects, (H, W); the last image is kept."""
        if self._last is None or self._last[0] != path:
            self._last = path, read_object_numbers(path)
        return self._last[1]

    def _mask(self, name: str) -> np.ndarray:
        video, frame, number = name.rsplit("/", 2)
        if self._runs is not None:
            run = self._run(number, int(frame))
            return to_mask(run, size_of(run))
        if not number.isdecimal() or not int(number):
            raise SkippedRow(f"obj_id is {number!r}; expected the number of an object, from 1")
        numbers = self._painted(self._annotation(video, int(frame)))
        if int(number) != WHITE and numbers.any() and ((numbers == 0) | (numbers == WHITE)).all():
            raise SkippedRow("mask is black and white; expected numbers of objects")
        mask: np.ndarray = numbers == int(number)
        return mask


def _is_video(about: Any) -> bool:
    if not isinstance(about, Mapping):
        return False
    return isinstance(about.get("frames"), list) and isinstance(about.get("expressions"), Mapping)
