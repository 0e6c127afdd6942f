"""Requests come in, answers go out, until there are no more."""

from __future__ import annotations

import io
import json
import math

import numpy as np

from molmo_act.reading.process_reader import HEADER, LENGTH
from molmo_act.reading.text import ReadText
from molmo_act.reading.worker import serve
from tests.support.written_screen import read_line, read_text

TEXT = read_text(read_line("Save", 1, 2), size=(3, 2))


class Reader:
    name = "scripted"

    def __init__(self):
        self.asked = []

    def read(self, image, *, timeout=None):
        self.asked.append((image.shape, int(image.sum()), timeout))
        if len(self.asked) == 2:
            raise RuntimeError("broken")
        return TEXT


def test_answers_and_errors_and_the_end():
    image = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
    requests = b"".join(HEADER.pack(2, 3, seconds) + image.tobytes() for seconds in (5.0, math.nan))
    answers, reader = io.BytesIO(), Reader()
    serve(reader, io.BytesIO(requests + HEADER.pack(2, 3, 1.0) + b"cut off"), answers)
    assert reader.asked == [((2, 3, 3), image.sum(), 5.0), ((2, 3, 3), image.sum(), None)]
    written = answers.getvalue()
    [length] = LENGTH.unpack(written[: LENGTH.size])
    first = json.loads(written[LENGTH.size :][:length])
    assert ReadText.from_dict(first["text"]) == TEXT
    rest = written[LENGTH.size + length :]
    assert json.loads(rest[LENGTH.size :]) == {"error": "RuntimeError: broken"}
