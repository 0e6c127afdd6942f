"""The images and videos that a command line names: read one by one, so that one costs no other its answer."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import molmo_act
from molmo_act.cli import _arguments as given
from molmo_act.cli.model_arguments import load_model, model_options
from molmo_act.errors import InputError, MolmoActError
from molmo_act.io.image import to_rgb
from molmo_act.io.media_kind import folder_of, is_video
from molmo_act.io.video_reader import video_duration
from molmo_act.request import Bounds, check_span, check_start

STDIN, STDIN_NAME = "-", "standard input"
VIDEO_OPTIONS = ("start", "end", "fps", "max_frames")


@dataclass(frozen=True, eq=False)
class Source:
    """An image or a video that can be asked about.

    Attributes:
        name: As it was given.
        image: uint8 RGB (H, W, 3); None for a video.
        video: The path or the content of a video; empty for an image.
    """

    name: str
    image: np.ndarray | None
    video: str | bytes = ""


def video_to_write(out: Path | None, video: str) -> Path | None:
    """Checks, before any work, where a video made of another one goes.

    Args:
        out: The path; None for no video.
        video: What is read.

    Returns:
        The path, or None.

    Raises:
        MolmoActError: It cannot be written there, or it is the video that is read.
    """
    from molmo_act.io.video_writer import check_video_path

    if out is None:
        return None
    path = check_video_path(out)
    if path.exists() and os.path.exists(video) and path.samefile(video):
        raise InputError(f"{str(path)!r} is the video itself; give another name to write to.")
    return path


def check_sources(names: Sequence[str], options: argparse.Namespace) -> None:
    """Refuses, before any work, sources and options that do not go together.

    Args:
        names: Paths, or "-" for an image or a video on standard input.
        options: The parsed command line.

    Raises:
        InputError: Standard input is named twice, options of videos were given without one, or an option has
            a value that no model takes.
    """
    model_options(options)
    Bounds(options.max_points, exactly=getattr(options, "exactly", None))
    check_span(options.start or 0.0, options.end)
    if names.count(STDIN) > 1:
        raise InputError("Standard input (-) was given twice; expected it once, since it holds one file.")
    unused = [name for name in VIDEO_OPTIONS if getattr(options, name, None) is not None]
    if unused and STDIN not in names and not any(map(is_video, names)):
        raise InputError(f"--{unused[0].replace('_', '-')} is for videos, and none was given; leave it out.")


def ask_each(arguments: argparse.Namespace, ask: Callable[[molmo_act.PointingModel, Source], bool]) -> int:
    """Asks about each image or video of ``arguments.image`` in turn.

    The model is loaded once the first of them has been read, and only then.

    Args:
        arguments: The parsed command line.
        ask: Asks about one, prints the answer, and says whether anything was found.

    Returns:
        The exit code: 0 where anything was found, 1 where nothing was, 2 where one could not be used.

    Raises:
        MolmoActError: The model cannot be loaded, or the only source cannot be used.
    """
    model: molmo_act.PointingModel | None = None
    found = failed = False
    for name in arguments.image:
        try:
            source = _read(name)
            _check_asking(source, arguments)
        except MolmoActError as error:
            failed = _report(arguments, name, error)
            continue
        if model is None:
            with given.stdout_to_stderr():
                model = load_model(arguments)
                model.check_query(arguments.query)
        try:
            found |= ask(model, source)
        except MolmoActError as error:
            failed = _report(arguments, name, error)
    if failed:
        return given.BAD_INPUT
    return given.FOUND if found else given.NOTHING_FOUND


def _read(name: str) -> Source:
    if name == STDIN:
        if sys.stdin is None:
            raise InputError("Standard input is closed; expected an image on it, or a path instead of -.")
        content = sys.stdin.buffer.read()
        return _source(STDIN_NAME, content)
    return _source(name, name)


def _source(name: str, given: str | bytes) -> Source:
    return Source(name, None, given) if is_video(given) else Source(name, to_rgb(given))


def _check_asking(source: Source, arguments: argparse.Namespace) -> None:
    """Refuses, before a model is loaded, what a video cannot be asked.

    Raises:
        InputError: Crops were asked of a video, or a part that begins after its end.
    """
    if source.image is not None:
        return
    if arguments.max_crops is not None:
        raise InputError("--max-crops says how an image is cut; frames of videos are one crop each.")
    if arguments.start and folder_of(source.video) is None:
        check_start(video_duration(source.video), arguments.start)


def _report(arguments: argparse.Namespace, name: str, error: MolmoActError) -> bool:
    """Prints the error of one of several sources; raises that of the only one."""
    if len(arguments.image) == 1:
        raise error
    given.print_error(error, f"{name}: ")
    return True
