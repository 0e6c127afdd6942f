"""Packing: sequences that are full, hold what fits, and lose nobody."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from model.data.encoding.packing import Packer, Room, best_subset
from molmo_act.errors import InputError

ROOM = Room(tokens=512, crops=12, buffer=8, crop_weight=10)  # grains of one token: the knapsack is exact


def value(chosen, sizes, room) -> float:
    return sum(sizes[i][0] + room.crop_weight * sizes[i][1] for i in chosen)


def best_by_trying_all(sizes, room) -> float:
    rest = range(1, len(sizes))
    subsets = itertools.chain.from_iterable(itertools.combinations(rest, n) for n in range(len(sizes)))
    fitting = [
        (0, *subset)
        for subset in subsets
        if sum(sizes[i][0] for i in (0, *subset)) <= room.tokens
        and sum(sizes[i][1] for i in (0, *subset)) <= room.crops
    ]
    return max(value(subset, sizes, room) for subset in fitting)


@pytest.mark.parametrize("seed", range(8))
def test_the_best_subset_is_that_of_trying_all(seed):
    rng = np.random.default_rng(seed)
    sizes = [(int(t), int(c)) for t, c in zip(rng.integers(20, 300, 9), rng.integers(1, 6, 9), strict=True)]
    chosen = best_subset(sizes, ROOM)
    assert value(chosen, sizes, ROOM) == best_by_trying_all(sizes, ROOM)


def test_rounding_never_overfills_a_long_sequence():
    room = Room(tokens=16_000, crops=100, buffer=32)
    rng = np.random.default_rng(0)
    for _ in range(20):
        sizes = [(int(t), 1) for t in rng.integers(1, 4000, 32)]
        assert sum(sizes[i][0] for i in best_subset(sizes, room)) <= room.tokens
    assert best_subset([(16_000, 1), (1, 1)], room) == [0]  # 517 grains of 31 tokens, in a room of 516


def test_every_example_comes_out_once_and_none_waits_for_long():
    rng = np.random.default_rng(1)
    packer: Packer[int] = Packer(ROOM)
    sizes = [(int(rng.integers(10, 400)), int(rng.integers(1, 8))) for _ in range(300)]
    out: list[list[int]] = []
    for number, size in enumerate(sizes):
        packed = packer.add(number, *size)
        out += [packed] if packed else []
    while packed := packer.take():
        out.append(packed)
    assert sorted(itertools.chain.from_iterable(out)) == list(range(300))
    for packed in out:
        assert sum(sizes[i][0] for i in packed) <= ROOM.tokens
        assert sum(sizes[i][1] for i in packed) <= ROOM.crops
        assert max(packed) - min(packed) < 4 * ROOM.buffer


def test_what_fits_nowhere_is_refused():
    with pytest.raises(InputError, match="513 tokens and 1 crops does not fit"):
        Packer(ROOM).add("long", 513, 1)
