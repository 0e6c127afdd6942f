"""A file of questions: two about images, one about a video, with the answers of three models."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from molmo_act.io.video_writer import video_writer

MODELS = ("secret-nano", "secret-large", "secret-third")


def write_example(folder: Path) -> Path:
    """Writes the files; returns the file of questions."""
    for name, colour in (("red", (200, 0, 0)), ("blue", (0, 0, 200))):
        Image.new("RGB", (120, 80), colour).save(folder / f"{name}.png")
    with video_writer(folder / "clip.mp4") as writer:
        for number in range(8):
            writer.write(np.full((64, 96, 3), 20 * number, np.uint8), number / 4)
    nano, large, third = MODELS
    rows = [
        {
            "id": "one",
            "question": 'Point at the <b>cup</b> & the "mug".',
            "image": "red.png",
            "answers": {
                nano: {"text": "A <i>cup</i>", "points": [[30, 20], [60, 40]]},
                large: {"points": []},
            },
        },
        {
            "id": "two",
            "question": "Point at the plate.",
            "image": "blue.png",
            "answers": {nano: {"points": [[1, 1]]}, large: {"points": [[90, 60]]}, third: {"text": "None."}},
        },
        {
            "id": "three",
            "question": "Point at the dog.",
            "video": "clip.mp4",
            "answers": {nano: {"points": [[0.5, 10, 10]]}, large: {"points": [[1.0, 48, 32], [0.5, 5, 5]]}},
        },
    ]
    path = folder / "items.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
