"""Random choices from numbers that are drawn in blocks."""

from __future__ import annotations

import numpy as np
import pytest

from model.data.random_blocks import RandomBlocks


def blocks(seed: int = 0) -> RandomBlocks:
    return RandomBlocks(np.random.default_rng(seed))


def test_numbers_are_those_of_the_generator_block_by_block() -> None:
    expected = np.random.default_rng(3).random(1024)
    rand = blocks(3)
    drawn = [rand.chance() for _ in range(1024)]
    assert drawn[:512] == expected[511::-1].tolist()  # a block is used from its end
    assert drawn[512:] == expected[:511:-1].tolist()


def test_whole_numbers_are_uniform_and_below_their_bound() -> None:
    rand = blocks()
    counts = np.bincount([rand.below(5) for _ in range(5000)], minlength=5)
    assert counts.min() > 900
    assert len(counts) == 5
    assert {rand.below(1) for _ in range(20)} == {0}


def test_numbers_between_two_bounds_reach_both_ends() -> None:
    rand = blocks()
    drawn = [rand.between(-2.0, 6.0) for _ in range(2000)]
    assert -2 <= min(drawn) < -1.9
    assert 5.9 < max(drawn) < 6


def test_every_item_is_chosen_and_none_is_lost() -> None:
    rand, items = blocks(), ("a", "b", "c")
    assert {rand.one_of(items) for _ in range(100)} == set(items)
    orders = {tuple(rand.shuffled(items)) for _ in range(200)}
    assert len(orders) == 6
    assert all(sorted(order) == list(items) for order in orders)


def test_no_items_are_an_error() -> None:
    with pytest.raises(IndexError):
        blocks().one_of(())
