"""The real point node around a model that finds a spot of a colour in the pixels.

Environment: BLOB_LOAD and BLOB_DELAY are how many seconds the model takes to load and for an image, and
BLOB_COMPUTE how many it spends inside torch for one.
With BLOB_PROGRESS loading shows a progress bar and logs, as hubs of checkpoints do.
BLOB_LOG is a file that gets a line of JSON for each image that the model is given (number, age_ms, bounds)
and each one that is drawn (drawn), and BLOB_OPTIONS one that gets the options that the model is loaded with.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, fields

import frames
import numpy as np
from molmo_act_ros.runner import run
from PIL import Image

from molmo_act.errors import CheckpointError
from molmo_act.model_options import ModelOptions
from molmo_act.outputs.points import Points
from tests.support.blob_model import BlobFinder, Place


def tell(variable: str = "BLOB_LOG", **what: object) -> None:
    if variable in os.environ:
        with open(os.environ[variable], "a") as log:
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


class LoggedPoints(Points):
    def draw(self, image: np.ndarray, image_index: int = 0) -> Image.Image:
        tell(drawn=len(self))
        return super().draw(image, image_index)


class BlobModel(BlobFinder):
    """Finds spots; "red and green" asks for two, "red#7" for red, "trouble" and "memory" make it raise."""

    name = "blob"

    def __init__(self, options: ModelOptions) -> None:
        super().__init__()
        tell("BLOB_OPTIONS", **asdict(options))
        if options.checkpoint == "missing":
            raise CheckpointError("Checkpoint folder 'missing' does not exist.")
        time.sleep(float(os.environ.get("BLOB_LOAD", "0")))
        if "BLOB_PROGRESS" in os.environ:
            from tqdm import TMonitor, tqdm

            for _ in tqdm(range(3), desc="progress"):
                time.sleep(0.2)
            tqdm.get_lock()
            TMonitor(tqdm, 10.0)  # its thread lives for ever
            logging.getLogger("hub").warning("loaded from %s", "a cache")
            warnings.warn("this is old", DeprecationWarning, stacklevel=1)
        self.compute = computing(float(os.environ.get("BLOB_COMPUTE", "0")))
        self.delay = float(os.environ.get("BLOB_DELAY", "0"))

    def point(self, image: np.ndarray, query: str | list[str], **bounds) -> Points | list[Points]:
        age, number = frames.read_clock(image)
        tell(number=number, age_ms=age, bounds=bounds)
        self.found = {}  # of this image
        time.sleep(self.delay)
        self.compute()
        return super().point(image, query, **bounds)

    def answer(self, pixels: np.ndarray, query: str, **bounds) -> Points:
        points = super().answer(pixels, query, **bounds)
        return LoggedPoints(**{each.name: getattr(points, each.name) for each in fields(points)})

    def find(self, pixels: np.ndarray, colour: str) -> tuple[np.ndarray, float]:
        if colour not in self.found:
            self.found[colour] = frames.find(pixels, colour)
        return self.found[colour]

    def places(self, pixels: np.ndarray, query: str) -> list[Place]:
        if query == "trouble":
            raise RuntimeError("out of\nmemory")
        if query == "memory":
            raise MemoryError
        found = [self.find(pixels, colour) for colour in query.partition("#")[0].split(" and ")]
        return [(tuple(xy[0]), score) for xy, score in found if len(xy)]


def make_node(options: argparse.Namespace):
    from molmo_act_ros.point_node import PointNode

    return PointNode(BlobModel)


if __name__ == "__main__":
    sys.exit(run(argparse.ArgumentParser(prog="blob_node"), make_node))
