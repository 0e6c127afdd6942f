"""``molmo-act``: the library on a command line. Knows arguments, files and exit codes; no model, no screen.

Exit codes: 0 found, 1 nothing found, 2 bad input, 70 a fault of this program, 130 interrupted. Results go to
stdout, everything else to stderr.

Another package adds a subcommand through the entry point group ``molmo_act.commands``: the entry's name is
the subcommand's, its object a function that takes argparse's subparsers, adds a parser and gives it a default
``run``, a function from the parsed arguments to an exit code.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

import numpy as np

import molmo_act
from molmo_act.asking import READINGS
from molmo_act.errors import InputError, MolmoActError
from molmo_act.images import to_rgb
from molmo_act.picture_files import picture_path, save_picture

if TYPE_CHECKING:
    from molmo_act.points import Points
    from molmo_act.tracks import Track, Tracks

FOUND, NOTHING_FOUND, BAD_INPUT, FAULT, INTERRUPTED = 0, 1, 2, 70, 130
COMMAND_GROUP = "molmo_act.commands"
STAGES = ("preprocess", "prefill", "decode")

logger = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        argv: The words behind the program's name; those of this process unless given.

    Returns:
        The exit code.
    """
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="molmo-act: %(levelname)s: %(message)s"
    )
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a query need not fit the terminal's encoding
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        arguments = _parser(words).parse_args(words)
        return arguments.run(arguments)
    except SystemExit as exc:  # argparse has explained itself
        return int(exc.code or 0)
    except MolmoActError as exc:
        print(f"molmo-act: error: {' '.join(str(exc).split())}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception:  # Python's own exit code would be 1, which means "nothing found" here
        traceback.print_exc()
        return FAULT


# --- commands ---------------------------------------------------------------------------------------------


def point(arguments: argparse.Namespace) -> int:
    """``molmo-act point IMAGE QUERY``."""
    _check_outputs(arguments)
    image = to_rgb(arguments.image)
    with _stdout_kept_clean():
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


def count(arguments: argparse.Namespace) -> int:
    """``molmo-act count IMAGE QUERY``."""
    image = to_rgb(arguments.image)
    with _stdout_kept_clean():
        model = load_model(arguments)
        number = model.count(image, arguments.query)
    size = [image.shape[1], image.shape[0]]
    found = {"model": model.name, "query": arguments.query, "image_size": size, "count": number}
    print(json.dumps(found) if arguments.json else number)
    return FOUND if number else NOTHING_FOUND


def bench(arguments: argparse.Namespace) -> int:
    """``molmo-act bench IMAGE QUERY``."""
    image = to_rgb(arguments.image)
    with _stdout_kept_clean():
        model = load_model(arguments)
        found = model.bench(image, arguments.query, rounds=arguments.rounds)
    print(json.dumps(found) if arguments.json else times_of(found))
    return FOUND


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
        stack.enter_context(_stdout_kept_clean())
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
                print(json.dumps(tracks.to_dict(), allow_nan=False), file=stdout)
    if out is not None:
        print(f"molmo-act: wrote {out}", file=sys.stderr)
    if not arguments.json:
        print(tracks_table_of(history))
    return FOUND if any(tracks.visible.any() for tracks in history) else NOTHING_FOUND


def load_model(arguments: argparse.Namespace) -> molmo_act.PointingModel:
    """The model that the arguments of `add_model_arguments` ask for."""
    return molmo_act.load(
        arguments.model,
        device=arguments.device,
        dtype=arguments.dtype,
        quantization=arguments.quantization,
    )


@contextlib.contextmanager
def _stdout_kept_clean() -> Iterator[None]:
    """Sends to stderr what libraries print while they load and run: stdout is for the answer alone."""
    with contextlib.redirect_stdout(sys.stderr):
        yield


# --- output -----------------------------------------------------------------------------------------------


def json_of(model_name: str, points: Points) -> str:
    """One JSON object on one line; a stage that was not timed is null."""
    return json.dumps(
        {
            "model": model_name,
            "query": points.query,
            "image_size": list(points.image_size[0]),
            "points": [
                {
                    "x": round(p.x, 3),
                    "y": round(p.y, 3),
                    "object_id": p.object_id,
                    "score": round(p.score, 6),
                    "image_index": p.image_index,
                }
                for p in points
            ],
            "absent": round(points.absent, 6),
            "text": points.text,
            "timing_ms": {
                stage: round(points.timing_ms[stage], 3) if stage in points.timing_ms else None
                for stage in STAGES
            },
        },
        allow_nan=False,
    )


def table_of(points: Points) -> str:
    """A heading and a line for each point."""
    (width, height), *_ = points.image_size
    if not len(points):
        return f'nothing found for "{points.query}" in {width}×{height} pixels (absent {points.absent:.2f})'
    lines = [
        f'{len(points)} point{"s" * (len(points) > 1)} for "{points.query}" in {width}×{height} pixels',
        f"{'#':>4} {'x':>8} {'y':>8}  score",
        *(f"{p.object_id:>4} {p.x:>8.1f} {p.y:>8.1f}  {p.score:.2f}" for p in points),
    ]
    return "\n".join(lines)


def tracks_table_of(history: Sequence[Tracks]) -> str:
    """A heading and a line for each object: when it was seen first and last, and on how many frames."""
    seen: dict[int, list[Track]] = {}
    times: dict[int, list[float]] = {}
    for tracks in history:
        for one in tracks:
            if one.visible:
                seen.setdefault(one.object_id, []).append(one)
                times.setdefault(one.object_id, []).append(tracks.timestamp)
    lines = [f"{len(seen)} object{'' if len(seen) == 1 else 's'} on {len(history)} frames"]
    if seen:
        lines.append(f"{'#':>4} {'first':>8} {'last':>8} {'frames':>7}  query")
    for number, found in sorted(seen.items()):
        first, last = times[number][0], times[number][-1]
        lines.append(f"{number:>4} {first:>7.2f}s {last:>7.2f}s {len(found):>7}  {found[0].query}")
    return "\n".join(lines)


def times_of(found: dict[str, Any]) -> str:
    """Two lines of milliseconds and how they compare."""
    ms = {stage: taken["median"] for stage, taken in found["ms"].items()}
    size = f"{found['prompt_tokens']} tokens in, {found['answer_tokens']} out"
    return "\n".join(
        (
            f"{found['model']} on {found['device']}, {found['dtype']}: {size}",
            f"engine   prefill {ms['prefill']:.1f} ms, decode {ms['decode']:.1f} ms",
            f"generate prefill {ms['plain_prefill']:.1f} ms, decode {ms['plain_decode']:.1f} ms",
        )
    )


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


# --- arguments --------------------------------------------------------------------------------------------


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="molmo-act",
        description="Words and pixels in, points out.",
        epilog="Exit codes: 0 found, 1 nothing found, 2 bad input.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_point(commands)
    _add_count(commands)
    _add_track(commands)
    _add_bench(commands)
    # What other packages add is imported only when it may be meant: they cost time, and one may be broken.
    if not words or words[0] not in commands.choices:
        for entry in entry_points(group=COMMAND_GROUP):
            _add_foreign(commands, entry, wanted=words[:1] == [entry.name])
    return parser


def _add_foreign(commands: argparse._SubParsersAction, entry: EntryPoint, *, wanted: bool) -> None:
    try:
        register: Callable[[argparse._SubParsersAction], None] = entry.load()
        register(commands)
    except Exception as exc:
        if wanted:
            raise
        logger.warning("The command %r is not available: %s", entry.name, exc)


def _add_point(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser("point", help="point at what the query names in an image")
    _add_question(parser)
    parser.add_argument("--out", metavar="PNG", help="write the image with the points marked on it")
    parser.add_argument(
        "--heatmap", metavar="PNG", help="write the image under the heat map of the first point"
    )
    parser.add_argument(
        "--max-crops", type=_positive, metavar="N", help="most high-resolution crops of the image"
    )
    parser.add_argument("--max-points", type=_positive, metavar="N", help="stop after this many points")
    parser.add_argument(
        "--min-score",
        type=_probability,
        default=0.0,
        metavar="S",
        help="leave out points that score less (0 to 1)",
    )
    parser.set_defaults(run=point)


def _add_count(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser("count", help="count what the query names in an image")
    _add_question(parser)
    parser.set_defaults(run=count)


def _add_track(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser("track", help="follow what the queries name through a video")
    parser.add_argument("video", metavar="VIDEO", help="path of a video file, or of a folder of pictures")
    parser.add_argument("query", metavar="QUERY", nargs="+", help="what to follow, such as 'the red mug'")
    parser.add_argument(
        "--json", action="store_true", help="print a JSON object for every frame, a line each"
    )
    parser.add_argument("--out", metavar="MP4", help="write the video with the points marked on it")
    parser.add_argument(
        "--rate", type=_above_zero, default=2.0, metavar="HZ", help="how often the model looks, a second"
    )
    parser.add_argument(
        "--window",
        type=_positive,
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
    parser.add_argument("--start", type=_above_zero, default=0.0, metavar="S", help="seconds to leave out")
    parser.add_argument("--end", type=_above_zero, metavar="S", help="seconds at which to stop")
    parser.add_argument(
        "--fps", type=_above_zero, default=30.0, metavar="N", help="pictures a second of a folder"
    )
    parser.add_argument(
        "--min-score", type=_probability, default=0.0, metavar="S", help="leave out points that score less"
    )
    add_model_arguments(parser)
    parser.set_defaults(run=track)


def _add_bench(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser("bench", help="time an answer on this machine, beside generate()")
    _add_question(parser)
    parser.add_argument("--rounds", type=_positive, default=5, metavar="N", help="how often each is timed")
    parser.set_defaults(run=bench)


def _add_question(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("image", metavar="IMAGE", help="path of a picture file")
    parser.add_argument("query", metavar="QUERY", help="what to look for, such as 'the red mug'")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    add_model_arguments(parser)


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds ``--model``, ``--device``, ``--dtype`` and ``--quantization``, which `load_model` reads."""
    parser.add_argument("--model", metavar="M", help="checkpoint folder or name; the bundled one by default")
    parser.add_argument(
        "--device", metavar="D", help="where it runs, such as cpu or cuda:0; the best by default"
    )
    parser.add_argument(
        "--dtype",
        choices=("float32", "bfloat16", "float16"),
        help="precision of the weights; the best by default",
    )
    parser.add_argument(
        "--quantization",
        metavar="Q",
        help="language blocks in fewer bits: nf4, int8, or int8-dynamic on a CPU",
    )


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} was given; expected a whole number of at least 1")
    return int(text)


def _above_zero(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e9:  # also refuses NaN
        raise argparse.ArgumentTypeError(f"{text!r} was given; expected a number above 0")
    return value


def _probability(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:  # also refuses NaN
        raise argparse.ArgumentTypeError(f"{text!r} was given; expected a number from 0 to 1")
    return value
