"""The command ``molmo-act ask``, which answers a question in words."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import molmo_act
from molmo_act.cli import _arguments as given
from molmo_act.cli._output import CUT_SHORT
from molmo_act.cli._output_images import OutputImages
from molmo_act.cli._sources import STDIN, VIDEO_OPTIONS
from molmo_act.cli.model_arguments import add_max_crops, add_model_arguments, load_model
from molmo_act.errors import InputError
from molmo_act.generation.limits import ANSWER_TOKENS
from molmo_act.io.image import to_rgb
from molmo_act.io.media_kind import is_video
from molmo_act.outputs.serialization import to_json
from molmo_act.request import MAX_QUESTION_LENGTH, check_query, check_span

if TYPE_CHECKING:
    from molmo_act.outputs.answer import Answer

DONE = 0


def add_ask(commands: given.Commands) -> None:
    """Adds the command ``ask``.

    Args:
        commands: The subcommands of ``molmo-act``.
    """
    parser = commands.add_parser(
        "ask",
        help="answer a question about images or a video, or about none",
        description="Answer a question in words, which are printed as they come. Several images are shown "
        "together. The bundled nano was taught to point only: give --model.",
    )
    parser.add_argument(
        "image", metavar="IMAGE", nargs="*", help="path of an image, or of one video; - for one on stdin"
    )
    parser.add_argument("question", metavar="QUESTION", help="such as 'How many mugs are there?'")
    parser.add_argument("--json", action="store_true", help="print a JSON object instead of text")
    parser.add_argument("--out", metavar="PNG", help="write the image with the points of the answer marked")
    parser.add_argument(
        "--style", metavar="S", help="kind of question as official evaluations name it, such as chart_qa"
    )
    given.add_number(
        *(
            parser,
            "--max-new-tokens",
            given.positive,
            "N",
            f"most tokens of the answer (default {ANSWER_TOKENS})",
        ),
        default=ANSWER_TOKENS,
    )
    add_max_crops(parser)
    given.add_number(parser, "--timeout", given.above_zero, "S", "seconds after which an answer is cut short")
    given.add_video_span(parser)
    given.add_number(parser, "--max-frames", given.positive, "N", "most frames of a video to look at")
    add_model_arguments(parser)
    parser.set_defaults(run=ask)


def ask(arguments: argparse.Namespace) -> int:
    """Answers a question, and prints the words as they come: ``molmo-act ask IMAGE… QUESTION``.

    Args:
        arguments: The parsed command line.

    Returns:
        0, the exit code.

    Raises:
        MolmoActError: The question, what it is about, the model, or a path to write to cannot be used.
    """
    check_query(arguments.question, "question", MAX_QUESTION_LENGTH)
    shown, video = _read(arguments)
    marked = OutputImages("--out", arguments.out, arguments.image)
    options: dict[str, Any] = {name: getattr(arguments, name) for name in ("style", "max_crops", "timeout")}
    asked = {name: getattr(arguments, name) for name in VIDEO_OPTIONS}
    options |= {name: value for name, value in asked.items() if value is not None}
    with given.stdout_to_stderr():
        model = load_model(arguments)
        stream = model.answer(
            video if video is not None else shown or None,
            arguments.question,
            stream=True,
            max_new_tokens=arguments.max_new_tokens,
            **options,
        )
    with closing(stream):
        answer = _printed(stream, quiet=arguments.json)
    if arguments.json:
        print(to_json({"model": model.name, "source": arguments.image, **answer.to_dict()}), flush=True)
    elif answer.truncated:
        print(f"molmo-act: {CUT_SHORT}", file=sys.stderr)
    for index, (name, image) in enumerate(zip(arguments.image, shown, strict=False)):
        marked.write(name, lambda index=index, image=image: answer.draw(image, index))  # type: ignore[misc]
    return DONE


def _read(arguments: argparse.Namespace) -> tuple[list[Any], str | bytes | None]:
    """The images, or the video, that the question is about.

    Raises:
        ImageError: An image cannot be used.
        InputError: There is a video among others, or an option is for what is not there.
    """
    check_span(arguments.start or 0.0, arguments.end)
    if arguments.image.count(STDIN) > 1:
        raise InputError("Standard input (-) was given twice; expected it once, since it holds one file.")
    sources = [sys.stdin.buffer.read() if name == STDIN else name for name in arguments.image]
    videos = [source for source in sources if is_video(source)]
    if videos and len(sources) > 1:
        raise InputError(f"A video was given among {len(sources)} files; expected images, or a single video.")
    unused = [name for name in VIDEO_OPTIONS if getattr(arguments, name, None) is not None]
    if unused and not videos:
        raise InputError(f"--{unused[0].replace('_', '-')} is for videos, and none was given; leave it out.")
    if videos and arguments.max_crops is not None:
        raise InputError("--max-crops says how an image is cut; frames of videos are one crop each.")
    if arguments.out is not None and not sources:
        raise InputError("--out draws on an image, and none was given; leave it out.")
    return ([], videos[0]) if videos else ([to_rgb(source) for source in sources], None)


def _printed(stream: molmo_act.AnswerStream, *, quiet: bool) -> Answer:
    """Prints the words as they come, unless they are to be quiet; the whole answer."""
    while True:
        with given.stdout_to_stderr():  # what libraries print while the model runs
            piece = next(stream, None)
        if piece is None:
            break
        if not quiet:
            print(piece, end="", flush=True)
    if not quiet:
        print(flush=True)
    return stream.answer
