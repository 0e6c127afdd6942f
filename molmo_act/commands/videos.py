"""``molmo-act track``: a video and words."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from typing import TYPE_CHECKING

import numpy as np

from molmo_act.asking import READINGS
from molmo_act.commands.arguments import (
    FOUND,
    NOTHING_FOUND,
    above_zero,
    add_model_arguments,
    load_model,
    positive,
    probability,
    seconds,
    stdout_kept_clean,
)
from molmo_act.commands.printing import tracks_table_of
from molmo_act.errors import InputError

if TYPE_CHECKING:
    from molmo_act.tracks import Tracks


def add_track(commands: argparse._SubParsersAction) -> None:
    """Adds ``track`` with its arguments."""
    parser = commands.add_parser("track", help="follow what the queries name through a video")
    parser.add_argument("video", metavar="VIDEO", help="path of a video file, or of a folder of pictures")
    parser.add_argument("query", metavar="QUERY", nargs="+", help="what to follow, such as 'the red mug'")
    parser.add_argument(
        "--json", action="store_true", help="print a JSON object for every frame, a line each"
    )
    parser.add_argument("--out", metavar="MP4", help="write the video with the points marked on it")
    parser.add_argument(
        "--rate",
        type=above_zero,
        default=2.0,
        metavar="HZ",
        help="how often the model looks, a second (default 2)",
    )
    parser.add_argument(
        "--window",
        type=positive,
        default=1,
        metavar="N",
        help="show the model the last N frames it looked at",
    )
    parser.add_argument(
        "--reading",
        choices=READINGS,
        default="exact",
        help="read a window anew for every look, or only what is new",
    )
    parser.add_argument(
        "--start", type=seconds, default=0.0, metavar="S", help="seconds to leave out at the beginning"
    )
    parser.add_argument("--end", type=above_zero, metavar="S", help="seconds at which to stop")
    parser.add_argument(
        "--fps", type=above_zero, default=30.0, metavar="N", help="pictures a second of a folder (default 30)"
    )
    parser.add_argument(
        "--min-score", type=probability, default=0.0, metavar="S", help="leave out points that score less"
    )
    add_model_arguments(parser)
    parser.set_defaults(run=track)


def track(arguments: argparse.Namespace) -> int:
    """``molmo-act track VIDEO QUERY``."""
    from tqdm import tqdm

    from molmo_act.sources import count_frames, read_frames
    from molmo_act.video_writing import video_path, video_writer

    out = None if arguments.out is None else video_path(arguments.out)
    if out is not None and out.exists() and os.path.exists(arguments.video) and out.samefile(arguments.video):
        raise InputError(f"{str(out)!r} is the video itself; give another name to write to.")
    total = count_frames(arguments.video)
    frames = read_frames(arguments.video, fps=arguments.fps, start=arguments.start, end=arguments.end)
    history: list[Tracks] = []
    stdout = sys.stdout
    with contextlib.ExitStack() as stack:
        stack.enter_context(stdout_kept_clean())
        tracker = stack.enter_context(
            load_model(arguments).tracker(
                arguments.query,
                rate=arguments.rate,
                min_score=arguments.min_score,
                window=arguments.window,
                reading=arguments.reading,
                synchronous=True,
            )
        )
        writer = stack.enter_context(video_writer(out)) if out is not None else None
        for frame, tracks in tqdm(tracker.follow(frames), "track", total, unit="frame", disable=None):
            history.append(tracks)
            if writer is not None:
                writer.write(np.asarray(tracks.draw(frame)), tracks.timestamp)
            if arguments.json:
                print(json.dumps(tracks.to_dict(), allow_nan=False), file=stdout, flush=True)
    if out is not None:
        print(f"molmo-act: wrote {out}", file=sys.stderr)
    if not arguments.json:
        print(tracks_table_of(history))
    return FOUND if any(tracks.visible.any() for tracks in history) else NOTHING_FOUND
