"""Drawings and photographs on their way from packages into the archive."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from model.data.assets.names import ObjectName
from model.data.assets.rasterize import RawDrawing, iconify_sources, rasterize, write_photos, write_sprites
from model.data.scenes.sprite_library import (
    SPRITE_SIDE,
    load_library,
)
from molmo_act.errors import InputError

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">{}</svg>'


def _source(body: str, noun: str = "apple", slug: str = "red-apple") -> RawDrawing:
    return RawDrawing(ObjectName(noun), "noto", slug, svg=SVG.format(body))


def test_archive_goes_to_disk_and_back(tmp_path: Path) -> None:
    pytest.importorskip("resvg_py")
    wide = _source('<rect x="5" y="15" width="30" height="15" fill="#ff0000" fill-opacity="0.5"/>')
    again = _source(
        '<rect x="5" y="15" width="30" height="15" fill="#ff0000" fill-opacity="0.5"/>', slug="copy"
    )
    empty = _source("", slug="nothing")
    Image.new("RGB", (300, 100), (10, 20, 30)).save(tmp_path / "ground.png")
    (tmp_path / "broken.jpg").write_bytes(b"not a picture")
    assert write_photos([tmp_path / "ground.png", tmp_path / "broken.jpg"], tmp_path / "archive") == 1
    assert len(write_sprites([wide, again, empty], tmp_path / "archive")) == 1

    library = load_library(folder=tmp_path / "archive")
    sprite = library.sprite(0)
    assert sprite.shape == (64, SPRITE_SIDE, 4)
    assert sprite[32, 64] == pytest.approx([128, 0, 0, 128], abs=2)  # colour premultiplied by alpha
    assert library.photos.shape == (1, 480, 640, 3)
    assert library.photos[0, 0, 0].tolist() == [10, 20, 30]

    records = json.loads((tmp_path / "archive" / "sprites.json").read_text())
    (tmp_path / "archive" / "sprites.json").write_text(json.dumps(records * 2))
    with pytest.raises(InputError, match="--again"):
        load_library(folder=tmp_path / "archive")


def test_unreadable_markup_is_left_out() -> None:
    pytest.importorskip("resvg_py")
    assert rasterize(_source("<rect")) is None


def test_iconify_packages_are_read_with_their_view_boxes(tmp_path: Path) -> None:
    icons = {
        "red-apple": {"body": "<g/>", "width": 20},
        "flag-fr": {"body": "<g/>"},
        "unheard-of": {"body": "<g/>"},
    }
    (tmp_path / "icons.json").write_text(json.dumps({"width": 32, "height": 32, "icons": icons}))
    categories = {"red-apple": "Food & Drink", "flag-fr": "Flags"}
    (source,) = iconify_sources(tmp_path, "noto", categories)
    assert source.name == ObjectName("apple", "red")
    assert source.svg is not None
    assert 'viewBox="0 0 20 32"' in source.svg
