"""The commands ``molmo-act point``, ``count`` and ``bench``, which ask about images, and about videos."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

import molmo_act
from molmo_act._optional import TORCH_PACKAGES, needs_torch
from molmo_act.cli import _arguments as given
from molmo_act.cli._output import bench_table, count_json, incomplete, points_json, points_table
from molmo_act.cli._output_images import OutputImages
from molmo_act.cli._sources import VIDEO_OPTIONS, Source, ask_each, check_sources
from molmo_act.cli.model_arguments import (
    add_bounds,
    add_exactly,
    add_max_crops,
    add_model_arguments,
    add_prompt,
    add_reader,
    load_model,
    model_options,
)
from molmo_act.errors import InputError
from molmo_act.io.image import to_rgb
from molmo_act.outputs.serialization import to_json
from molmo_act.request import check_query

if TYPE_CHECKING:
    from molmo_act.outputs.points import Points


def add_point(commands: given.Commands) -> None:
    """Adds the command ``point``.

    Args:
        commands: The subcommands of ``molmo-act``.
    """
    parser = commands.add_parser("point", help="point at what the query names in images or videos")
    _add_sources(parser)
    parser.add_argument(
        "--out", metavar="PNG", help="write the image with the points marked on it; a folder for several"
    )
    parser.add_argument(
        "--heatmap",
        metavar="PNG",
        help="write the image under the heat map of the first point; a folder for several",
    )
    add_exactly(parser)
    parser.set_defaults(run=point)


def point(arguments: argparse.Namespace) -> int:
    """Points at what a query names, and prints the points: ``molmo-act point IMAGE… QUERY``.

    Args:
        arguments: The parsed command line.

    Returns:
        0 where anything was found, 1 where nothing was, 2 where one of several images cannot be used.

    Raises:
        MolmoActError: The image, the query, the model, or a path to write to cannot be used.
    """
    check_query(arguments.query)
    check_sources(arguments.image, arguments)
    marked = OutputImages("--out", arguments.out, arguments.image)
    heat = OutputImages("--heatmap", arguments.heatmap, arguments.image)
    if marked.overlaps(heat):
        raise InputError(f"--out and --heatmap both name {arguments.out!r}; give two names.")

    def ask(model: molmo_act.PointingModel, source: Source) -> bool:
        with given.stdout_to_stderr():
            points = _point(model, source, arguments)
            if (image := source.image) is not None:
                marked.write(source.name, lambda: points.draw(image))
                heat.write(source.name, lambda: points.draw_heatmap(image))
        several = source.name if len(arguments.image) > 1 else ""
        line = (
            points_json(model.name, source.name, points) if arguments.json else points_table(points, several)
        )
        print(line, flush=True)
        return bool(len(points))

    return ask_each(arguments, ask)


def add_count(commands: given.Commands) -> None:
    """Adds the command ``count``.

    Args:
        commands: The subcommands of ``molmo-act``.
    """
    parser = commands.add_parser("count", help="count what the query names in images or videos")
    _add_sources(parser)
    parser.set_defaults(run=count)


def count(arguments: argparse.Namespace) -> int:
    """Counts what a query names, and prints the number: ``molmo-act count IMAGE… QUERY``.

    Args:
        arguments: The parsed command line.

    Returns:
        0, or 1 where every count is 0, or 2 where one of several images cannot be used.

    Raises:
        MolmoActError: See `point`.
    """
    check_query(arguments.query)
    check_sources(arguments.image, arguments)

    def ask(model: molmo_act.PointingModel, source: Source) -> bool:
        with given.stdout_to_stderr():
            points = _point(model, source, arguments)
            number = len(set(points.object_id.tolist())) if source.image is None else len(points)
        if arguments.json:
            print(count_json(model.name, source.name, number, points), flush=True)
        else:
            print(f"{number} {source.name}" if len(arguments.image) > 1 else number, flush=True)
            if missing := incomplete(points):
                print(f"molmo-act: {source.name}: {missing.removeprefix('; ')}", file=sys.stderr)
        return number > 0

    return ask_each(arguments, ask)


def add_bench(commands: given.Commands) -> None:
    """Adds the command ``bench``.

    Args:
        commands: The subcommands of ``molmo-act``.
    """
    parser = commands.add_parser("bench", help="time an answer on this machine, beside generate()")
    parser.add_argument("image", metavar="IMAGE", help="path of an image file")
    _add_query(parser)
    add_model_arguments(parser)
    add_max_crops(parser)
    given.add_number(
        parser, "--rounds", given.positive, "N", "how often each is timed (default 5)", default=5
    )
    parser.set_defaults(run=bench)


def bench(arguments: argparse.Namespace) -> int:
    """Times an answer, and prints the times: ``molmo-act bench IMAGE QUERY``.

    Args:
        arguments: The parsed command line.

    Returns:
        0, the exit code.

    Raises:
        MolmoActError: See `point`; or the model writes coordinates as text.
    """
    try:
        from molmo_act.cli.bench import time_answer
    except ModuleNotFoundError as error:
        if error.name not in TORCH_PACKAGES:
            raise
        raise needs_torch(
            "bench, which times the engine beside generate() of transformers,", error.name
        ) from error

    check_query(arguments.query)
    image = to_rgb(arguments.image)
    with given.stdout_to_stderr():
        model = load_model(arguments)
        found = time_answer(
            model, image, arguments.query, max_crops=arguments.max_crops, rounds=arguments.rounds
        )
    print(to_json(found) if arguments.json else bench_table(found))
    return given.FOUND


def _add_sources(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "image", metavar="IMAGE", nargs="+", help="path of an image or of a video; - for one on stdin"
    )
    _add_query(parser)
    add_prompt(parser)
    add_reader(parser)
    add_bounds(parser)
    given.add_video_span(parser)
    given.add_number(parser, "--max-frames", given.positive, "N", "most frames of a video to look at")
    add_model_arguments(parser)


def _add_query(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("query", metavar="QUERY", help="what to look for, such as 'the red mug'")
    parser.add_argument(
        "--json", action="store_true", help="print a JSON object for each image instead of text"
    )


def _point(model: molmo_act.PointingModel, source: Source, arguments: argparse.Namespace) -> Points:
    options: dict[str, Any] = {**model_options(arguments).point_options}
    options |= {"max_points": arguments.max_points, "timeout": arguments.timeout}
    if source.image is not None:
        found: Points = model.point(source.image, arguments.query, **options)
        return found
    asked = {name: getattr(arguments, name) for name in VIDEO_OPTIONS}
    given_only = {name: value for name, value in asked.items() if value is not None}
    in_video: Points = model.point_in_video(source.video, arguments.query, **options, **given_only)
    return in_video
