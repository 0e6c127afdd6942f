"""Composed pages as documents: every kind is whole, names what it shows, and belongs to one split."""

from __future__ import annotations

import numpy as np

from model.data.random_blocks import RandomBlocks
from model.data.web.document import KINDS, compose_page
from tests.model.data.drawn_pages import page_assets


def test_splits_share_no_kind() -> None:
    train, held_out = (
        {kind for kinds in KINDS[split].values() for kind in kinds} for split in ("train", "eval")
    )
    assert train
    assert held_out
    assert not train & held_out


def test_an_equal_seed_gives_an_equal_page() -> None:
    def page(seed: int) -> str:
        return compose_page(RandomBlocks(np.random.default_rng(seed)), page_assets(), 800, 600)

    assert page(1) == page(1) != page(2)
