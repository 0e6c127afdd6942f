"""Buffers of the cache: which rows are free, and what growing keeps."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act.embedded.device_cache import BLOCK, SPARE, empty_cache, grown_cache

CPU = ("cpu", 0)


@pytest.mark.parametrize(
    ("rows", "capacity"), [(1, 64), (BLOCK - SPARE, 64), (BLOCK - SPARE + 1, 128), (100, 192)]
)
def test_there_is_room_for_more_than_is_needed(rows, capacity):
    cache = empty_cache(2, 3, 4, rows, np.float32, CPU)
    assert cache.capacity == capacity
    assert len(cache.values) == 4
    assert cache.values[0].shape() == [3, capacity, 4]
    kept, free = cache.place(np.empty(0, np.int64), rows)
    assert not len(kept)
    assert free.tolist() == [*range(rows)]


def test_rows_that_are_not_kept_are_free_again():
    cache = empty_cache(1, 1, 2, 8, np.float32, CPU)
    cache = type(cache)(cache.values, np.array([0, 3, 1, 5]), cache.memory)
    kept, free = cache.place(np.array([0, 3]), 4)
    assert kept.tolist() == [0, 5]
    assert free.tolist() == [1, 2, 3, 4]
    assert len(cache.place(np.array([0, 3]), 99)[1]) == BLOCK - 2


def test_growing_keeps_rows_in_order_and_leaves_the_old_buffers_alone():
    cache = empty_cache(1, 2, 3, 8, np.float16, CPU)
    for number, memory in enumerate(cache.memory):
        memory[:] = np.arange(BLOCK)[:, None] + 100 * number
    grown = grown_cache(cache, np.array([7, 2]), BLOCK, CPU)
    assert grown.capacity == 2 * BLOCK
    assert grown.rows.tolist() == [0, 1]
    for number, value in enumerate(grown.values):
        assert value.numpy().dtype == np.float16
        assert value.numpy()[1, :3, 0].tolist() == [7 + 100 * number, 2 + 100 * number, 0]
    assert cache.values[0].numpy()[0, 5, 0] == 5
