"""Icons as opacity masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model.data.screens.icons import load_icons
from molmo_act.errors import PlatformError
from tests.model.data.drawn_icons import CONCEPTS, drawn_icons


def test_a_mask_is_scaled_once_for_each_size() -> None:
    icons = drawn_icons()
    large, small = (icons.mask("drawn", "trash", size) for size in (72, 24))
    assert (large.size, small.size) == ((72, 72), (24, 24))
    assert small is icons.mask("drawn", "trash", 24)
    whole = np.asarray(large, float)
    assert np.array_equal(whole, icons.masks[CONCEPTS.index("trash")])
    assert np.abs(whole.reshape(24, 3, 24, 3).mean(axis=(1, 3)) - np.asarray(small)).max() <= 1


def test_the_archive_is_read_by_split(tmp_path: Path) -> None:
    archive = tmp_path / "icons.npz"
    np.savez_compressed(
        archive,
        split=np.array(["train", "eval", "train"]),
        style=np.array(["a-regular", "b-regular", "a-filled"]),
        concept=np.array(["trash", "trash", "home"]),
        mask=np.arange(3, dtype=np.uint8)[:, None, None] * np.ones((3, 4, 4), np.uint8),
    )
    train, held_out = load_icons("train", archive), load_icons("eval", archive)
    assert train.styles == ("a-filled", "a-regular")
    assert held_out.styles == ("b-regular",)
    assert train.masks[train.rows["a-filled"]["home"]].max() == 2
    assert held_out.masks[held_out.rows["b-regular"]["trash"]].max() == 1


def test_a_missing_archive_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match=r"python -m model\.data\.assets\.icons"):
        load_icons("train", tmp_path / "none.npz")
