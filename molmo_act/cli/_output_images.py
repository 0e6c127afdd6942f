"""Where options of a command write images: one file for one source, a folder for several."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from molmo_act.cli._sources import STDIN, STDIN_NAME
from molmo_act.errors import InputError
from molmo_act.io.image_writer import check_image_path, save_image
from molmo_act.io.media_kind import is_video

if TYPE_CHECKING:
    from PIL import Image


class OutputImages:
    """Where an option writes the image of each source, checked before any work.

    Args:
        option: Its name, for errors.
        given: Its value: a path for one source, a folder for several; None writes nothing.
        sources: The names of the sources.

    Raises:
        InputError: No image can be written there, or it would replace a source or another image.
    """

    def __init__(self, option: str, given: str | None, sources: Sequence[str]) -> None:
        self._paths: dict[str, Path] = {}
        if given is None:
            return
        if any(map(is_video, sources)):
            raise InputError(f"{option} draws on images; for a video use molmo-act track --out.")
        named = {name: "stdin" if name == STDIN else Path(name).stem for name in sources}
        if len(sources) == 1:
            self._paths = {sources[0]: check_image_path(given)}
        elif len(set(named.values())) < len(sources):
            raise InputError(f"Two of the images have one name, so {option} would write one file for both.")
        else:
            folder = Path(given)
            if folder.suffix or not folder.absolute().parent.is_dir() or folder.is_file():
                raise InputError(f"{option} is {given!r}; expected a folder, since there are several images.")
            folder.mkdir(exist_ok=True)
            self._paths = {name: check_image_path(folder / f"{stem}.png") for name, stem in named.items()}
        for target in self._paths.values():
            for name in sources:
                if target.exists() and os.path.exists(name) and target.samefile(name):
                    raise InputError(f"{str(target)!r} is the image itself; give another name to write to.")

    def overlaps(self, other: OutputImages) -> bool:
        """Tells whether both write to one file.

        Args:
            other: Those of another option.
        """
        ours = {path.resolve() for path in self._paths.values()}
        return any(path.resolve() in ours for path in other._paths.values())

    def write(self, name: str, draw: Callable[[], Image.Image]) -> None:
        """Writes the image of a source, if it is wanted.

        Args:
            name: The source, as it was given.
            draw: Makes the image.

        Raises:
            InputError: It cannot be drawn or written.
        """
        path = self._paths.get(STDIN if name == STDIN_NAME else name)
        if path is not None:
            save_image(draw(), path)
            print(f"molmo-act: wrote {path}", file=sys.stderr)
