"""Mixtures: shares by the square root of sizes, every row once an epoch, and exact resuming."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from model.data.encoding.mixture import Group, Mixture, MixtureState, parse_groups, source_shares
from molmo_act.errors import InputError

GROUPS = (Group(3.0, (("large", 1.0), ("small", 1.0))), Group(1.0, (("other", 1.0),)))
BLOCKS = {"large": (50, 30, 20), "small": (4,), "other": (9,)}


def picks(count: int, **options):
    mixture = Mixture(GROUPS, BLOCKS, seed=1, **options)
    return [mixture.next() for _ in range(count)]


def test_shares_follow_the_square_root_of_the_size():
    sizes = {"large": 100, "small": 4, "other": 9}
    assert source_shares(GROUPS, sizes) == pytest.approx([0.75 * 10 / 12, 0.75 * 2 / 12, 0.25])
    counts = Counter(pick.source for pick in picks(4000))
    assert counts["small"] / 4000 == pytest.approx(0.125, abs=0.02)


def test_every_row_is_seen_once_an_epoch_in_an_order_of_its_own():
    rows = [pick.index for pick in picks(4000) if pick.source == "large"]
    epochs = [rows[start : start + 100] for start in range(0, 500, 100)]
    assert all(sorted(epoch) == list(range(100)) for epoch in epochs)
    assert epochs[0] != epochs[1]


def test_rows_of_a_block_come_together():
    rows = np.array([pick.index for pick in picks(4000) if pick.source == "large"][:100])
    block = np.searchsorted([50, 80], rows, side="right")
    assert (np.diff(block) != 0).sum() == 2


def test_streams_share_an_epoch_among_them():
    seen: list[int] = []
    for stream in range(4):
        rows = [p.index for p in picks(400, stream=stream, streams=4) if p.source == "large"]
        seen += rows[:25]
    assert sorted(seen) == list(range(100))


def test_a_mixture_goes_on_where_it_stopped():
    whole = picks(300)
    first = Mixture(GROUPS, BLOCKS, seed=1)
    for _ in range(137):
        first.next()
    state = MixtureState(first.state.picks, dict(first.state.drawn))
    assert picks(163, state=state) == whole[137:]
    assert picks(300) == whole
    other = Mixture(GROUPS, BLOCKS, seed=2)
    assert [other.next() for _ in range(300)] != whole


def test_mixtures_are_read_from_text():
    assert parse_groups("0.7 a b*0.5; 0.3 c") == (
        Group(0.7, (("a", 1.0), ("b", 0.5))),
        Group(0.3, (("c", 1.0),)),
    )


@pytest.mark.parametrize("text", ["", "a b", "0.5", "-1 a", "0.5 a*x"])
def test_a_mixture_that_cannot_be_read_is_refused(text):
    with pytest.raises(InputError, match="cannot be read"):
        parse_groups(text)


def test_a_source_that_occurs_twice_or_is_too_small_is_refused():
    twice = (*GROUPS, replace(GROUPS[1], rate=2.0))
    with pytest.raises(InputError, match="twice"):
        Mixture(twice, BLOCKS, seed=0)
    with pytest.raises(InputError, match="'small' has 4 examples for 5"):
        Mixture(GROUPS, BLOCKS, seed=0, streams=5)
