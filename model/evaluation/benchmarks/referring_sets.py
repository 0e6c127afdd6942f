"""Where MeViS, Ref-YT-VOS, Ref-DAVIS17 and ReasonVOS keep frames and masks.

Rows are those of `allenai/molmo2-…`; frames and masks are those of each set's own download, beside them in
one folder.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from model.data.errors import SkippedRow
from model.evaluation.benchmark import Row
from model.evaluation.case_files import read_json
from model.evaluation.video_sources import ImageMasks, ObjectMasks, RunLengthMasks
from model.evaluation.video_standins import SIZE, StandIn
from molmo_act.errors import InputError
from molmo_act.io.atomic import atomic_file


class ReferringSet:
    """Where the rows, frames and masks of a set lie.

    Attributes:
        name: What the command line calls it.
        title: What reports call it.
        folder: Folder of rows, frames and masks together.
        rows: The rows on the hub.
        media: How a user gets frames and masks.
        split: Beginning of the names of the files with rows.
        official_rows: How many rows there are; None where that is not known.
        column: Which of the published figures are of it.
        where: Where frames and masks lie, for people.
        frames_a_second: Of the frames; None where rows say it.
        frames: Folder of the frames.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    folder: ClassVar[str]
    rows: ClassVar[str]
    media: ClassVar[str]
    split: ClassVar[str]
    official_rows: ClassVar[int | None] = None
    column: ClassVar[int]
    where: ClassVar[str]
    frames_a_second: ClassVar[float | None] = None
    frames: ClassVar[str] = "JPEGImages"

    def __init__(self, home: Path) -> None:
        self.home = home

    @property
    def masks_there(self) -> bool:
        """Whether masks lie in the folder at all."""
        return self.place("Annotations").is_dir()

    def masks(self, row: Row) -> list[ObjectMasks]:
        """The masks of the objects of a row: frame → bool (H, W), in the order of `mask_id`."""
        raise NotImplementedError

    def place(self, folder: str) -> Path:
        """A folder of the set, perhaps in that of a split."""
        for split in ("", "valid", "valid_u", "test", "val", "DAVIS"):
            if (found := self.home / split / folder).exists():
                return found
        return self.home / folder

    @classmethod
    def write_masks(cls, home: Path, standins: Sequence[StandIn]) -> None:
        """Writes the masks of stand-ins, clip 0, 1 and so on."""
        raise NotImplementedError

    def inside(self, folder: str) -> Path:
        """A folder that a row names; raises SkippedRow for one outside of the set."""
        path = self.place("Annotations") / folder
        if not path.resolve().is_relative_to(self.home.resolve()):
            raise SkippedRow("masks lie outside of the folder of the set")
        return path


class MeViS(ReferringSet):
    """MeViS valid_u: motion expressions; masks of all objects in one file."""

    name, title, folder, split = "mevis", "MeViS valid-u", "MeViS", "valid_u"
    rows, official_rows, column = "allenai/molmo2-mevis", 793, 0
    media = "hf download FudanCVL/MeViS --repo-type dataset --local-dir {home}"
    where = "frames in valid_u/JPEGImages/<video>/, masks in valid_u/mask_dict.json"

    @property
    def masks_there(self) -> bool:
        """Whether the file is there; raises InputError for a damaged one."""
        return self.place("mask_dict.json").is_file() and bool(self._runs)

    @cached_property
    def _runs(self) -> Mapping[str, Any]:
        said = read_json(self.place("mask_dict.json"))
        if not isinstance(said, Mapping):
            raise InputError(f"{self.place('mask_dict.json')} holds no masks by number. Download it again.")
        return said

    def masks(self, row: Row) -> list[ObjectMasks]:
        """Run lengths of every frame, or null."""
        size = size_of(row)
        return [RunLengthMasks(dict(enumerate(self._runs[str(name)])), size) for name in row["mask_id"]]

    @classmethod
    def write_masks(cls, home: Path, standins: Sequence[StandIn]) -> None:
        """Writes mask_dict.json."""
        runs = {
            f"{number}0{thing}": [one.run(thing, frame) for frame in range(len(one.frames))]
            for number, one in enumerate(standins)
            for thing in one.objects
        }
        with atomic_file(home / "mask_dict.json") as path:
            path.write_text(json.dumps(runs), encoding="utf-8")


class RefYoutubeVos(ReferringSet):
    """Ref-YT-VOS: a folder of grey images for every expression, brought to the size of the row."""

    name, title, folder, split = "ref-yt-vos", "Ref-YT-VOS", "Ref-YT-VOS", "valid"
    rows, official_rows, column = "allenai/molmo2-ref-yt-vos", 834, 1
    media = (
        "download valid.zip from https://codalab.lisn.upsaclay.fr/competitions/29139 and unpack it in {home}"
    )
    where = "frames in JPEGImages/<video>/, masks in Annotations/<video>/<expression id>/"

    def masks(self, row: Row) -> list[ObjectMasks]:
        """One object."""
        folder = self.inside(f"{row['video']}/{row['qid']}")
        return [ImageMasks(folder, row.get("n_frames"), size=size_of(row))]

    @classmethod
    def write_masks(cls, home: Path, standins: Sequence[StandIn]) -> None:
        """Writes grey images."""
        for number, one in enumerate(standins):
            write_images(home / f"Annotations/clip{number}/{number}", one, 255)


class RefDavis(ReferringSet):
    """Ref-DAVIS17: label images of DAVIS-2017; frames are taken as a video of 6 frames a second."""

    name, title, folder, split = "ref-davis17", "Ref-DAVIS17", "Ref-DAVIS17", "valid"
    rows, official_rows, column = "allenai/molmo2-ref-davis17", 244, 2
    media = (
        "curl -L https://data.vision.ee.ethz.ch/csergi/share/davis/DAVIS-2017-trainval-480p.zip "
        "-o {home}/davis.zip && unzip {home}/davis.zip -d {home}"
    )
    where = "frames in DAVIS/JPEGImages/480p/<video>/, masks in DAVIS/Annotations/480p/<video>/"
    frames_a_second = 6.0
    frames = "DAVIS/JPEGImages/480p"

    def masks(self, row: Row) -> list[ObjectMasks]:
        """The pixels with the number of each object."""
        folder = self.inside(f"480p/{row['video']}")
        folder = folder if folder.is_dir() else self.inside(str(row["video"]))
        return [ImageMasks(folder, row.get("n_frames"), int(label)) for label in row["obj_id"]]

    @classmethod
    def write_masks(cls, home: Path, standins: Sequence[StandIn]) -> None:
        """Writes label images."""
        for number, one in enumerate(standins):
            write_images(home / f"DAVIS/Annotations/480p/clip{number}", one, None)


class ReasonVos(ReferringSet):
    """ReasonVOS: expressions that take reasoning; a folder of images for every object."""

    name, title, folder, split = "reasonvos", "ReasonVOS", "ReasonVOS", "test"
    rows, official_rows, column = "allenai/molmo2-reasonvos", 458, 3
    media = "download the archive that https://github.com/showlab/VideoLISA names and unpack it in {home}"
    where = "frames in JPEGImages/<video>/, masks in Annotations/<source>_<video>_<object>/"

    def masks(self, row: Row) -> list[ObjectMasks]:
        """Everything that is not black."""
        return [
            ImageMasks(self.inside(_reason_folder(row, name)), row.get("n_frames")) for name in row["obj_id"]
        ]

    @classmethod
    def write_masks(cls, home: Path, standins: Sequence[StandIn]) -> None:
        """Writes a folder for each object."""
        for number, one in enumerate(standins):
            for thing in one.objects:
                write_images(home / f"Annotations/LVVIS_clip{number}_{thing}", one, 255, (thing,))


def _reason_folder(row: Row, name: Any) -> str:
    """`<source>_<video>_<object>`; rows may name the source in `source` or in the video itself."""
    video = str(row["video"])
    return f"{row['source']}_{video}_{name}" if row.get("source") else f"{video}_{name}"


def size_of(row: Row) -> tuple[int, int]:
    """(width, height) of a row in pixels; raises ValueError for none."""
    size = int(row["width"]), int(row["height"])
    if min(size) < 1:
        raise ValueError(f"size {size}")
    return size


def write_images(folder: Path, one: StandIn, value: int | None, things: Sequence[int] = ()) -> None:
    """Writes masks of the objects asked for, 00000.png and so on, in one grey value or each in its number."""
    folder.mkdir(parents=True)
    for frame in range(len(one.frames)):
        image = np.zeros((SIZE[1], SIZE[0]), np.uint8)
        for thing in things or one.objects:
            mask = one.mask(thing, frame)
            if mask is not None:
                image[mask] = thing if value is None else value
        Image.fromarray(image).save(folder / f"{frame:05}.png")
