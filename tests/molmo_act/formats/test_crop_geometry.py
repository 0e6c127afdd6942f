"""How images are cut: the choice of crops, and the maps of their patches."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from molmo_act.errors import InputError
from molmo_act.formats.crop_geometry import (
    MAX_CROPS,
    Geometry,
    canvas_map,
    choose_tiling,
    index_maps,
    pooling_windows,
)


@pytest.mark.parametrize(
    ("height", "width", "max_crops", "tiling"),
    [
        (1, 1, 24, (1, 1)),  # both sides smaller than the margins: negative scales
        (112, 112, 24, (1, 1)),  # exactly the margins: division by zero
        (378, 378, 24, (1, 1)),  # exactly one crop
        (379, 378, 24, (2, 1)),  # one pixel more must not be lost
        (2160, 3840, 1, (1, 1)),  # every tiling shrinks it
        (2160, 3840, 24, (4, 6)),
        (30, 2000, 24, (1, 1)),  # thinner than the margins: the released rule gives up tiling
        (200, 2000, 24, (1, 8)),
        (2000, 200, 24, (8, 1)),
    ],
)
def test_choice_of_tiling(height, width, max_crops, tiling):
    chosen = choose_tiling(height, width, Geometry(max_crops=max_crops))
    assert chosen == tiling


def every_tiling(height: int, width: int, geometry: Geometry) -> tuple[int, int]:
    """The released rule as it is written: all tilings in order, the first of the best."""
    most = geometry.max_crops
    pairs = [(i, j) for i in range(1, most + 1) for j in range(1, most // i + 1)]
    tilings = np.array(sorted(pairs, key=lambda pair: (pair[0] * pair[1], pair[0])))
    size = np.array([height - geometry.margin, width - geometry.margin], dtype=np.float32)
    with np.errstate(divide="ignore"):
        scales = ((tilings * geometry.window).astype(np.float32) / size).min(axis=1)
    shrinks = (scales < 1).all()
    best = scales.argmax() if shrinks else np.where(scales < 1, np.float32(1e10), scales).argmin()
    rows, cols = tilings[best]
    return int(rows), int(cols)


@pytest.mark.parametrize("max_crops", [1, 2, 3, 8, 24, 64, 200])
def test_choice_of_tiling_is_that_of_trying_every_one(max_crops):
    rng = np.random.default_rng(max_crops)
    for crop_size, margins in ((378, (4, 4)), (224, (1, 1)), (28, (0, 0))):
        geometry = Geometry(crop_size=crop_size, margins=margins, max_crops=max_crops)
        windows = (
            rng.integers(0, 12, (40, 2)) * geometry.window + geometry.margin + rng.integers(-1, 2, (40, 2))
        )
        sizes = [*windows, *rng.integers(1, 6000, (40, 2)), *(10 ** rng.uniform(0, 7.5, (20, 2))).astype(int)]
        for height, width in np.maximum(sizes, 1).tolist():
            chosen = choose_tiling(height, width, geometry)
            assert chosen == every_tiling(height, width, geometry), (height, width, geometry)


def test_choice_of_tiling_takes_no_list_of_all_tilings():
    """A million crops are fourteen million tilings, which took 93 s and gigabytes."""
    geometry = Geometry()
    object.__setattr__(geometry, "max_crops", 10**6)  # beyond the bound
    tracemalloc.start()
    assert choose_tiling(100_000, 50_000, geometry) == (376, 188)
    assert tracemalloc.get_traced_memory()[1] < 10**8
    tracemalloc.stop()


@pytest.mark.parametrize("max_crops", [0, -1, MAX_CROPS + 1, 999_999, 2.5, "8"])
def test_max_crops_has_bounds(max_crops):
    with pytest.raises(InputError, match=rf"max_crops is {max_crops!r}; expected .* 1 to {MAX_CROPS}"):
        Geometry(max_crops=max_crops)


def test_more_crops_than_the_bound_are_more_than_any_released_model_reads():
    most = Geometry(max_crops=MAX_CROPS)
    assert np.prod(pooling_windows(canvas_map((32, 32), most.side, most.margins), most.pooling)[1]) > 65_536


def test_canvas_map_gives_overlaps_to_the_nearer_crop():
    # One row of two crops of 4 patches, margins 1 and 1: 6 columns, the border kept by the outer crops.
    assert canvas_map((1, 2), 4, (1, 1))[0].tolist() == [16, 17, 18, 33, 34, 35]


def test_pooling_fills_before_and_after():
    windows, grid = pooling_windows(np.arange(2).reshape(1, 2), (3, 3))
    assert grid == (1, 1)
    assert windows.tolist() == [[-1, -1, -1, 0, 1, -1, -1, -1, -1]]


@pytest.mark.parametrize(
    ("geometry", "message"),
    [
        ({"max_crops": 0}, "max_crops is 0"),
        ({"crop_size": 380}, "multiple of patch_size"),
        ({"patch_size": 0}, "multiple of patch_size"),
        ({"margins": (14, 13)}, "leave a window"),
        ({"margins": (-1, 2)}, "not be negative"),
        ({"pooling": (0, 2)}, "pooling"),
    ],
)
def test_refuses_contradicting_sizes(geometry, message):
    with pytest.raises(InputError, match=message):
        Geometry(**geometry)


def test_index_maps_are_shared_and_cannot_be_written_to():
    maps = index_maps((1, 2), Geometry())
    assert index_maps((1, 2), Geometry()) is maps
    with pytest.raises(ValueError, match="read-only"):
        maps.token_pooling[0] = 0
