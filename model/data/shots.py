"""Rendered shots, read back as pictures, clips and films with exact truth; knows no renderer.

A shot is a folder, made by `model.data.render_shots`:

    frame_000.png          RGB
    frame_000_things.png   uint8, which thing is visible at each pixel, from 1; 0 for none
    frame_000_depth.png    uint16, millimetres along the optical axis; 0 where nothing is in reach
    truth.json             size, focal length in pixels (the axis goes through the middle), frames a second,
                           things, and for every frame the camera's pose (camera to world; it looks along -z)
                           and for every thing how many pixels it would cover with nothing before it, where it
                           stands, its middle, and its depth in metres
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from model.data.clip_films import FPS, film_of
from model.data.clips import ClipFrame, name_queries
from model.data.sample import Film, Picture
from model.data.scene_places import ROOM
from model.data.scene_queries import ask
from model.data.scene_things import Thing
from model.data.scenes import reading_order, visible_target
from model.data.skipping import SkippedRow
from model.data.solids import NOUNS
from molmo_act.errors import InputError

LEAST_SEEN = 0.25
"""Of a thing in a still; with less it could be taken for absent."""


@dataclass(frozen=True, eq=False)
class Shot:
    """One shot.

    Attributes:
        folder: Where it lies.
        truth: What its truth.json holds.
    """

    folder: Path
    truth: dict[str, Any]

    @classmethod
    def read(cls, folder: Path) -> Shot:
        """Opens a shot; its pictures are read when they are asked for.

        Raises:
            InputError: It is not what `render_shots` writes.
        """
        try:
            truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
            complete = {"size", "focal", "fps", "things", "frames"} <= set(truth)
        except (OSError, ValueError, TypeError) as exc:
            raise _damaged(folder, str(exc)) from exc
        if not complete:
            raise _damaged(folder, "truth.json lacks entries")
        return cls(folder, truth)

    @property
    def frames(self) -> int:
        """How many there are."""
        return len(self.truth["frames"])

    def image(self, frame: int) -> np.ndarray:
        """uint8 (H, W, 3), RGB."""
        return self._picture(frame, "", "RGB")

    def owner(self, frame: int) -> np.ndarray:
        """uint8 (H, W), 1-based number of the thing that is visible there, 0 for none."""
        return self._picture(frame, "_things", "L")

    def depth(self, frame: int) -> np.ndarray:
        """uint16 (H, W), millimetres along the optical axis, 0 for unknown: ROS's 16UC1."""
        return self._picture(frame, "_depth", "I;16")

    @property
    def intrinsics(self) -> np.ndarray:
        """float (3, 3), the pinhole matrix of pixels whose centres are at +0.5."""
        width, height = self.truth["size"]
        focal = self.truth["focal"]
        return np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1.0]])

    def shares(self, frame: int, owner: np.ndarray) -> np.ndarray:
        """float (things,), how much of each is visible, in [0, 1]."""
        full = np.array(self.truth["frames"][frame]["full"], dtype=float)
        seen = np.bincount(owner.ravel(), minlength=len(full) + 1)[1:]
        return np.minimum(seen / np.maximum(full, 1.0), 1.0)

    def _picture(self, frame: int, what: str, mode: str) -> np.ndarray:
        path = self.folder / f"frame_{frame:03d}{what}.png"
        try:
            with Image.open(path) as picture:
                found = np.array(picture.convert(mode) if mode == "RGB" else picture)
        except (OSError, ValueError) as exc:
            raise _damaged(self.folder, str(exc)) from exc
        if found.shape[:2] != tuple(self.truth["size"])[::-1]:
            raise _damaged(self.folder, f"{path.name} is {found.shape[1]}×{found.shape[0]} pixels")
        return found


def _damaged(folder: Path, why: str) -> InputError:
    return InputError(f"{folder} is not a shot rendered by model.data.render_shots ({why}); render it again.")


def find_shots(folder: Path, *, moving: bool) -> list[Path]:
    """Folders of all shots in a folder, by name.

    Raises:
        InputError: There are none.
    """
    found = sorted(path.parent for path in folder.glob("*/truth.json") if path.parent.suffix != ".partial")
    if not found:
        what = "clips" if moving else "stills"
        raise InputError(
            f"No rendered {what} in {folder}; render some with: "
            f"python -m model.data.render_shots {what} --out {folder}"
        )
    return found


def read_picture(folder: Path) -> Picture:
    """A still with its queries; the same folder always gives the same queries.

    Raises:
        SkippedRow: A thing can hardly be seen.
        InputError: It is not what `render_shots` writes.
    """
    shot = Shot.read(folder)
    owner = shot.owner(0)
    if (shot.shares(0, owner) < LEAST_SEEN).any():
        raise SkippedRow("a thing can hardly be seen")
    things = _things(shot, owner)
    width, height = shot.truth["size"]
    rng = np.random.default_rng(zlib.crc32(folder.name.encode()))
    queries = ask(rng, things, _name_noun, width, height, words=ROOM)
    return Picture(shot.image(0), queries, reading_order(things, height))


def read_stills(folder: Path) -> Iterator[Picture]:
    """All stills of a folder in which every thing can be seen, by name.

    Raises:
        InputError: There are none, or one is damaged.
    """
    for each in find_shots(folder, moving=False):
        with suppress(SkippedRow):
            yield read_picture(each)


def _name_noun(rng: np.random.Generator) -> str:
    return NOUNS[int(rng.integers(len(NOUNS)))]


def _things(shot: Shot, owner: np.ndarray) -> list[Thing]:
    frame = shot.truth["frames"][0]
    depth = np.array(frame["depth"])
    at_one_distance = np.array(frame["full"]) * (depth / depth.mean()) ** 2
    found = []
    for number, (about, area) in enumerate(zip(shot.truth["things"], at_one_distance, strict=True), start=1):
        mask = owner == number
        left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
        target = visible_target(mask[top : top + height, left : left + width], left, top)
        x, y = frame["stands"][number - 1]
        found.append(
            Thing(about["noun"], about["colour"], about["is_shape"], target, float(area), stands=(x, y))
        )
    return found


class RenderedClip:
    """A rendered clip; as `clips.Clip`, and drawn beforehand.

    Args:
        folder: Of the shot.

    Raises:
        InputError: It is not a clip that `render_shots` wrote.
    """

    def __init__(self, folder: Path) -> None:
        self.shot = Shot.read(folder)
        self.fps = float(self.shot.truth["fps"])
        if self.fps <= 0:
            raise InputError(f"{folder} is a still; expected a clip.")
        things = self.shot.truth["things"]
        self.queries = name_queries([(about["colour"], about["noun"]) for about in things])

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self) / self.fps

    def __len__(self) -> int:
        return self.shot.frames

    def __iter__(self) -> Iterator[ClipFrame]:
        return map(self.frame, range(len(self)))

    def frame(self, index: int) -> ClipFrame:
        """One frame with its truth."""
        owner = self.shot.owner(index)
        middle = np.array(self.shot.truth["frames"][index]["middle"], dtype=float)
        return ClipFrame(
            index / self.fps, self.shot.image(index), owner, self.shot.shares(index, owner), middle
        )


class RenderedPictures:
    """Stills in a folder, as a source."""

    def __init__(self, folder: Path) -> None:
        self._folders = find_shots(folder, moving=False)
        self.blocks = (len(self._folders),)

    def read(self, index: int, rng: np.random.Generator) -> Picture:
        """A still; nothing of it is drawn anew."""
        return read_picture(self._folders[index])


class RenderedFilms:
    """Clips in a folder, as a source of films with the rate that models see.

    Args:
        folder: Where they lie.
        frames: Most frames of a film.
    """

    def __init__(self, folder: Path, frames: int) -> None:
        self._folders, self._frames = find_shots(folder, moving=True), frames
        self.blocks = (len(self._folders),)

    def read(self, index: int, rng: np.random.Generator) -> Film:
        """A clip, or a part of it that begins anywhere."""
        clip = RenderedClip(self._folders[index])
        other = RenderedClip(self._folders[int(rng.integers(len(self._folders)))])
        step = max(1, round(clip.fps / FPS))
        chosen = range(len(clip))[int(rng.integers(step)) :: step]
        first = int(rng.integers(max(len(chosen) - self._frames, 0) + 1))
        frames = [clip.frame(number) for number in chosen[first : first + self._frames]]
        start = frames[0].timestamp
        frames = [replace(frame, timestamp=frame.timestamp - start) for frame in frames]
        return film_of(clip.queries, frames, other.queries)
