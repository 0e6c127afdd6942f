"""The process that a `ProcessReader` starts: images come in at stdin, their text goes out at stdout.

A request is `HEADER`, then the pixels; an answer is `LENGTH`, then JSON with "text" or "error".
"""

from __future__ import annotations

import json
import math
import os
import sys
from typing import BinaryIO

import numpy as np

from molmo_act.reading.opening import named_reader
from molmo_act.reading.process_reader import HEADER, LENGTH
from molmo_act.reading.reader import TextReader


def serve(reader: TextReader, requests: BinaryIO, answers: BinaryIO) -> None:
    """Answers requests until there are no more.

    Args:
        reader: What reads.
        requests: Where they come from.
        answers: Where the answers go.
    """
    while len(header := requests.read(HEADER.size)) == HEADER.size:
        height, width, seconds = HEADER.unpack(header)
        pixels = requests.read(height * width * 3)
        if len(pixels) < height * width * 3:
            return  # who asked has ended
        image = np.frombuffer(pixels, np.uint8).reshape(height, width, 3)
        try:
            found = reader.read(image, timeout=None if math.isnan(seconds) else seconds)
            answer: dict[str, object] = {"text": found.to_dict()}
        except Exception as error:  # who asked is told, whatever it is
            answer = {"error": f"{type(error).__name__}: {error}"}
        written = json.dumps(answer).encode()
        answers.write(LENGTH.pack(len(written)) + written)
        answers.flush()


def main() -> None:
    """Serves the reader that the command line names."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    serve(named_reader(sys.argv[1]), sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
