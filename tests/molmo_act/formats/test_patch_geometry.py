"""Triples and pixels: there and back within one location cell, by the released rule."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act.errors import InputError
from molmo_act.formats.crop_geometry import Geometry
from molmo_act.formats.patch_geometry import ground_points, locate_points
from molmo_act.models.molmo_point.tiling import preprocess_image

# One image token over each 2 × 2 block of a 4 × 4 patch picture; the low-res view in front.
POOLING = np.array([[0, 1, 2, 3], [4, 5, 8, 9], [6, 7, 10, 11], [12, 13, 16, 17], [14, 15, 18, 19]])
MAPPING = np.arange(4, 20).reshape(4, 4)
SIZE = (40, 120)  # one ViT patch is 10 wide and 30 high


@pytest.mark.parametrize(
    ("xy", "triple"),
    [
        ((0, 0), (1, 0, 0)),  # the top-left corner
        ((5, 15), (1, 0, 4)),  # the middle of the first patch
        ((9, 1), (1, 0, 6)),  # right third, top third: x is the high digit
        ((1, 29), (1, 0, 2)),  # left third, bottom third
        ((10, 0), (1, 1, 0)),  # an inner edge belongs to the patch on its right
        ((5, 30), (1, 2, 0 + 3)),  # an inner edge belongs to the patch below it
        ((25, 15), (2, 0, 4)),  # the next image token
        ((40, 120), (4, 3, 8)),  # the bottom-right corner belongs to the last cell
    ],
)
def test_the_cell_of_a_point(xy: tuple[float, float], triple: tuple[int, int, int]) -> None:
    assert ground_points([xy], SIZE, POOLING, MAPPING).tolist() == [list(triple)]


def test_no_points() -> None:
    assert ground_points([], SIZE, POOLING, MAPPING).shape == (0, 3)
    image_index, xy = locate_points([], POOLING, [MAPPING], [SIZE])
    assert image_index.shape == (0,)
    assert xy.shape == (0, 2)


@pytest.mark.parametrize(
    "xy",
    [
        (-0.1, 5),  # left of the image
        (5, 120.1),  # below it
        (np.nan, 5),  # not a number
        (np.inf, 5),  # endless
    ],
)
def test_points_outside_are_refused(xy: tuple[float, float]) -> None:
    with pytest.raises(InputError, match="lies outside the image of 40×120"):
        ground_points([(1, 1), xy], SIZE, POOLING, MAPPING)


def test_tables_of_different_prompts_are_refused() -> None:
    with pytest.raises(InputError, match="give both of one prompt"):
        ground_points([(1, 1)], SIZE, POOLING, MAPPING + 100)


def test_a_low_res_patch_and_padding_lie_nowhere() -> None:
    padded = np.vstack([POOLING, [[-1, -1, -1, -1]]])
    image_index, xy = locate_points([(0, 1, 4), (5, 0, 0), (1, 0, 4)], padded, [MAPPING], [SIZE])
    assert image_index.tolist() == [-1, -1, 0]
    assert np.isnan(xy[:2]).all()
    assert xy[2].tolist() == pytest.approx([4.95, 14.85])  # (1 + 0.5) · 0.33 of a patch, as released


def test_without_a_location_a_point_is_the_middle_of_its_patch() -> None:
    assert locate_points([(1, 1, -1)], POOLING, [MAPPING], [SIZE])[1].tolist() == [[15, 15]]


@pytest.mark.parametrize(
    "size",
    [
        (1, 1),  # one pixel
        (640, 480),  # a camera
        (333, 777),  # odd sides, upright
        (2560, 120),  # a banner
        (1920, 1080),  # a screen
    ],
)
def test_pixels_come_back_within_one_location_cell(size: tuple[int, int]) -> None:
    image = preprocess_image(np.zeros((size[1], size[0], 3), dtype=np.uint8), Geometry(max_crops=12))
    rng = np.random.default_rng(size[0])
    xy = np.vstack([rng.uniform(0, size, (500, 2)), [(0, 0), size, (size[0], 0), (0, size[1])]])
    triples = ground_points(xy, size, image.token_pooling, image.subpatch_mapping)
    image_index, back = locate_points(triples, image.token_pooling, [image.subpatch_mapping], [size])
    assert (image_index == 0).all()
    patch = np.array(size) / image.subpatch_mapping.shape[::-1]
    # Half a cell, and the bias of 0.33 for 1/3 in the last cell.
    assert (np.abs(back - xy) <= patch * (0.5 / 3 + 2.5 * (1 / 3 - 0.33) + 1e-9)).all()


def test_cells_come_back_exactly() -> None:
    image = preprocess_image(np.zeros((480, 640, 3), dtype=np.uint8), Geometry(max_crops=6))
    pooling = image.token_pooling.numpy()
    visible = np.isin(pooling, image.subpatch_mapping)
    patches, subpatches = np.nonzero(visible)
    assert len(patches) == image.subpatch_mapping.numel()  # every patch of the canvas has one place
    for location in range(9):
        triples = np.stack([patches, subpatches, np.full_like(patches, location)], axis=1)
        xy = locate_points(triples, pooling, [image.subpatch_mapping], [(640, 480)])[1]
        assert np.array_equal(ground_points(xy, (640, 480), pooling, image.subpatch_mapping), triples)


def test_each_image_is_found_by_its_own_patches() -> None:
    rng = np.random.default_rng(3)
    images = [
        preprocess_image(np.zeros((h, w, 3), dtype=np.uint8), Geometry(max_crops=4))
        for w, h in ((640, 90), (50, 300))
    ]
    first = images[0].num_crops * 729
    second = images[1].token_pooling.numpy()
    pooling = np.vstack([images[0].token_pooling, np.where(second < 0, -1, second + first)])
    mappings = [images[0].subpatch_mapping.numpy(), images[1].subpatch_mapping.numpy() + first]
    sizes = [image.image_size for image in images]
    xy = [rng.uniform(0, size, (40, 2)) for size in sizes]
    triples = [ground_points(xy[i], sizes[i], pooling, mappings[i]) for i in (0, 1)]
    image_index, back = locate_points(np.vstack(triples), pooling, mappings, sizes)
    assert image_index.tolist() == [0] * 40 + [1] * 40
    for i in (0, 1):
        cell = np.array(sizes[i]) / mappings[i].shape[::-1] / 3
        assert (np.abs(back[40 * i : 40 * i + 40] - xy[i]) <= cell).all()
