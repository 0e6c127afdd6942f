"""Crops, masks and index maps against the released preprocessing, at the released sizes."""

from __future__ import annotations

import hashlib
import json
import platform

import numpy as np
import pytest
import torch

from molmo_act.errors import ImageError
from molmo_act.formats.crop_geometry import Geometry
from molmo_act.models.molmo.padded_crops import fitted_size, pad_image
from tests.support.synthetic import synthetic_image
from tests.support.tiny_molmo1 import DATA

RELEASED = json.loads((DATA / "preproc_336.json").read_text())["images"]
GEOMETRY = Geometry(crop_size=336, max_crops=12)
MEAN, STD = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
SAME_BUILD = torch.__version__.startswith("2.13.") and platform.machine() == "x86_64"


def named(case: dict) -> str:
    return f"{case['w']}x{case['h']}"


def sha256(array: np.ndarray | torch.Tensor) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


@pytest.mark.parametrize("case", [case for case in RELEASED if "raises" not in case], ids=named)
def test_everything_is_equal_to_the_released_preprocessing(case):
    image = synthetic_image(case["seed"], case["h"], case["w"], case["noise"])
    assert sha256(image) == case["image_sha256"], "the generator no longer makes the image of the reference"

    got = pad_image(image, GEOMETRY, MEAN, STD)

    assert list(got.patches.shape) == case["images_shape"]
    assert got.num_crops == case["num_crops"]
    for crop, patch, value, expected in case["images_samples_crop_patch_value"]:
        assert got.patches[crop, patch, value].item() == pytest.approx(expected, abs=1e-5)
    if SAME_BUILD:
        assert sha256(got.patches) == case["images_float32_sha256"]
    assert list(got.masks.shape) == case["image_masks_shape"]
    assert sha256(got.masks) == case["image_masks_float32_sha256"]
    assert got.grid.tolist() == [12, 12, *case["pooled_canvas_hw"]]
    assert len(got.token_pooling) == case["num_patch_tokens"]
    assert got.image_size == (case["w"], case["h"])


@pytest.mark.parametrize("case", [case for case in RELEASED if "raises" in case], ids=named)
def test_what_the_released_preprocessing_cannot_cut_is_refused(case):
    image = synthetic_image(case["seed"], case["h"], case["w"], case["noise"])
    with pytest.raises(ImageError, match=f"{case['w']}×{case['h']} pixels; .* nothing would be left"):
        pad_image(image, GEOMETRY, MEAN, STD)


@pytest.mark.parametrize(
    ("size", "inside", "fitted"),
    [
        ((480, 640), (336, 336), (251, 336)),  # 252 in exact numbers
        ((1080, 1920), (784, 1008), (567, 1007)),
        ((10, 10), (336, 336), (336, 336)),
        ((336, 336), (336, 336), (336, 336)),
    ],
)
def test_sizes_are_cut_off_in_float32(size, inside, fitted):
    assert fitted_size(*size, *inside) == fitted


def test_masks_are_those_of_the_next_crop():
    got = pad_image(synthetic_image(1, 100, 336), GEOMETRY, MEAN, STD)
    assert got.num_crops == 2
    part = got.masks[0].reshape(24, 24)
    assert part[0].eq(0).all()  # above the image
    assert part[12].eq(1).all()
    assert got.masks[1].eq(-1).all()
    black = (-np.array(MEAN, np.float32) / np.array(STD, np.float32)).tolist()
    assert got.patches[1, 0, :3].tolist() == pytest.approx(black)
