"""Sets of images with masks: your own, in COCO's format, and videos with referring expressions."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from model.data.datasets.custom import read_lines
from model.data.datasets.parquet import decoded
from model.data.errors import SkippedRow
from molmo_act.errors import InputError
from molmo_act.outputs import rle

MASKS, EXPRESSIONS = "masks.jsonl", "meta_expressions.json"
FRAMES_BEFORE = 4
"""That a line names for models with a temporal module, as VideoMolmo's are."""
EXAMPLE = '{"image": "a.jpg", "text": "the red mug", "masks": ["a_mug.png"]}'


@dataclass(frozen=True)
class MaskRow:
    """One question about one image, whose answer is masks.

    Attributes:
        asked: What a line of points.jsonl holds beside the points: ``image`` (its path in the folder),
            ``text``, and what else is known.
        path: Of the image.
        masks: A name for each mask, the same wherever that mask is named.
        read: Gives the mask of a name, bool (H, W).
    """

    asked: Mapping[str, Any]
    path: Path
    masks: tuple[str, ...]
    read: Callable[[str], np.ndarray]

    def image(self) -> np.ndarray:
        """Reads the image, uint8 RGB (H, W, 3); raises `SkippedRow` where it cannot be."""
        return _pixels(self.path, "image")

    def mask(self, name: str) -> np.ndarray:
        """Reads a mask, bool (H, W); raises `SkippedRow` where it cannot be."""
        return self.read(name)


class MaskSet(ABC):
    """A set of images with masks.

    Args:
        path: The file that lists them; images lie in or below its folder.

    Attributes:
        name: Name of the file.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._folder, self.name = path, path.parent, path.name

    @abstractmethod
    def __len__(self) -> int:
        """How many rows there are."""

    @abstractmethod
    def rows(self) -> Iterator[MaskRow]:
        """Yields the rows, in the same order every time."""

    def _file(self, name: object) -> Path:
        """A file of the set; raises InputError for one outside of its folder."""
        path = self._folder / str(name)
        if not path.resolve().is_relative_to(self._folder.resolve()):
            raise InputError(f"{self._path} names {str(name)!r}, which lies outside of its folder.")
        return path


class LinesOfMasks(MaskSet):
    """Your own images: every line of masks.jsonl names an image, and an image for each mask.

    A mask is an image of the same size as the one it belongs to; its pixels that are not black belong to one
    object.

    Args:
        path: The file.

    Raises:
        InputError: A line cannot be used, or there is none.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._rows = [self._row(number, line) for number, line in enumerate(read_lines(path, EXAMPLE), 1)]

    def __len__(self) -> int:
        return len(self._rows)

    def rows(self) -> Iterator[MaskRow]:
        """See `MaskSet.rows`."""
        yield from self._rows

    def _row(self, number: int, line: str) -> MaskRow:
        try:
            row = json.loads(line)
            masks = tuple(map(str, row["masks"]))
            asked = {key: row[key] for key in ("image", "text", "label") if key in row}
            if not {"image", "text"} <= set(asked):
                raise KeyError("image and text")
        except (ValueError, KeyError, TypeError) as exc:
            raise InputError(
                f"Line {number} of {self._path} cannot be used ({type(exc).__name__}: {exc}); expected "
                f"something like {EXAMPLE}."
            ) from exc
        return MaskRow(asked, self._file(asked["image"]), masks, self._mask)

    def _mask(self, name: str) -> np.ndarray:
        return _pixels(self._file(name), "mask").max(axis=2) > 0


class CocoMasks(MaskSet):
    """A data set in COCO's format: polygons, or run lengths, compressed or not.

    A row asks for the objects of one category in one image, by its name. Images with a crowd of the category,
    whose objects have no masks of their own, are left out.

    Args:
        path: The JSON file.

    Raises:
        InputError: It is of another format.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        try:
            data = _json(path)
            self._images = {image["id"]: image for image in data["images"]}
            names = {category["id"]: str(category["name"]) for category in data["categories"]}
            self._annotations = {str(one["id"]): one for one in data["annotations"]}
            self._asked: dict[tuple[Any, str], list[str]] = {}
            for key, one in self._annotations.items():
                asked = one["image_id"], names[one["category_id"]]
                self._asked.setdefault(asked, []).append(key)
            missing = {image for image, _ in self._asked} - self._images.keys()
            if missing:
                raise KeyError(f"image {next(iter(missing))}")
        except (KeyError, TypeError, AttributeError) as exc:
            raise InputError(f"{path} is not in COCO's format ({type(exc).__name__}: {exc}).") from exc

    def __len__(self) -> int:
        return len(self._asked)

    def rows(self) -> Iterator[MaskRow]:
        """See `MaskSet.rows`."""
        for (image, category), keys in self._asked.items():
            asked = {"image": self._images[image]["file_name"], "text": category, "label": category}
            yield MaskRow(asked, self._file(asked["image"]), tuple(keys), self._mask)

    def _mask(self, name: str) -> np.ndarray:
        one = self._annotations[name]
        if one.get("iscrowd"):
            raise SkippedRow("mask is of a crowd")
        image = self._images[one["image_id"]]
        return to_mask(one["segmentation"], (image["width"], image["height"]))


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
            self._videos = _json(path)["videos"]
            self._runs = (
                {str(key): value for key, value in _json(stored).items()} if stored.exists() else None
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
            yield MaskRow(asked, self._file(image), self._objects(video, frame, said), self._mask)

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
        return self._file(f"Annotations/{video}/{self._videos[video]['frames'][frame]}.png")

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


def open_mask_set(folder: Path, name: str | None = None) -> MaskSet:
    """Opens the set of masks of a folder.

    Args:
        folder: Holds masks.jsonl, meta_expressions.json, or one JSON file in COCO's format.
        name: Which of its files, where there are several.

    Returns:
        The set.

    Raises:
        InputError: There is none, or several; or it cannot be used.
    """
    known = {MASKS: LinesOfMasks, EXPRESSIONS: ExpressionMasks}
    if name is None:
        found = [each for each in known if (folder / each).is_file()]
        found = found or sorted(path.name for path in folder.glob("*.json") if path.name != "mask_dict.json")
        if len(found) != 1:
            listed = ", ".join(found) or "none"
            raise InputError(
                f"{folder} lists masks in {listed}; expected one of {MASKS}, {EXPRESSIONS}, or a JSON file "
                "in COCO's format. Where there are several, name one with --masks."
            )
        [name] = found
    kind: Callable[[Path], MaskSet] = known.get(name, CocoMasks)
    return kind(folder / name)


def to_mask(segmentation: Any, size: tuple[int, int]) -> np.ndarray:
    """Reads a segmentation of COCO's format.

    Args:
        segmentation: Polygons, or run lengths.
        size: (width, height) of the image in pixels.

    Returns:
        bool (H, W).

    Raises:
        SkippedRow: It is neither.
    """
    width, height = size
    try:
        if isinstance(segmentation, dict):
            counts = segmentation["counts"]
            if isinstance(counts, (str, bytes)):
                return rle.decode(counts, size)
            inside = np.arange(len(counts)) % 2 == 1
            return np.repeat(inside, counts).reshape(width, height).T
        mask = np.zeros((height, width), bool)
        for polygon in segmentation:
            mask |= _filled(np.array(polygon, np.float64).reshape(-1, 2), size)
        return mask
    except (InputError, KeyError, TypeError, ValueError):
        raise SkippedRow("mask cannot be read") from None


def _filled(corners: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """bool (H, W): the pixels whose centres a polygon encloses."""
    x, y = (np.arange(side) + 0.5 for side in size)
    inside = np.zeros((size[1], size[0]), bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        rows = (y0 > y) != (y1 > y)
        crossed = x0 + (y[rows] - y0) * (x1 - x0) / ((y1 - y0) or 1.0)
        inside[rows] ^= x < crossed[:, None]
    return inside


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise InputError(f"{path} cannot be read ({exc}); expected a JSON file.") from exc


def _pixels(path: Path, what: str) -> np.ndarray:
    try:
        return decoded(path.read_bytes())
    except OSError:
        raise SkippedRow(f"{what} is missing") from None
