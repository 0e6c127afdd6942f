"""The archive of drawings: splits never share a drawing, names are ordinary nouns, damage is told clearly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model.data.scenes.nouns import popularity
from model.data.scenes.sprite_library import (
    UNSEEN_STYLES,
    Drawing,
    held_out,
    load_library,
    make_library,
)
from molmo_act.errors import InputError

STYLES = ("noto", "fluent", "stamps", "twemoji")
DRAWINGS = tuple(
    Drawing(f"noun{number}", None, style, f"noun{number}", 4, 4) for number in range(200) for style in STYLES
)
PIXELS = np.zeros((len(DRAWINGS), 1, 1, 4), np.uint8)
PHOTOS = np.zeros((0, 480, 640, 3), np.uint8)


def test_splits_share_no_drawing_and_training_knows_every_noun() -> None:
    used = {
        split: set(make_library(PIXELS, DRAWINGS, PHOTOS, split=split).usable)
        for split in ("train", "eval", "style")
    }
    assert not used["train"] & used["eval"]
    assert not (used["train"] | used["eval"]) & used["style"]
    assert all(DRAWINGS[i].style in UNSEEN_STYLES for i in used["style"])
    assert {DRAWINGS[i].noun for i in used["train"]} == {d.noun for d in DRAWINGS}
    assert 0.08 < len(used["eval"]) / 600 < 0.18
    assert used["train"] == set(make_library(PIXELS, DRAWINGS, PHOTOS, split="fresh").usable)


def test_held_out_drawings_stay_the_same_when_others_are_added() -> None:
    few = DRAWINGS[:400]
    assert held_out(few) == {i for i in held_out(DRAWINGS) if i < 400}


def test_an_only_drawing_is_never_held_out() -> None:
    lonely = tuple(Drawing(f"thing{i}", None, "noto", f"thing{i}", 4, 4) for i in range(300))
    assert held_out(lonely) == frozenset()


def test_unknown_split_and_missing_archive_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected one of train, fresh, eval, style"):
        make_library(PIXELS, DRAWINGS, PHOTOS, split="test")
    with pytest.raises(InputError, match=r"python -m model\.data\.assets\.download"):
        load_library(folder=tmp_path)


def test_everyday_nouns_are_drawn_far_more_often() -> None:
    library = make_library(PIXELS, (*DRAWINGS, Drawing("apple", None, "noto", "apple", 4, 4)), PHOTOS)
    rng = np.random.default_rng(0)
    drawn = [library.draw_noun(rng) for _ in range(4000)]
    assert drawn.count("apple") > 5 * drawn.count("noun7")
    chances = popularity(["apple", "abacus", "dog"])
    assert chances[0] > chances[2] > chances[1]
    assert chances.sum() == pytest.approx(1)
