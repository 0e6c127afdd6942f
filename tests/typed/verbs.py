"""What type checkers make of the verbs of a model; `tests/test_types.py` runs mypy on this file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import assert_type

import numpy as np
import torch
from PIL import Image

from molmo_act import (
    Count,
    EmbeddedImage,
    EmbeddedModel,
    EncodedImage,
    Point,
    PointingModel,
    Points,
    Track,
    Tracks,
    load,
)
from molmo_act.pointing.options import PointOptions


def one_image(model: PointingModel, image: Image.Image, array: np.ndarray, tensor: torch.Tensor) -> None:
    assert_type(model.point(image, "the mug"), Points)
    assert_type(model.point("mug.png", "the mug", max_points=3, order="masked"), Points)
    assert_type(model.point(Path("mug.png"), "the mug"), Points)
    assert_type(model.point(array, "the mug", min_score=0.5), Points)
    assert_type(model.point(tensor, "the mug"), Points)
    assert_type(model.encode(image), EncodedImage)
    assert_type(model.point(model.encode(image), "the mug"), Points)
    assert_type(model.count(image, "the mug"), Count)


def lists(
    model: PointingModel, images: list[Image.Image], paths: tuple[Path, ...], image: np.ndarray
) -> None:
    assert_type(model.point(image, ["the mug", "the plate"]), list[Points])
    assert_type(model.point(image, ("the mug", "the plate")), list[Points])
    assert_type(model.point(images, "the mug"), list[Points])
    assert_type(model.point(paths, ["the mug"]), list[Points])
    assert_type(model.point(["a.png", "b.png"], "the mug"), list[Points])
    assert_type(model.point(model.encode(image), ["the mug"]), list[Points])
    assert_type(model.count(images, "the mug"), list[Count])
    assert_type(model.point(images, "the mug", together=True, exactly=1, prompt="raw"), Points)
    assert_type(model.point(images, ["the mug"], together=True), list[Points])
    assert_type(model.count(images, "the mug", together=True), Count)
    assert_type(model.count(images, ["the mug"], together=True), list[Count])
    assert_type(model.count(image, ["the mug"]), list[Count])


def lists_of_several_kinds(
    model: PointingModel, image: np.ndarray, mixed: list[Path | np.ndarray], together: bool
) -> None:
    encoded = model.encode(image)
    assert_type(model.point([encoded, encoded], "the mug"), list[Points])
    assert_type(model.point([Path("a.png"), image], "the mug"), list[Points])
    assert_type(model.point(["a.png", image, encoded], ["a", "b", "c"], max_points=1), list[Points])
    assert_type(model.point(mixed, "the mug"), list[Points])
    assert_type(model.point([Path("a.png"), image], "the mug", together=True), Points)
    assert_type(model.point(mixed, "the mug", together=together), Points | list[Points])
    assert_type(model.point(mixed, ["the mug"], together=together), list[Points])
    assert_type(model.count(mixed, "the mug", together=together), Count | list[Count])
    assert_type(model.count([Path("a.png"), image], "the mug"), list[Count])


def options_by_name(model: PointingModel, image: np.ndarray, images: list[np.ndarray]) -> None:
    options: PointOptions = {"max_points": 3, "order": "masked"}
    assert_type(model.point(image, "the mug", **options), Points)
    assert_type(model.point(images, "the mug", **options), list[Points])
    assert_type(model.count(image, "the mug", **options), Count)
    assert_type(model.track("clip.mp4", "the mug", prompt="gui"), list[Tracks])


def one_or_more(model: PointingModel, image: np.ndarray, query: str | list[str]) -> None:
    assert_type(model.point(image, query), Points | list[Points])
    assert_type(model.count(image, query), Count | list[Count])


def videos(model: PointingModel, frames: list[np.ndarray], query: str) -> None:
    assert_type(model.point_in_video("clip.mp4", query, max_frames=8), Points)
    assert_type(model.point_in_video(frames, [query], fps=2), list[Points])
    assert_type(model.count_in_video(Path("clip.mp4"), query, start=1.5), Count)
    assert_type(model.count_in_video(frames, [query, query]), list[Count])
    assert_type(model.track("clip.mp4", query), list[Tracks])
    assert_type(model.track(frames, [query], window=4, rate=5), list[Tracks])
    assert_type(model.track(frames, query, mode="offline", max_fps=2), list[Tracks])
    with model.tracker([query], synchronous=True) as tracker:
        assert_type(tracker.update(frames[0], 0.5), Tracks)


def exported(model: EmbeddedModel, image: Image.Image, array: np.ndarray, query: str | list[str]) -> None:
    options: PointOptions = {"max_points": 3, "order": "masked"}
    assert_type(model.point(image, "the mug", exactly=2), Points)
    assert_type(model.point(image, ["the mug", "the plate"], **options), list[Points])
    assert_type(model.point(["a.png", "b.png"], "the mug"), list[Points])
    assert_type(model.point([Path("a.png"), array], "the mug"), list[Points])
    assert_type(model.point(array, query), Points | list[Points])
    assert_type(model.encode(image, max_crops=2), EmbeddedImage)
    assert_type(model.point(model.encode(image), "the mug"), Points)
    assert_type(model.point(model.encode(image), ["the mug"]), list[Points])
    assert_type(model.count(image, "the mug"), Count)
    assert_type(model.count([array, array], "the mug", **options), list[Count])
    assert_type(model.track("clip.mp4", query), list[Tracks])
    with model.tracker(["the mug"], synchronous=True) as tracker:
        assert_type(tracker.update(array, 0.5), Tracks)


def results(points: Points, tracks: Tracks, line: dict[str, object]) -> None:
    assert_type(points[0], Point)
    assert_type(points[points.score > 0.5], Points)
    assert_type(iter(points), Iterator[Point])
    assert_type(points.best, Point | None)
    assert_type(points.by_image(), list[Points])
    assert_type(points.to_dict(), dict[str, object])
    assert_type(Points.from_dict(line), Points)
    assert_type(tracks[0], Track)
    assert_type(tracks[1:], Tracks)
    assert_type(Tracks.from_dict(line), Tracks)


def refused(model: PointingModel, image: Image.Image, images: list[Image.Image]) -> None:
    model.point(image, 5)  # type: ignore[call-overload]
    model.point(5, "the mug")  # type: ignore[call-overload]
    model.point(image, "the mug", fps=2)  # type: ignore[call-overload]
    model.point(image, "the mug", order="fast")  # type: ignore[call-overload]
    model.point([image, 5], "the mug")  # type: ignore[type-var]
    model.point_in_video("clip.mp4", "the mug", max_crops=2)  # type: ignore[call-overload]
    model.track("clip.mp4", "the mug", max_fps=2.0)  # type: ignore[call-overload]
    model.track("clip.mp4", "the mug", mode="offline", rate=2.0)  # type: ignore[call-overload]
    images_of_one: Points = model.point(images, "the mug")  # type: ignore[assignment]
    del images_of_one


def refused_of_exported(
    model: EmbeddedModel, encoded: EncodedImage, image: Image.Image, images: list[Image.Image]
) -> None:
    model.point(image, 5)  # type: ignore[call-overload]
    model.point(encoded, "the mug")  # type: ignore[call-overload]
    model.point(image, "the mug", fps=2)  # type: ignore[call-overload]
    model.point(image, "the mug", order="fast")  # type: ignore[call-overload]
    model.track("clip.mp4", "the mug", max_fps=2.0)  # type: ignore[call-arg]
    images_of_one: Points = model.point(images, "the mug")  # type: ignore[assignment]
    del images_of_one


def loaded() -> None:
    assert_type(load("FOLDER", providers=["CPUExecutionProvider"]), EmbeddedModel)
    assert_type(load("FOLDER", providers="auto"), EmbeddedModel)
    assert_type(load(), PointingModel)
    assert_type(load("nano", device="cpu", dtype="float32"), PointingModel)
