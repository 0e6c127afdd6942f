"""The command ``molmo-act track``, which tracks objects through a video."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from molmo_act.cli import _arguments as given
from molmo_act.cli._output import VideoSummary
from molmo_act.cli._sources import STDIN, video_to_write
from molmo_act.cli.model_arguments import add_bounds, add_model_arguments, add_prompt, load_model
from molmo_act.request import WINDOW_MODES, check_query
from molmo_act.signals import until_told_to_end

if TYPE_CHECKING:
    from molmo_act.io.damage import Damage
    from molmo_act.outputs.tracks import Tracks

Frame: TypeAlias = "tuple[np.ndarray, float]"
"""A frame, and its seconds."""


def add_track(commands: given.Commands) -> None:
    """Adds the command ``track``.

    Args:
        commands: The subcommands of ``molmo-act``.
    """
    parser = commands.add_parser("track", help="track what the queries name through a video")
    parser.add_argument(
        "video",
        metavar="VIDEO",
        help="a video file or -, a folder of images, the number of a camera, or the URL of a stream",
    )
    parser.add_argument("query", metavar="QUERY", nargs="+", help="what to track, such as 'the red mug'")
    parser.add_argument(
        "--json", action="store_true", help="print a JSON object for every frame, one per line"
    )
    parser.add_argument("--out", metavar="MP4", help="write the video with the points marked on it")
    number = partial(given.add_number, parser)
    number(
        "--rate", given.above_zero, "HZ", "how often the model is asked, per second (default 2)", default=2.0
    )
    number(
        "--window", given.positive, "N", "show the model the last N frames that it was asked about", default=1
    )
    parser.add_argument(
        "--window-mode",
        choices=WINDOW_MODES,
        default="full",
        help="read a window anew for every keyframe, or only what is new (default full)",
    )
    parser.add_argument(  # what --window-mode was called
        "--reading", dest="window_mode", type=_window_mode, default=argparse.SUPPRESS, help=argparse.SUPPRESS
    )
    add_prompt(parser)
    add_bounds(parser)
    given.add_video_span(parser)
    parser.set_defaults(start=0.0, fps=30.0)
    add_model_arguments(parser)
    parser.set_defaults(run=track)


def track(arguments: argparse.Namespace) -> int:
    """Tracks what queries name, and prints the tracks: ``molmo-act track VIDEO QUERY``.

    Args:
        arguments: The parsed command line.

    Returns:
        0 where any object was visible on any frame, else 1.

    Raises:
        MolmoActError: The video, a query, the model or a place to write to cannot be used.
    """
    for query in arguments.query:
        check_query(query)
    from tqdm import tqdm

    from molmo_act.io.camera import is_live
    from molmo_act.io.frames import count_frames, read_frames, until_lost
    from molmo_act.io.video_writer import video_writer

    out = video_to_write(arguments.out, arguments.video)
    video = "/dev/stdin" if arguments.video == STDIN else arguments.video
    live = is_live(video)
    total = count_frames(video)
    reader = read_frames(video, fps=arguments.fps, start=arguments.start, end=arguments.end)
    frames = until_lost(reader) if live else _begun(reader)
    summary = VideoSummary()
    stdout = sys.stdout
    with contextlib.ExitStack() as stack:
        stack.enter_context(given.stdout_to_stderr())
        tracker = stack.enter_context(
            load_model(arguments).tracker(
                arguments.query,
                rate=arguments.rate,
                max_points=arguments.max_points,
                min_score=arguments.min_score,
                max_crops=arguments.max_crops,
                timeout=arguments.timeout,
                prompt=arguments.prompt,
                window=arguments.window,
                window_mode=arguments.window_mode,
                synchronous=not live,
            )
        )
        writer = stack.enter_context(video_writer(out)) if out is not None else None
        # Ctrl-C and SIGTERM are the ends that a live source has: what was found by then is kept.
        with until_told_to_end() if live else contextlib.nullcontext():
            tracked = tqdm(tracker.track(frames), "track", total, unit="frame", disable=None)
            for frame, tracks in _with_damage(tracked, reader.damage, live):
                summary.add(tracks)
                if writer is not None:
                    writer.write(np.asarray(tracks.draw(frame)), tracks.timestamp)
                if arguments.json:
                    print(tracks.to_json(), file=stdout, flush=True)
    if out is not None:
        print(f"molmo-act: wrote {out}", file=sys.stderr)
    summary.damaged |= bool(reader.damage)  # also where what is missing is the end
    if not arguments.json:
        print(summary.table())
    return given.FOUND if summary.seen else given.NOTHING_FOUND


def _with_damage(
    tracked: Iterable[tuple[np.ndarray, Tracks]], damage: Damage, live: bool
) -> Iterator[tuple[np.ndarray, Tracks]]:
    """Marks tracks of a damaged video; those of a file come a frame later, as its end may be missing."""
    held: tuple[np.ndarray, Tracks] | None = None
    for frame, tracks in tracked:
        if held is not None and not live:
            yield held
        held = frame, replace(tracks, damaged=bool(damage))
        if live:
            yield held
    if held is not None and not live:
        yield held[0], replace(held[1], damaged=bool(damage))


def _begun(frames: Iterator[Frame]) -> Iterator[Frame]:
    """The same frames, the first read now: what is wrong with a video is said before a model loads."""
    first = list(itertools.islice(frames, 1))
    return itertools.chain(first, frames)


def _window_mode(reading: str) -> str:
    """The window mode that a value of ``--reading`` means."""
    modes = {"exact": "full", "bounded": "sliding"}
    if reading not in modes:
        raise argparse.ArgumentTypeError(f"{reading!r} was given; expected {' or '.join(modes)}")
    return modes[reading]
