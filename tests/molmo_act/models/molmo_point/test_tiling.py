"""Crops, patches and index maps against the released ones, and against what they must mean."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from molmo_act.errors import ImageError
from molmo_act.formats.crop_geometry import Geometry
from molmo_act.models.molmo_point.tiling import normalize, preprocess_image, resize, rgb_tensor
from tests.support.synthetic import synthetic_image

DATA = Path(__file__).parents[3] / "data"
RELEASED = json.loads((DATA / "preproc_378.json").read_text())["images"]


picture = cache(synthetic_image)  # every picture of the reference is cut twice


def sha256(array: torch.Tensor | np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


@pytest.mark.parametrize(
    "case", RELEASED, ids=[f"{case['w']}x{case['h']}-max{case['max_crops']}" for case in RELEASED]
)
def test_everything_is_bit_equal_to_the_released_preprocessing(case):
    image = picture(case["seed"], case["h"], case["w"], case["noise"])
    assert sha256(image) == case["image_sha256"], "the generator no longer makes the picture of the reference"

    got = preprocess_image(image, Geometry(max_crops=case["max_crops"]))

    assert got.num_crops == case["num_crops"][0]
    assert got.grid.tolist() == case["image_grids"][0]
    assert list(got.patches.shape) == case["pixel_values_shape"]
    assert sha256(got.patches) == case["pixel_u8_sha256"]
    assert normalize(got.patches).mean(dtype=torch.float64).item() == pytest.approx(
        case["pixel_mean"], abs=1e-9
    )
    assert list(got.token_pooling.shape) == case["token_pooling_shape"]
    assert sha256(got.token_pooling) == case["token_pooling_int64_sha256"]
    assert list(got.subpatch_mapping.shape) == case["subpatch_mapping_shape"]
    assert sha256(got.subpatch_mapping) == case["subpatch_mapping_int64_sha256"]
    assert got.image_size == (case["w"], case["h"])


@pytest.mark.parametrize(
    ("height", "width", "geometry"),
    [
        (200, 300, {"crop_size": 56, "patch_size": 7, "margins": (2, 2), "max_crops": 12}),
        # margins of different size, windows that do not divide the canvas
        (90, 400, {"crop_size": 60, "patch_size": 6, "margins": (1, 3), "max_crops": 9, "pooling": (3, 2)}),
        # no overlap at all
        (120, 70, {"crop_size": 28, "patch_size": 14, "margins": (0, 0), "max_crops": 5, "pooling": (1, 1)}),
        # far smaller than a crop
        (1, 1, {"crop_size": 56, "patch_size": 7, "margins": (2, 2), "max_crops": 4}),
    ],
)
def test_mapping_says_where_on_the_canvas_every_patch_lies(height, width, geometry):
    image = synthetic_image(5, height, width)
    got = preprocess_image(image, Geometry(**geometry))
    p = geometry["patch_size"]

    rows, cols = got.subpatch_mapping.shape
    owned = got.patches.flatten(0, 1)[got.subpatch_mapping].reshape(rows, cols, p, p, 3)
    canvas = owned.permute(0, 2, 1, 3, 4).reshape(rows * p, cols * p, 3)

    expected = resize(rgb_tensor(image), rows * p, cols * p).permute(1, 2, 0)
    assert torch.equal(canvas, expected)


def test_every_owned_patch_is_pooled_once_in_reading_order():
    got = preprocess_image(synthetic_image(1, 500, 700), Geometry(max_crops=6))
    ids = got.token_pooling[got.token_pooling >= 0]
    overview = torch.arange(27 * 27)
    assert torch.equal(ids.sort().values, torch.cat([overview, got.subpatch_mapping.flatten().sort().values]))
    low_rows, low_cols, rows, cols = got.grid.tolist()
    assert len(got.token_pooling) == low_rows * low_cols + rows * cols
    first_of_second_row = got.token_pooling[low_rows * low_cols + cols]
    assert first_of_second_row[0] == got.subpatch_mapping[2, 0]


def test_resize_rounds_halves_to_even():
    pixels = torch.tensor([[[0, 1], [1, 2]]], dtype=torch.uint8)  # means of the rows: 0.5 and 1.5
    assert resize(pixels, 2, 1).tolist() == [[[0], [2]]]


def test_normalize_is_exact_for_one_and_for_three_channels():
    patches = torch.arange(256, dtype=torch.uint8).repeat_interleave(3).reshape(1, 64, 12)
    values = patches.float() / 255
    assert torch.equal(normalize(patches), (values - 0.5) / 0.5)
    mean, std = (0.48, 0.45, 0.4), (0.26, 0.26, 0.27)
    expected = (values - torch.tensor(mean).repeat(4)) / torch.tensor(std).repeat(4)
    assert torch.equal(normalize(patches, mean, std), expected)
    assert patches.dtype == torch.uint8
    assert patches[0, 0, 3] == 1, "the input was written to"


@pytest.mark.parametrize(
    "given",
    [
        lambda image: np.asfortranarray(image),
        lambda image: image[:, ::-1][:, ::-1],  # negative strides
        lambda image: np.frombuffer(image.tobytes(), np.uint8).reshape(image.shape),  # read-only
        lambda image: torch.from_numpy(image),
    ],
    ids=["fortran", "flipped", "read-only", "tensor"],
)
def test_memory_layout_does_not_matter(given):
    image = synthetic_image(3, 40, 60)
    geometry = {"crop_size": 28, "patch_size": 7, "margins": (1, 1), "max_crops": 4}
    assert torch.equal(
        preprocess_image(given(image), Geometry(**geometry)).patches,
        preprocess_image(image, Geometry(**geometry)).patches,
    )


def test_index_maps_are_the_callers_own():
    image = np.zeros((50, 50, 3), np.uint8)
    preprocess_image(image).token_pooling.fill_(-7)
    assert preprocess_image(image).token_pooling.max() > 0


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4, 3), np.float32),  # floats
        np.zeros((4, 4), np.uint8),  # grey
        np.zeros((4, 4, 4), np.uint8),  # with alpha
        np.zeros((3, 4, 4), np.uint8),  # channels first
        np.zeros((0, 4, 3), np.uint8),  # empty
    ],
)
def test_refuses_what_is_not_uint8_rgb(image):
    with pytest.raises(ImageError, match="expected uint8 RGB"):
        preprocess_image(image)
