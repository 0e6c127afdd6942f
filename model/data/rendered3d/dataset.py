"""Reads rendered scenes back as images, clips and videos with exact ground truth.

A scene is a folder, made by `model.data.rendered3d.render`:

    frame_000.png          RGB
    frame_000_things.png   uint8, which object is visible at each pixel, from 1; 0 for none
    frame_000_depth.png    uint16, millimetres along the optical axis; 0 where nothing is in reach
    truth.json             size, focal length in pixels (the axis goes through the middle), frames per second,
                           objects, and for every frame the camera's pose (camera to world; it looks along -z)
                           and for every object how many pixels it would cover with nothing before it, where
                           it stands, its middle, and its depth in metres
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from model.data.clips.generate import ClipFrame, name_queries
from model.data.clips.videos import FPS, video_sample
from model.data.errors import SkippedRow
from model.data.rendered3d.meshes import NOUNS
from model.data.scenes.objects import SceneObject, reading_order, visible_target
from model.data.scenes.queries.sample import ask
from model.data.scenes.queries.spatial import ROOM_TERMS
from model.data.schema import ImageSample, VideoSample
from molmo_act._optional import lazy_import
from molmo_act.errors import InputError

cv2 = lazy_import("cv2", extra="train", purpose="drawing and measuring images")

LEAST_SEEN = 0.25
"""Of an object in a still; with less it could be taken for absent."""


@dataclass(frozen=True, eq=False)
class RenderedScene:
    """One rendered scene.

    Attributes:
        folder: Where it lies.
        truth: What its truth.json holds.
    """

    folder: Path
    truth: dict[str, Any]

    @classmethod
    def read(cls, folder: Path) -> RenderedScene:
        """Opens a scene; its images are read when they are asked for.

        Args:
            folder: Folder of the scene.

        Returns:
            The scene.

        Raises:
            InputError: It is not what `model.data.rendered3d.render` writes.
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
        """Number of frames."""
        return len(self.truth["frames"])

    def image(self, frame: int) -> np.ndarray:
        """Reads a frame.

        Args:
            frame: Index of the frame.

        Returns:
            uint8 (H, W, 3), RGB.
        """
        return self._read(frame, "", "RGB")

    def owner(self, frame: int) -> np.ndarray:
        """Reads which object is visible where.

        Args:
            frame: Index of the frame.

        Returns:
            uint8 (H, W), 1-based number of the object, 0 for none.
        """
        return self._read(frame, "_things", "L")

    def depth(self, frame: int) -> np.ndarray:
        """Reads the depth of a frame.

        Args:
            frame: Index of the frame.

        Returns:
            uint16 (H, W), millimetres along the optical axis, 0 for unknown, as ROS's 16UC1.
        """
        return self._read(frame, "_depth", "I;16")

    @property
    def intrinsics(self) -> np.ndarray:
        """The pinhole matrix, float (3, 3), of pixels whose centres are at +0.5."""
        width, height = self.truth["size"]
        focal = self.truth["focal"]
        return np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1.0]])

    def shares(self, frame: int, owner: np.ndarray) -> np.ndarray:
        """Computes how much of each object is visible.

        Args:
            frame: Index of the frame.
            owner: uint8 (H, W) of that frame, see `RenderedScene.owner`.

        Returns:
            float (objects,), in [0, 1].
        """
        full = np.array(self.truth["frames"][frame]["full"], dtype=float)
        seen = np.bincount(owner.ravel(), minlength=len(full) + 1)[1:]
        return np.minimum(seen / np.maximum(full, 1.0), 1.0)

    def _read(self, frame: int, what: str, mode: str) -> np.ndarray:
        path = self.folder / f"frame_{frame:03d}{what}.png"
        try:
            with Image.open(path) as image:
                found = np.array(image.convert(mode) if mode == "RGB" else image)
        except (OSError, ValueError) as exc:
            raise _damaged(self.folder, str(exc)) from exc
        if found.shape[:2] != tuple(self.truth["size"])[::-1]:
            raise _damaged(self.folder, f"{path.name} is {found.shape[1]}×{found.shape[0]} pixels")
        return found


def _damaged(folder: Path, why: str) -> InputError:
    return InputError(
        f"{folder} is not a scene rendered by model.data.rendered3d.render ({why}); render it again."
    )


def find_scenes(folder: Path, *, moving: bool) -> list[Path]:
    """Finds the folders of all scenes in a folder.

    Args:
        folder: Where to look.
        moving: Whether the error names clips rather than images.

    Returns:
        The folders, by name.

    Raises:
        InputError: There are none.
    """
    found = sorted(path.parent for path in folder.glob("*/truth.json") if path.parent.suffix != ".partial")
    if not found:
        what = "clips" if moving else "stills"
        raise InputError(
            f"No rendered {what} in {folder}; render some with: "
            f"python -m model.data.rendered3d.render {what} --out {folder}"
        )
    return found


def read_image(folder: Path) -> ImageSample:
    """Reads a rendered image with its queries; the same folder always gives the same queries.

    Args:
        folder: Folder of the scene.

    Returns:
        The image with its queries.

    Raises:
        SkippedRow: An object can hardly be seen.
        InputError: It is not what `model.data.rendered3d.render` writes.
    """
    scene = RenderedScene.read(folder)
    owner = scene.owner(0)
    if (scene.shares(0, owner) < LEAST_SEEN).any():
        raise SkippedRow("an object can hardly be seen")
    objects = _scene_objects(scene, owner)
    width, height = scene.truth["size"]
    rng = np.random.default_rng(zlib.crc32(folder.name.encode()))
    queries = ask(rng, objects, _name_noun, width, height, terms=ROOM_TERMS)
    return ImageSample(scene.image(0), queries, reading_order(objects, height))


def read_images(folder: Path) -> Iterator[ImageSample]:
    """Reads all images of a folder in which every object can be seen.

    Args:
        folder: Holds the folders of the scenes.

    Yields:
        The images with their queries, by name.

    Raises:
        InputError: There are none, or one is damaged.
    """
    for each in find_scenes(folder, moving=False):
        with suppress(SkippedRow):
            yield read_image(each)


def _name_noun(rng: np.random.Generator) -> str:
    return NOUNS[int(rng.integers(len(NOUNS)))]


def _scene_objects(scene: RenderedScene, owner: np.ndarray) -> list[SceneObject]:
    frame = scene.truth["frames"][0]
    depth = np.array(frame["depth"])
    at_one_distance = np.array(frame["full"]) * (depth / depth.mean()) ** 2
    found = []
    for number, (about, area) in enumerate(zip(scene.truth["things"], at_one_distance, strict=True), start=1):
        mask = owner == number
        left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
        target = visible_target(mask[top : top + height, left : left + width], left, top)
        x, y = frame["stands"][number - 1]
        found.append(
            SceneObject(about["noun"], about["colour"], about["is_shape"], target, float(area), stands=(x, y))
        )
    return found


class RenderedClip:
    """A rendered clip; like `model.data.clips.generate.Clip`, but drawn beforehand.

    Args:
        folder: Folder of the scene.

    Raises:
        InputError: It is not a clip that `model.data.rendered3d.render` wrote.
    """

    def __init__(self, folder: Path) -> None:
        self.scene = RenderedScene.read(folder)
        self.fps = float(self.scene.truth["fps"])
        if self.fps <= 0:
            raise InputError(f"{folder} is an image; expected a clip.")
        objects = self.scene.truth["things"]
        self.queries = name_queries([(about["colour"], about["noun"]) for about in objects])

    @property
    def seconds(self) -> float:
        """Length."""
        return len(self) / self.fps

    def __len__(self) -> int:
        return self.scene.frames

    def __iter__(self) -> Iterator[ClipFrame]:
        return map(self.frame, range(len(self)))

    def frame(self, index: int) -> ClipFrame:
        """Reads one frame with its ground truth.

        Args:
            index: Index of the frame.
        """
        owner = self.scene.owner(index)
        middle = np.array(self.scene.truth["frames"][index]["middle"], dtype=float)
        return ClipFrame(
            index / self.fps, self.scene.image(index), owner, self.scene.shares(index, owner), middle
        )


class RenderedImages:
    """Rendered images in a folder, as a source.

    Args:
        folder: Where they lie.
    """

    def __init__(self, folder: Path) -> None:
        self._folders = find_scenes(folder, moving=False)
        self.blocks = (len(self._folders),)

    def read(self, index: int, rng: np.random.Generator) -> ImageSample:
        """Reads an image; nothing of it is drawn anew.

        Args:
            index: Number of the image.
            rng: Not used.

        Returns:
            The image with its queries.
        """
        return read_image(self._folders[index])


class RenderedVideos:
    """Rendered clips in a folder, as a source of videos with the frame rate that models see.

    Args:
        folder: Where they lie.
        frames: Most frames of a video.
    """

    def __init__(self, folder: Path, frames: int) -> None:
        self._folders, self._frames = find_scenes(folder, moving=True), frames
        self.blocks = (len(self._folders),)

    def read(self, index: int, rng: np.random.Generator) -> VideoSample:
        """Reads a clip, or a part of it that begins anywhere.

        Args:
            index: Number of the clip.
            rng: Source of all choices.

        Returns:
            The video with its queries.
        """
        clip = RenderedClip(self._folders[index])
        other = RenderedClip(self._folders[int(rng.integers(len(self._folders)))])
        step = max(1, round(clip.fps / FPS))
        chosen = range(len(clip))[int(rng.integers(step)) :: step]
        first = int(rng.integers(max(len(chosen) - self._frames, 0) + 1))
        frames = [clip.frame(number) for number in chosen[first : first + self._frames]]
        start = frames[0].timestamp
        frames = [replace(frame, timestamp=frame.timestamp - start) for frame in frames]
        return video_sample(clip.queries, frames, other.queries)
