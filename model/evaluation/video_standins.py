"""Generated clips with known truth, of which video benchmarks write stand-ins in the schema of their sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from model.data.clips.generate import WANTED_SHARE, Clip, ClipFrame, ClipSettings
from molmo_act.io.video_writer import video_writer
from molmo_act.outputs import rle

FPS = 4
SECONDS = 3.0
SIZE = (240, 180)
Run = dict[str, Any]


@dataclass(frozen=True, eq=False)
class StandIn:
    """One clip with one query.

    Attributes:
        frames: Its frames.
        query: What is looked for.
        objects: Numbers of what it names, from 1.
    """

    frames: Sequence[ClipFrame]
    query: str
    objects: tuple[int, ...]

    def mask(self, number: int, frame: int) -> np.ndarray | None:
        """The visible pixels of an object on a frame, bool (H, W); None where it is hidden."""
        shown = self.frames[frame]
        seen = shown.owner == number
        return seen if shown.share[number - 1] >= WANTED_SHARE and seen.any() else None

    def run(self, number: int, frame: int) -> Run | None:
        """Its mask as compressed run lengths of COCO; None where it is hidden."""
        mask = self.mask(number, frame)
        return None if mask is None else {"size": list(mask.shape), "counts": rle.encode(mask)}

    def point(self, number: int, frame: int) -> list[float] | None:
        """A pixel well inside of an object, [x, y]; None where it is hidden."""
        mask = self.mask(number, frame)
        if mask is None:
            return None
        rows, columns = np.nonzero(mask)
        middle = np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2)
        return [float(columns[middle]), float(rows[middle])]


def clips(rng: np.random.Generator, count: int, *, absent: bool = False) -> list[StandIn]:
    """Draws clips with a query each.

    Args:
        rng: Source of every choice.
        count: Twice as many as are drawn, since a video takes as long as many images.
        absent: Whether every fifth query, from the third on, names something that is not there.
    """
    found = []
    for number in range(max(1, count // 2)):
        seed = int(rng.integers(2**31))
        clip = Clip(seed, ClipSettings(size=SIZE, seconds=SECONDS, fps=FPS, objects=3, twins=True))
        queries = sorted(clip.queries)
        query = queries[int(rng.integers(len(queries)))]
        frames = list(clip)
        if absent and number % 5 == 2:
            found.append(StandIn(frames, "the fire engine", ()))
        else:
            found.append(StandIn(frames, query, clip.queries[query]))
    return found


def write_video(path: Path, standin: StandIn) -> None:
    """Writes a clip as a video file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with video_writer(path) as writer:
        for frame in standin.frames:
            writer.write(frame.image, frame.timestamp)


def write_frames(folder: Path, standin: StandIn) -> None:
    """Writes a clip as a folder of frames, 00000.jpg and so on."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, frame in enumerate(standin.frames):
        Image.fromarray(frame.image).save(folder / f"{number:05}.jpg", quality=92)
