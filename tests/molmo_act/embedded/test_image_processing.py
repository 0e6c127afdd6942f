"""Crops, patches and index maps without torch are those of torch, bit for bit."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from molmo_act.embedded.image_processing import cut_image, normalize
from molmo_act.formats.crop_geometry import Geometry
from molmo_act.models.molmo_point import tiling
from tests.support.synthetic import synthetic_image

RELEASED = json.loads((Path(__file__).parents[2] / "data" / "preproc_378.json").read_text())["images"]
GEOMETRIES = [Geometry(), Geometry(224, margins=(1, 1), max_crops=32), Geometry(28, 7, (3, 3), (1, 0), 5)]
CLIP = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
HALVES = (0.5, 0.5, 0.5)


def sha256(array: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


@pytest.mark.parametrize(
    "case", RELEASED, ids=[f"{case['w']}x{case['h']}-max{case['max_crops']}" for case in RELEASED]
)
def test_everything_is_bit_equal_to_the_released_preprocessing(case):
    got = cut_image(
        synthetic_image(case["seed"], case["h"], case["w"], case["noise"]),
        Geometry(max_crops=case["max_crops"]),
    )
    assert got.maps.grid.tolist() == case["image_grids"][0]
    assert list(got.patches.shape) == case["pixel_values_shape"]
    assert sha256(got.patches) == case["pixel_u8_sha256"]
    mean = normalize(got.patches, HALVES, HALVES).mean(dtype=np.float64)
    assert mean == pytest.approx(case["pixel_mean"], abs=1e-9)
    assert sha256(got.maps.token_pooling) == case["token_pooling_int64_sha256"]
    assert sha256(got.maps.subpatch_mapping) == case["subpatch_mapping_int64_sha256"]
    assert got.metadata()["image_sizes"] == [(case["w"], case["h"])]


@pytest.mark.parametrize("seed", range(8))
def test_random_sizes_and_geometries(seed):
    rng = np.random.default_rng(seed)
    height, width = rng.integers(1, 600, 2).tolist()
    geometry = [Geometry(), Geometry(224, margins=(1, 1), max_crops=32), Geometry(28, 7, (3, 3), (1, 0), 5)][
        seed % 3
    ]
    image = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    ours, theirs = cut_image(image, geometry), tiling.preprocess_image(image, geometry)
    assert np.array_equal(ours.patches, theirs.patches.numpy())
    assert np.array_equal(ours.maps.token_pooling, theirs.token_pooling.numpy())
    assert ours.image_size == theirs.image_size


@pytest.mark.parametrize(
    ("mean", "std"),
    [(HALVES, HALVES), ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))],
)
def test_normalized_pixels(mean, std):
    patches = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 64, 12)
    expected = tiling.normalize(torch.from_numpy(patches), mean, std).numpy()
    assert np.array_equal(normalize(patches, mean, std), expected)
