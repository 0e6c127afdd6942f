"""Opens data sources by name: generators, rendered data, public data sets and your own folders."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np

from model.data.clips.videos import ClipVideos
from model.data.datasets.custom import FILE, CustomImages
from model.data.datasets.images import SETS, PublicSource
from model.data.datasets.screenspot import LAYOUTS, ScreenSpot
from model.data.errors import SkippedRow
from model.data.paths import CACHE
from model.data.rendered3d.dataset import RenderedImages, RenderedVideos
from model.data.scenes.generate import draw_scene
from model.data.scenes.sprite_library import load_library
from model.data.schema import ImageSample, VideoSample
from model.data.screens.generate import draw_screen
from model.data.web.dataset import HtmlPages
from molmo_act.errors import InputError

GENERATORS = SHAPES, SCENES, SCREENS, CLIPS = "shapes", "scenes", "screens", "clips"
RENDERED = HTML, SCENES_3D, CLIPS_3D = "html", "scenes3d", "clips3d"
GENERATED_SIZE = 2**16
"""How many images or videos a generator counts as in a mixture; it never repeats one."""


class Source(Protocol):
    """Numbered examples to learn from.

    Attributes:
        blocks: Numbers of rows that are read together, in order; their sum is the size of the source.
    """

    @property
    def blocks(self) -> Sequence[int]:
        """Numbers of rows that are read together, in order; their sum is the size of the source."""

    def read(self, index: int, rng: np.random.Generator) -> ImageSample | VideoSample:
        """Reads one row.

        Args:
            index: Number of the row.
            rng: Source of what is chosen anew each time the row is read.

        Returns:
            What the row shows and asks.

        Raises:
            SkippedRow: Nothing can be learned from this row.
        """


class Generated:
    """Images that are drawn on demand.

    Args:
        draw: Generator, width and height in pixels → image with queries.
        sides: Least width and height, and the bound that both stay below, pixels.
    """

    def __init__(
        self, draw: Callable[[np.random.Generator, int, int], ImageSample], sides: tuple[int, int]
    ) -> None:
        self._draw, self._sides = draw, sides
        self.blocks = (GENERATED_SIZE,)

    def read(self, index: int, rng: np.random.Generator) -> ImageSample:
        """Draws a new image of random size, whatever the index; see `Source.read`.

        Raises:
            SkippedRow: The image has nothing to ask about.
        """
        width, height = (int(side) for side in rng.integers(*self._sides, 2))
        sample = self._draw(rng, width, height)
        if not sample.queries:
            raise SkippedRow("nothing to ask")
        return sample


class _SpriteScenes:
    """Draws scenes with the archive of drawings, which every process opens for itself: it is large."""

    def __init__(self) -> None:
        self._library = load_library("train")

    def __call__(self, rng: np.random.Generator, width: int, height: int) -> ImageSample:
        """Draws an image of a size in pixels."""
        return draw_scene(rng, width, height, self._library)

    def __reduce__(self) -> tuple[type[_SpriteScenes], tuple[()]]:
        return _SpriteScenes, ()


def open_source(
    name: str, folder: Path | None = None, sides: tuple[int, int] = (200, 769), frames: int = 128
) -> Source:
    """Opens a source by its name.

    Args:
        name: A generator ("shapes", "scenes", "screens", or "clips" for videos), rendered data ("html",
            "scenes3d", "clips3d"), a public data set of `model.data.datasets.images`, for evaluation one of
            `model.data.datasets.screenspot`, or a folder of your own images (`model.data.datasets.custom`).
            "shapes" and "clips" need no downloaded assets.
        folder: Where data sets lie, each in a folder of its name; rendered data may also lie in the cache.
        sides: Least side of generated images, and the bound that sides stay below, pixels.
        frames: Most frames of a video.

    Returns:
        The source, ready to read. It can be pickled, for loading processes that do not begin as forks.

    Raises:
        InputError: Nothing has that name, or the data set is not there.
        PlatformError: What a generator draws with has not been fetched.
    """
    if name == SHAPES:
        return Generated(partial(draw_scene, library=None), sides)
    if name == SCENES:
        return Generated(_SpriteScenes(), sides)
    if name == SCREENS:
        return Generated(draw_screen, sides)
    if name == HTML:
        return HtmlPages(rendered_folder(HTML, folder))
    if name == CLIPS:
        return ClipVideos(frames, GENERATED_SIZE)
    if name == SCENES_3D:
        return RenderedImages(rendered_folder(name, folder))
    if name == CLIPS_3D:
        return RenderedVideos(rendered_folder(name, folder), frames)
    if folder is not None and (folder / name / FILE).is_file():
        return CustomImages(folder / name)
    if name not in SETS and name not in LAYOUTS:
        known = (*GENERATORS, *RENDERED, *SETS, *LAYOUTS)
        close = difflib.get_close_matches(name, known, n=3) or known
        raise InputError(f"There is no source {name!r}; did you mean {', '.join(close)}?")
    if folder is None:
        raise InputError(f"The source {name!r} is a public data set; say with --data where such sets lie.")
    return PublicSource(name, folder, frames) if name in SETS else ScreenSpot(name, folder)


def rendered_folder(name: str, folder: Path | None) -> Path:
    """Finds the folder of rendered data.

    Args:
        name: One of `RENDERED`.
        folder: Where data sets lie; None for none.

    Returns:
        The folder of that name among the data sets if it is there, else in the cache.
    """
    if folder is not None and (folder / name).is_dir():
        return folder / name
    return CACHE / name
