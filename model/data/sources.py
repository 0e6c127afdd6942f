"""Where pictures to learn from come from, by name: generators, public data sets, own folders."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from model.data.cache import CACHE
from model.data.clip_films import ClipFilms
from model.data.html_pages import HtmlPages
from model.data.own_pictures import FILE, OwnPictures
from model.data.public_sets import SETS, PublicSource
from model.data.sample import Film, Picture
from model.data.scene_assets import load_library
from model.data.scenes import draw_scene
from model.data.screens import draw_screen
from model.data.screenspot import LAYOUTS, ScreenSpot
from model.data.shots import RenderedFilms, RenderedPictures
from model.data.skipping import SkippedRow
from molmo_act.errors import InputError

GENERATORS = SHAPES, SCENES, SCREENS, CLIPS = "shapes", "scenes", "screens", "clips"
RENDERED = HTML, SCENES_3D, CLIPS_3D = "html", "scenes3d", "clips3d"
GENERATED_SIZE = 2**16
"""How many pictures or films a generator counts as in a mixture; it never repeats one."""


class Source(Protocol):
    """Numbered examples.

    Attributes:
        blocks: Numbers of rows that are read together, in order; their sum is the size of the source.
    """

    @property
    def blocks(self) -> Sequence[int]: ...

    def read(self, index: int, rng: np.random.Generator) -> Picture | Film:
        """What a row shows and asks.

        Args:
            index: Of the row.
            rng: For what is chosen anew each time the row is seen.

        Raises:
            SkippedRow: Nothing can be learned from this row.
        """


class Generated:
    """Pictures drawn on demand.

    Args:
        draw: Generator, width and height in pixels → picture.
        sides: Least and largest width and height, pixels.
    """

    def __init__(
        self, draw: Callable[[np.random.Generator, int, int], Picture], sides: tuple[int, int]
    ) -> None:
        self._draw, self._sides = draw, sides
        self.blocks = (GENERATED_SIZE,)

    def read(self, index: int, rng: np.random.Generator) -> Picture:
        """A new picture; the index says nothing."""
        width, height = (int(side) for side in rng.integers(*self._sides, 2))
        picture = self._draw(rng, width, height)
        if not picture.queries:
            raise SkippedRow("nothing to ask")
        return picture


def open_source(
    name: str, folder: Path | None = None, sides: tuple[int, int] = (200, 769), frames: int = 128
) -> Source:
    """A source by its name.

    Args:
        name: A generator ("shapes" and "clips", the latter of films, which need no fetched pictures, "scenes"
            or "screens"), what `model.data.html_screens` or `model.data.render_shots` rendered ("html";
            "scenes3d" and "clips3d"), which may lie in `.cache` too, a public data set of
            `model.data.public_sets` or, for evaluation, of `model.data.screenspot`, or a folder of own
            pictures, see `model.data.own_pictures`.
        folder: Where data sets lie, each in a folder of its name.
        sides: Least and largest side of generated pictures, pixels.
        frames: Most frames of a film.

    Raises:
        InputError: Nothing has that name, or the data set is not there.
        PlatformError: What a generator draws with has not been fetched.
    """
    if name == SHAPES:
        return Generated(lambda rng, width, height: draw_scene(rng, width, height, None), sides)
    if name == SCENES:
        library = load_library("train")
        return Generated(lambda rng, width, height: draw_scene(rng, width, height, library), sides)
    if name == SCREENS:
        return Generated(draw_screen, sides)
    if name == HTML:
        return HtmlPages(rendered_folder(HTML, folder))
    if name == CLIPS:
        return ClipFilms(frames, GENERATED_SIZE)
    if name == SCENES_3D:
        return RenderedPictures(rendered_folder(name, folder))
    if name == CLIPS_3D:
        return RenderedFilms(rendered_folder(name, folder), frames)
    if folder is not None and (folder / name / FILE).is_file():
        return OwnPictures(folder / name)
    if name not in SETS and name not in LAYOUTS:
        known = (*GENERATORS, *RENDERED, *SETS, *LAYOUTS)
        close = difflib.get_close_matches(name, known, n=3) or known
        raise InputError(f"There is no source {name!r}; did you mean {', '.join(close)}?")
    if folder is None:
        raise InputError(f"The source {name!r} is a public data set; say with --data where such sets lie.")
    return PublicSource(name, folder, frames) if name in SETS else ScreenSpot(name, folder)


def rendered_folder(name: str, folder: Path | None) -> Path:
    """Where rendered pictures lie: among the data sets if they are there."""
    if folder is not None and (folder / name).is_dir():
        return folder / name
    return CACHE / name
