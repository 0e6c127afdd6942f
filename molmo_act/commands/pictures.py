"""``molmo-act point``, ``count`` and ``bench``: a picture and words."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING

import numpy as np

from molmo_act.commands.arguments import (
    FOUND,
    NOTHING_FOUND,
    add_model_arguments,
    load_model,
    positive,
    probability,
    stdout_kept_clean,
)
from molmo_act.commands.printing import json_of, table_of, times_of
from molmo_act.errors import InputError
from molmo_act.images import to_rgb
from molmo_act.picture_files import picture_path, save_picture

if TYPE_CHECKING:
    from molmo_act.points import Points


def add_point(commands: argparse._SubParsersAction) -> None:
    """Adds ``point`` with its arguments."""
    parser = commands.add_parser("point", help="point at what the query names in an image")
    _add_question(parser)
    parser.add_argument("--out", metavar="PNG", help="write the image with the points marked on it")
    parser.add_argument(
        "--heatmap", metavar="PNG", help="write the image under the heat map of the first point"
    )
    parser.add_argument(
        "--max-crops", type=positive, metavar="N", help="most high-resolution crops of the image"
    )
    parser.add_argument("--max-points", type=positive, metavar="N", help="stop after this many points")
    parser.add_argument(
        "--min-score",
        type=probability,
        default=0.0,
        metavar="S",
        help="leave out points that score less (0 to 1)",
    )
    parser.set_defaults(run=point)


def point(arguments: argparse.Namespace) -> int:
    """``molmo-act point IMAGE QUERY``."""
    _check_outputs(arguments)
    image = to_rgb(arguments.image)
    with stdout_kept_clean():
        model = load_model(arguments)
        points = model.point(
            image,
            arguments.query,
            max_points=arguments.max_points,
            min_score=arguments.min_score,
            max_crops=arguments.max_crops,
        )
    _write_pictures(arguments, image, points)
    print(json_of(model.name, points) if arguments.json else table_of(points))
    return FOUND if len(points) else NOTHING_FOUND


def add_count(commands: argparse._SubParsersAction) -> None:
    """Adds ``count`` with its arguments."""
    parser = commands.add_parser("count", help="count what the query names in an image")
    _add_question(parser)
    parser.set_defaults(run=count)


def count(arguments: argparse.Namespace) -> int:
    """``molmo-act count IMAGE QUERY``."""
    image = to_rgb(arguments.image)
    with stdout_kept_clean():
        model = load_model(arguments)
        number = model.count(image, arguments.query)
    size = [image.shape[1], image.shape[0]]
    found = {"model": model.name, "query": arguments.query, "image_size": size, "count": number}
    print(json.dumps(found) if arguments.json else number)
    return FOUND if number else NOTHING_FOUND


def add_bench(commands: argparse._SubParsersAction) -> None:
    """Adds ``bench`` with its arguments."""
    parser = commands.add_parser("bench", help="time an answer on this machine, beside generate()")
    _add_question(parser)
    parser.add_argument(
        "--rounds", type=positive, default=5, metavar="N", help="how often each is timed (default 5)"
    )
    parser.set_defaults(run=bench)


def bench(arguments: argparse.Namespace) -> int:
    """``molmo-act bench IMAGE QUERY``."""
    image = to_rgb(arguments.image)
    with stdout_kept_clean():
        model = load_model(arguments)
        found = model.bench(image, arguments.query, rounds=arguments.rounds)
    print(json.dumps(found) if arguments.json else times_of(found))
    return FOUND


def _add_question(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("image", metavar="IMAGE", help="path of a picture file")
    parser.add_argument("query", metavar="QUERY", help="what to look for, such as 'the red mug'")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    add_model_arguments(parser)


def _check_outputs(arguments: argparse.Namespace) -> None:
    """Refuses, before any work, places where no picture may be written."""
    targets = [picture_path(path) for path in (arguments.out, arguments.heatmap) if path is not None]
    for target in targets:
        if target.exists() and os.path.exists(arguments.image) and target.samefile(arguments.image):
            raise InputError(f"{str(target)!r} is the image itself; give another name to write to.")
    if len(targets) == 2 and targets[0].resolve() == targets[1].resolve():
        raise InputError(f"--out and --heatmap both name {str(targets[0])!r}; give two names.")


def _write_pictures(arguments: argparse.Namespace, image: np.ndarray, points: Points) -> None:
    if arguments.out is not None:
        save_picture(points.draw(image), arguments.out)
        print(f"molmo-act: wrote {arguments.out}", file=sys.stderr)
    if arguments.heatmap is not None:
        save_picture(points.draw_heatmap(image), arguments.heatmap)
        print(f"molmo-act: wrote {arguments.heatmap}", file=sys.stderr)
