"""A fake model behind the command line, and an image for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import molmo_act
from molmo_act.errors import QueryError
from molmo_act.outputs.points import Points
from tests.support.blob_model import RGB, BlobFinder


class LoudFinder(BlobFinder):
    """Finds blobs, prints as libraries do, and keeps what it was loaded with and asked."""

    def __init__(self) -> None:
        super().__init__(score=0.875, smallest=1)
        self.asked: dict[str, object] = {}

    def point(self, image: np.ndarray, query: str, **asked: object) -> Points:
        print("a library prints to stdout")
        self.asked = asked
        found = self.answer(image, query, **asked)
        hit = (image == RGB[query]).all(axis=2)
        return replace(
            found,
            absent=0.0625 if len(found) else 0.96875,
            text=f"{len(found)} of them",
            heatmaps=[hit.astype(np.float32)] if len(found) else None,
            timing_ms={"preprocess": 1.0, "prefill": 20.5, "decode": 3.25},
        )

    def point_in_video(self, video: str, query: str, **asked: object) -> Points:
        self.asked = {"video": video, **asked}
        return Points(
            xy=[(1.5, 2.5), (3.5, 2.5)],
            score=[0.5, 0.25],
            object_id=[1, 1],
            image_index=[0, 1],
            timestamp=[0.0, 0.5],
            image_size=[(60, 40)] * 2,
            query=query,
            truncated=True,
        )

    def check_query(self, query: str) -> None:
        if "<POINT_" in query:
            raise QueryError("The query holds a control token.\nLeave it out.")


@pytest.fixture
def model(monkeypatch) -> LoudFinder:
    loaded = LoudFinder()

    def load(name_or_path=None, *, device=None, dtype=None, quantization=None) -> LoudFinder:
        loaded.loaded_with = (name_or_path, device, dtype, quantization)
        return loaded

    monkeypatch.setattr(molmo_act, "load", load, raising=False)
    return loaded


@pytest.fixture
def picture(tmp_path) -> str:
    """A white image of 60 × 40 with two red squares."""
    image = Image.new("RGB", (60, 40), "white")
    image.paste(RGB["red"], (10, 10, 15, 15))
    image.paste(RGB["red"], (40, 20, 50, 30))
    image.save(tmp_path / "squares.png")
    return str(tmp_path / "squares.png")


@pytest.fixture
def other(tmp_path) -> str:
    """A white image of 30 × 20."""
    Image.new("RGB", (30, 20), "white").save(tmp_path / "white.png")
    return str(tmp_path / "white.png")
