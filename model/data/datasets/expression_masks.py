"""Videos with referring expressions and masks: MeViS, Ref-YouTube-VOS and Ref-DAVIS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from model.data.datasets.mask_set import MaskRow, MaskSet, read_json
from model.data.datasets.segmentations import to_mask
from model.data.errors import SkippedRow
from molmo_act.errors import InputError

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
        stored = path.parent / "mask_dict.json"
        try:
            self._videos = read_json(path)["videos"]
            self._runs = (
                {str(key): value for key, value in read_json(stored).items()} if stored.exists() else None
            )
            if self._runs is None and not (path.parent / "Annotations").is_dir():
                raise InputError(f"{path.parent} has neither mask_dict.json nor Annotations; expected masks.")
            self._count = sum(
                len(video["frames"]) * len(video["expressions"]) for video in self._videos.values()
            )
            for video, frame, said in self._looks():
                self._names(video, frame, said)
        except (KeyError, TypeError, AttributeError, IndexError) as exc:
            raise InputError(f"{path} is not as MeViS has it ({type(exc).__name__}: {exc}).") from exc

    def __len__(self) -> int:
        return self._count

    def rows(self) -> Iterator[MaskRow]:
        """See `MaskSet.rows`; frame by frame, so that each image is read once."""
        for video, frame, said in self._looks():
            name = self._videos[video]["frames"][frame]
            image = f"JPEGImages/{video}/{name}.jpg"
            earlier = self._videos[video]["frames"][max(0, frame - FRAMES_BEFORE) : frame]
            asked = {"image": image, "text": said["exp"], "video": video, "frame": frame}
            asked["before"] = [f"JPEGImages/{video}/{each}.jpg" for each in earlier]
            yield MaskRow(asked, self.file(image), self._objects(video, frame, said), self._mask)

    def _looks(self) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
        for video, about in self._videos.items():
            for frame in range(len(about["frames"])):
                for said in about["expressions"].values():
                    yield video, frame, said

    def _objects(self, video: str, frame: int, said: Mapping[str, Any]) -> tuple[str, ...]:
        """Names of the masks of an expression that are not empty on a frame."""
        names = self._names(video, frame, said)
        if self._runs is None and not self._annotation(video, frame).exists():
            return names  # reading them says so
        return tuple(name for name in names if self._mask(name).any())

    def _names(self, video: str, frame: int, said: Mapping[str, Any]) -> tuple[str, ...]:
        """Names of the masks of an expression on a frame: video, frame and object."""
        numbers = said["anno_id"] if self._runs is not None else said["obj_id"]
        listed = [str(number) for number in (numbers if isinstance(numbers, list) else [numbers])]
        if self._runs is not None:
            listed = [number for number in listed if self._runs[number][frame] is not None]
        return tuple(f"{video}/{frame}/{number}" for number in listed)

    def _annotation(self, video: str, frame: int) -> Path:
        return self.file(f"Annotations/{video}/{self._videos[video]['frames'][frame]}.png")

    def _painted(self, path: Path) -> np.ndarray:
        """Numbers of objects, (H, W): indices of a palette, or grey; the last image is kept."""
        if self._last is None or self._last[0] != path:
            try:
                with Image.open(path) as stored:
                    plain = stored if stored.mode in ("P", "L", "I;16") else stored.convert("L")
                    self._last = path, np.array(plain)
            except OSError:
                raise SkippedRow("mask is missing") from None
        return self._last[1]

    def _mask(self, name: str) -> np.ndarray:
        video, frame, number = name.rsplit("/", 2)
        if self._runs is None:
            return self._painted(self._annotation(video, int(frame))) == int(number)
        run = self._runs[number][int(frame)]
        height, width = run["size"]
        return to_mask(run, (width, height))
