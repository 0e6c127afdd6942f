"""The command ``molmo-act read``: what is written in images."""

from __future__ import annotations

import argparse
import sys

from molmo_act.cli import _arguments as given
from molmo_act.cli._sources import STDIN, STDIN_NAME
from molmo_act.errors import InputError, MolmoActError
from molmo_act.io.image import to_rgb
from molmo_act.io.media_kind import is_video
from molmo_act.outputs.serialization import to_json
from molmo_act.reading.names import READER_NAMES
from molmo_act.reading.opening import named_reader
from molmo_act.reading.reader import TextReader
from molmo_act.reading.text import ReadText


def add_read(commands: given.Commands) -> None:
    """Adds the command ``read``.

    Args:
        commands: The subcommands of ``molmo-act``.
    """
    parser = commands.add_parser("read", help="read what is written in images")
    parser.add_argument("image", metavar="IMAGE", nargs="+", help="path of an image; - for one on stdin")
    parser.add_argument(
        "--json", action="store_true", help="print a JSON object for each image, with boxes and confidence"
    )
    parser.add_argument(
        "--reader", choices=READER_NAMES, default=READER_NAMES[0], help="what reads (default: %(default)s)"
    )
    given.add_number(
        parser, "--timeout", given.above_zero, "S", "seconds after which reading an image is cut short"
    )
    parser.set_defaults(run=read)


def read(arguments: argparse.Namespace) -> int:
    """Reads images, and prints what is written in them: ``molmo-act read IMAGE…``.

    Args:
        arguments: The parsed command line.

    Returns:
        0 where anything is written, 1 where nothing is, 2 where one of several images cannot be used.

    Raises:
        MolmoActError: The only image cannot be used, or the reader is not installed.
    """
    if arguments.image.count(STDIN) > 1:
        raise InputError("Standard input (-) was given twice; expected it once, since it holds one file.")
    reader: TextReader | None = None
    found = failed = False
    for name in arguments.image:
        try:
            pixels = to_rgb(_content(name))
        except MolmoActError as error:
            if len(arguments.image) == 1:
                raise
            given.print_error(error, f"{name}: ")
            failed = True
            continue
        reader = reader or named_reader(arguments.reader)
        text = reader.read(pixels, timeout=arguments.timeout)
        _print(name if name != STDIN else STDIN_NAME, text, arguments)
        found |= bool(len(text))
    if failed:
        return given.BAD_INPUT
    return given.FOUND if found else given.NOTHING_FOUND


def _content(name: str) -> str | bytes:
    if name != STDIN:
        if is_video(name):
            raise InputError(f"{name} is a video, and read takes images; give its frames one by one.")
        return name
    if sys.stdin is None:
        raise InputError("Standard input is closed; expected an image on it, or a path instead of -.")
    return sys.stdin.buffer.read()


def _print(name: str, text: ReadText, arguments: argparse.Namespace) -> None:
    if arguments.json:
        print(to_json({"reader": arguments.reader, "source": name, **text.to_dict()}), flush=True)
        return
    if len(arguments.image) > 1:
        print(f"{name}:")
    if text.lines:
        print(text.text, flush=True)
    if text.truncated:
        print(f"molmo-act: {name}: the time was up before everything had been read", file=sys.stderr)
