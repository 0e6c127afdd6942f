"""What composed pages are made of."""

from __future__ import annotations

import numpy as np
import pytest

from model.data.random_blocks import RandomBlocks
from model.data.web import assets
from model.data.web.assets import PageAssets, load_page_assets, svg_icons
from molmo_act.errors import InputError


@pytest.fixture
def two_sets(monkeypatch: pytest.MonkeyPatch):
    """Two sets for training, one of them in two variants, and one for evaluation."""
    bodies = {"one": {"trash": "<a/>", "home": "<b/>"}, "two": {"trash": "<c/>"}, "three": {"lock": "<d/>"}}
    variants = {
        "one": {("regular", "trash"): "<a/>", ("filled", "trash"): "<A/>", ("regular", "home"): "<b/>"},
        "two": {("regular", "star"): "<c/>"},
        "three": {("regular", "lock"): "<d/>"},
    }
    monkeypatch.setattr(
        assets, "ICON_SETS", {"one": ("MIT", "train"), "two": ("MIT", "train"), "three": ("ISC", "eval")}
    )
    monkeypatch.setattr(assets, "fetch_package", lambda package: package)
    monkeypatch.setattr(assets, "read_set", lambda package: (bodies[package], 24, 24))
    monkeypatch.setattr(assets, "choose_drawings", lambda found: next(
        variants[name] for name, each in bodies.items() if each is found))  # fmt: skip
    svg_icons.cache_clear()
    yield
    svg_icons.cache_clear()


def test_a_style_borrows_from_its_set_before_it_borrows_from_others(two_sets) -> None:
    icons = svg_icons("train")
    assert set(icons) == {"one-regular", "one-filled", "two-regular"}
    assert "<A/>" in icons["one-filled"]["trash"]
    assert "<b/>" in icons["one-filled"]["home"]  # of the other variant of its set
    assert "<c/>" in icons["one-filled"]["star"]  # of another set
    assert "<a/>" in icons["one-regular"]["trash"]
    assert 'viewBox="0 0 24 24"' in icons["one-regular"]["trash"]


def test_every_style_can_draw_window_buttons_and_no_icon_of_another_split(two_sets) -> None:
    for drawings in svg_icons("train").values():
        assert {"minimise", "maximise"} <= set(drawings)
        assert "lock" not in drawings
    assert set(svg_icons("eval")) == {"three-regular"}


def test_one_style_is_chosen_for_a_page() -> None:
    made = PageAssets({"b": {"x": "1"}, "a": {"x": "2"}}, (), np.zeros((0, 1, 1, 3), np.uint8))
    styles = {made.style(RandomBlocks(np.random.default_rng(seed)))["x"] for seed in range(20)}
    assert styles == {"1", "2"}


def test_pages_do_without_photographs(two_sets, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(split: str):
        raise InputError("no archive")

    monkeypatch.setattr(assets, "load_library", none)
    monkeypatch.setattr(assets, "word_list", lambda split: ("word",))
    load_page_assets.cache_clear()
    made = load_page_assets("train")
    load_page_assets.cache_clear()
    assert len(made.photos) == 0
    assert made.words == ("word",)
