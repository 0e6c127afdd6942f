"""Keyframes with those before them: windows of frames, and the temporal module, behind a tracker."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from molmo_act import InputError, PointingModel
from molmo_act.models.molmo_point import MolmoPointConfig, MolmoPointForConditionalGeneration
from molmo_act.pointing.streams import PastFramesReader, WindowReader
from tests.support.tiny_checkpoint import TINY, load_case, tiny_model, tiny_processor

FRAMES = np.asarray(load_case("video_four")[0][0]["content"][1]["video"])


SYNCHRONOUS: dict[str, Any] = {"synchronous": True, "rate": 10, "max_points": 1}


@pytest.fixture(scope="module")
def model() -> PointingModel:
    return PointingModel(tiny_model(), tiny_processor(), "tiny")


@pytest.mark.slow
@pytest.mark.parametrize("window_mode", ["full", "sliding"])
def test_the_vision_tower_looks_at_every_frame_once(model, window_mode):
    looks: list[int] = []
    hook = model.model.model.vision_tower.register_forward_hook(
        lambda _, inputs, __: looks.append(len(inputs[0]))
    )
    try:
        with model.tracker("cat", window=3, window_mode=window_mode, **SYNCHRONOUS) as tracker:
            for index in range(6):
                tracker.update(FRAMES[index % 4], index / 10)
            stats = tracker.stats
    finally:
        hook.remove()
    assert (stats.groundings, stats.last_error) == (6, None)
    assert looks == [1] * 6


@pytest.mark.parametrize("window_mode", ["full", "sliding"])
def test_points_of_a_window_lie_on_the_newest_frame(model, window_mode):
    window = WindowReader(model.runtime, 3, window_mode)
    for index in range(5):
        encoded = window.read(FRAMES[index % 4], 0.5 * index)
    points = model.point(encoded, "cat", max_points=2)
    assert encoded.image_size == (128, 96)
    assert set(points.image_index) <= {0}
    assert ((points.xy >= 0) & (points.xy <= (128, 96))).all()


def test_a_stream_that_begins_anew_knows_nothing_of_the_last_one(model):
    window, fresh = WindowReader(model.runtime, 3, "sliding"), WindowReader(model.runtime, 3, "sliding")
    for index in range(3):
        window.read(FRAMES[index], float(index))
    window.reset()
    again, first = window.read(FRAMES[3], 90.0), fresh.read(FRAMES[3], 0.0)
    assert torch.equal(again.prefix.values, first.prefix.values)


@pytest.mark.slow
def test_a_tracker_begins_anew_with_its_window(model):
    with model.tracker("cat", window=3, **SYNCHRONOUS) as tracker:
        lengths = []
        for seconds, frame in ((0.0, FRAMES[0]), (0.1, FRAMES[1]), (0.2, FRAMES[2][:64]), (0.3, FRAMES[3])):
            tracker.update(frame, seconds)
            lengths.append(len(tracker._pointer._reader._shown))
        tracker.reset()
        tracker.update(FRAMES[0], 0.0)
        lengths.append(len(tracker._pointer._reader._shown))
    assert lengths == [1, 2, 1, 1, 1]  # two changes of size, and a reset


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"window": 0}, "window is 0"),
        ({"window_mode": "sliding"}, "without a window"),
        ({"window": 3, "window_mode": "guessed"}, "'full' or 'sliding'"),
        ({"window": 3, "max_crops": 2}, "one crop each"),
    ],
)
def test_windows_that_cannot_be(model, options, complaint):
    with pytest.raises(InputError, match=complaint):
        model.tracker("cat", **options)


def test_a_window_longer_than_the_model_reads_is_refused(model):
    with pytest.raises(InputError, match="smaller window"):
        WindowReader(model.runtime, 100_000, "full").read(FRAMES[0], 0.0)


# --- the temporal module ------------------------------------------------------------------------------------


def mixing(kind: str, frames: int = 2) -> PointingModel:
    """The tiny checkpoint with a fresh temporal module."""
    config = MolmoPointConfig.from_pretrained(TINY)
    config.temporal_module, config.temporal_frames = kind, frames
    torch.manual_seed(0)
    made = MolmoPointForConditionalGeneration(config).eval()
    made.load_state_dict(tiny_model().state_dict(), strict=False)
    made.generation_config = tiny_model().generation_config
    return PointingModel(made, tiny_processor(), "mixing")


def test_a_tracker_remembers_as_many_frames_as_the_module_takes():
    model = mixing("addition")
    with model.tracker("cat", **SYNCHRONOUS) as tracker:
        for index in range(4):
            tracker.update(FRAMES[index], index / 10)
        assert tracker.stats.last_error is None
        assert tracker.stats.groundings == 4
    reader = PastFramesReader(model.runtime)
    read = [reader.read(frame, 0.0) for frame in FRAMES]
    alone = [model.encode(frame) for frame in FRAMES]
    for one, other in zip(read, alone, strict=True):  # what is remembered is the frame, not the mixture
        assert torch.equal(one.windows_NKC, other.windows_NKC)
    assert torch.equal(read[0].prefix.values, alone[0].prefix.values)
    by_hand = model.encode(
        FRAMES[3], past=[one.windows_NKC for one in alone[:3]]
    )  # of which it takes the newest two
    assert torch.equal(read[3].prefix.values, by_hand.prefix.values)
    assert not torch.equal(read[3].prefix.values, alone[3].prefix.values)


def test_earlier_frames_that_cannot_be_mixed_in(model):
    mixed = mixing("addition")
    with pytest.raises(InputError, match="no temporal module"):
        model.encode(FRAMES[1], past=[model.encode(FRAMES[0]).windows_NKC])
    with pytest.raises(InputError, match="cut otherwise"):
        mixed.encode(FRAMES[1], past=[mixed.encode(FRAMES[0][:16]).windows_NKC])
    with pytest.raises(InputError, match="temporal module"):
        mixed.tracker("cat", window=3)
