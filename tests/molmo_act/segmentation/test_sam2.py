"""SAM 2 and EdgeTAM of transformers end to end on tiny models of random weights: what goes in, and out."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.torch import load_file, save_file
from transformers import EdgeTamVideoModel

from molmo_act.errors import CheckpointError, PlatformError
from molmo_act.segmentation.propagation import masks_between
from molmo_act.segmentation.sam2 import EdgeTamPropagator, Sam2Propagator
from tests.support.tiny_sam2 import tiny_propagator


@pytest.fixture(scope="module", params=[Sam2Propagator, EdgeTamPropagator])
def propagate(request) -> Sam2Propagator:
    return tiny_propagator(request.param)


FRAMES = [np.random.default_rng(number).integers(0, 256, (30, 50, 3)).astype(np.uint8) for number in range(4)]


def test_every_frame_gets_a_mask_of_its_own_size(propagate):
    masks = propagate(FRAMES, np.array([[10.0, 20.0]]))
    assert (masks.shape, masks.dtype) == ((1, 4, 30, 50), bool)
    assert masks.any()
    assert not masks.all()


def test_the_point_matters_and_the_same_point_gives_the_same_masks(propagate):
    first, again, other = (
        propagate(FRAMES[:2], np.array([xy])) for xy in ((10.0, 20.0), (10.0, 20.0), (45.0, 3.0))
    )
    assert (first == again).all()
    assert (first != other).any()


def test_several_objects_have_the_masks_that_each_has_alone(propagate):
    points = np.array([[10.0, 20.0], [45.0, 3.0], [25.0, 15.0]])
    together = propagate(FRAMES, points)
    for number, point in enumerate(points):
        assert (together[number] == propagate(FRAMES, point[None])[0]).all()


def test_masks_between_two_frames(propagate):
    points = {0: np.array([10.0, 20.0]), 3: np.array([20.0, 10.0])}
    assert masks_between(propagate, FRAMES, points).shape == (4, 30, 50)


def test_a_folder_can_be_loaded_and_another_is_refused(propagate, tmp_path):
    propagate.model.save_pretrained(tmp_path / "tiny")
    loaded = type(propagate).from_pretrained(tmp_path / "tiny")
    xy = np.array([[10.0, 20.0]])
    assert (loaded(FRAMES[:2], xy) == propagate(FRAMES[:2], xy)).all()
    with pytest.raises(CheckpointError, match=f"{propagate.kind} video model .There is no folder") as caught:
        type(propagate).from_pretrained(tmp_path / "nothing")
    assert "\n" not in str(caught.value)
    weights = load_file(tmp_path / "tiny" / "model.safetensors")
    left_out = next(name for name in weights if name.startswith("mask_decoder"))
    del weights[left_out]
    save_file(weights, tmp_path / "tiny" / "model.safetensors", {"format": "pt"})
    with pytest.raises(CheckpointError, match=f"lacks {left_out}"):  # transformers makes random ones
        type(propagate).from_pretrained(tmp_path / "tiny")
    (tmp_path / "tiny" / "model.safetensors").write_bytes(b"cut off")
    with pytest.raises(CheckpointError, match=propagate.kind):
        type(propagate).from_pretrained(tmp_path / "tiny")


def test_a_missing_package_is_named(monkeypatch, tmp_path):
    def fails(*_, **__):
        raise ImportError("TimmWrapperModel requires the timm library")

    (tmp_path / "config.json").write_text("{}")
    monkeypatch.setattr(EdgeTamVideoModel, "from_pretrained", fails)
    with pytest.raises(PlatformError, match="timm"):
        EdgeTamPropagator.from_pretrained(tmp_path)
