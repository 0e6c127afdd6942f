"""The command ``molmo-act segment``, which segments objects on all frames of a video."""

from __future__ import annotations

import argparse
import contextlib
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from molmo_act.cli import _arguments as given
from molmo_act.cli._output import VideoSummary
from molmo_act.cli._sources import STDIN, video_to_write
from molmo_act.cli.model_arguments import add_bounds, add_model_arguments, add_prompt, load_model
from molmo_act.errors import InputError
from molmo_act.request import check_query

if TYPE_CHECKING:
    from molmo_act.outputs.masks import Masks

PROPAGATORS = ("sam2", "edgetam", "grabcut")
MASKS, COCO = "masks.json", "coco.json"
"""Files beside the label images of ``--masks``."""


def add_segment(commands: given.Commands) -> None:
    """Adds the command ``segment``.

    Args:
        commands: The subcommands of ``molmo-act``.
    """
    parser = commands.add_parser("segment", help="segment what the queries name on all frames of a video")
    parser.add_argument("video", metavar="VIDEO", help="a video file or -, or a folder of images")
    parser.add_argument("query", metavar="QUERY", nargs="+", help="what to segment, such as 'the red mug'")
    parser.add_argument("--json", action="store_true", help="print the masks of all frames as a JSON object")
    parser.add_argument("--out", metavar="MP4", help="write the video with the masks laid over it")
    parser.add_argument(
        "--masks",
        metavar="DIR",
        help=f"write a 16-bit PNG of object numbers for every frame, {MASKS} and {COCO} into a new folder",
    )
    parser.add_argument(
        "--propagator",
        choices=PROPAGATORS,
        default="sam2",
        help="what makes masks of points and follows them (default sam2; grabcut needs no weights)",
    )
    parser.add_argument(
        "--propagator-weights", metavar="FOLDER", help="folder or hub name of the weights of sam2 or edgetam"
    )
    number = partial(given.add_number, parser)
    number("--rate", given.positive, "N", "ask the model about every N-th frame (default 5)", default=5)
    number(
        "--agreement",
        given.probability,
        "T",
        "overlap from which masks from both sides are intersected, else united (default 0.7)",
        default=0.7,
    )
    parser.add_argument(
        "--forwards", dest="bidirectional", action="store_false", help="propagate masks only forwards"
    )
    add_prompt(parser)
    add_bounds(parser)
    given.add_video_span(parser)
    parser.set_defaults(start=0.0, fps=30.0)
    add_model_arguments(parser)
    parser.set_defaults(run=segment)


def segment(arguments: argparse.Namespace) -> int:
    """Segments what queries name: ``molmo-act segment VIDEO QUERY``.

    Args:
        arguments: The parsed command line.

    Returns:
        0 where any object has a mask on any frame, else 1.

    Raises:
        MolmoActError: The video, a query, a model or a place to write to cannot be used.
    """
    for query in arguments.query:
        check_query(query)
    from tqdm import tqdm

    from molmo_act.io.atomic import atomic_folder, check_output_folder, explain_write_errors
    from molmo_act.io.camera import is_live
    from molmo_act.io.frames import count_frames
    from molmo_act.io.video_writer import video_writer
    from molmo_act.outputs.masks import Masks
    from molmo_act.segmentation.opening import open_propagator

    out = video_to_write(arguments.out, arguments.video)
    folder = None if arguments.masks is None else check_output_folder(arguments.masks)
    if folder is not None and folder.exists() and any(folder.iterdir()):
        raise InputError(f"{str(folder)!r} is not empty; give --masks a new folder.")
    video = "/dev/stdin" if arguments.video == STDIN else arguments.video
    if is_live(video) and arguments.end is None:
        raise InputError(f"{arguments.video!r} has no end; expected --end, in seconds.")
    total = count_frames(video)
    summary, stdout = VideoSummary(), sys.stdout
    kept: list[Masks] = []  # of all frames, where they are printed
    with contextlib.ExitStack() as stack:
        stack.enter_context(given.stdout_to_stderr())
        model = load_model(arguments)
        weights = arguments.propagator_weights
        device = str(model.model.device) if hasattr(model, "model") else "cpu"
        frames = model.segment_frames(
            video,
            arguments.query,
            rate=arguments.rate,
            propagator=open_propagator(arguments.propagator, weights=weights, device=device),
            bidirectional=arguments.bidirectional,
            agreement=arguments.agreement,
            max_points=arguments.max_points,
            min_score=arguments.min_score,
            max_crops=arguments.max_crops,
            timeout=arguments.timeout,
            prompt=arguments.prompt,
            fps=arguments.fps,
            start=arguments.start,
            end=arguments.end,
        )
        writer = stack.enter_context(video_writer(out)) if out is not None else None
        if folder is not None:
            stack.enter_context(explain_write_errors(folder))
        labels = LabelImages(stack.enter_context(atomic_folder(folder))) if folder is not None else None
        for frame, masks in tqdm(frames, "segment", total, unit="frame", disable=None):
            summary.add_masks(masks)
            if arguments.json:
                kept.append(masks)
            if writer is not None:
                writer.write(np.asarray(masks.draw(frame)), float(masks.timestamp[0]))
            if labels is not None:
                labels.write(masks)
        if labels is not None:
            labels.finish()
    for written in (out, folder):
        if written is not None:
            print(f"molmo-act: wrote {written}", file=sys.stderr)
    print(Masks.join(kept).to_json() if arguments.json else summary.table(), file=stdout)
    return given.FOUND if summary.seen else given.NOTHING_FOUND


class LabelImages:
    """Writes label images, and the masks as JSON and in COCO's format when all are there.

    Args:
        folder: An empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts: list[Masks] = []

    def write(self, masks: Masks) -> None:
        """Writes the label image of the next frame.

        Args:
            masks: The masks of this frame.
        """
        from PIL import Image

        Image.fromarray(masks.label_image()).save(self._folder / f"{len(self._parts):05}.png")
        self._parts.append(masks)

    def finish(self) -> None:
        """Writes what is about all frames."""
        from molmo_act.outputs.masks import Masks
        from molmo_act.outputs.serialization import to_json

        masks = Masks.join(self._parts)
        (self._folder / MASKS).write_text(masks.to_json() + "\n")
        (self._folder / COCO).write_text(to_json(masks.to_coco()) + "\n")
