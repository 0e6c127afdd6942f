"""The real point node around a model that finds a spot of a colour in the pixels.

Environment: BLOB_LOAD and BLOB_DELAY are how many seconds the model takes to load and for a picture, and
BLOB_COMPUTE how many it spends inside torch for one.
BLOB_LOG is a file that gets a line of JSON for each picture that the model is given (number, age_ms) and each
one that is drawn (drawn).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable

import frames
import numpy as np
from PIL import Image

from molmo_act.errors import CheckpointError
from molmo_act.points import Points
from ros_nodes.program import run


def tell(**what: float) -> None:
    if "BLOB_LOG" in os.environ:
        with open(os.environ["BLOB_LOG"], "a") as log:
            print(json.dumps(what), file=log)


def computing(seconds: float) -> Callable[[], None]:
    """Keeps a thread in torch's C++ for so long, as a large model does."""
    if not seconds:
        return lambda: None
    import torch

    matrix = torch.ones(2000, 2000)

    def compute() -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            torch.mm(matrix, matrix)

    return compute


class ToldPoints(Points):
    def draw(self, image: np.ndarray, image_index: int = 0) -> Image.Image:
        tell(drawn=len(self))
        return super().draw(image, image_index)


class BlobModel:
    name = "blob"

    def __init__(self, path: str | None, device: str | None) -> None:
        if path == "missing":
            raise CheckpointError("Checkpoint folder 'missing' does not exist.")
        time.sleep(float(os.environ.get("BLOB_LOAD", "0")))
        self.compute = computing(float(os.environ.get("BLOB_COMPUTE", "0")))
        self.delay = float(os.environ.get("BLOB_DELAY", "0"))

    def point(self, image: np.ndarray, query: str | list[str], **bounds) -> Points | list[Points]:
        age, number = frames.read_clock(image)
        tell(number=number, age_ms=age)
        time.sleep(self.delay)
        self.compute()
        found = [
            self.answer(image, text, **bounds) for text in ([query] if isinstance(query, str) else query)
        ]
        return found[0] if isinstance(query, str) else found

    def answer(
        self, image: np.ndarray, query: str, *, max_points: int | None = None, min_score: float = 0.0
    ) -> Points:
        if query == "trouble":
            raise RuntimeError("out of\nmemory")
        if query == "memory":
            raise MemoryError
        found = [frames.find(image, colour) for colour in query.split(" and ")]
        kept = [(xy[0], score) for xy, score in found if len(xy) and score >= min_score][:max_points]
        return ToldPoints(
            xy=[xy for xy, _ in kept],
            score=[score for _, score in kept],
            image_size=[image.shape[1::-1]],
            query=query,
        )


def make_node(options: argparse.Namespace):
    from ros_nodes.pointing import PointNode

    return PointNode(BlobModel)


if __name__ == "__main__":
    sys.exit(run(argparse.ArgumentParser(prog="blob_node"), make_node))
