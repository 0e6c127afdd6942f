"""nano at toy size, with drawings made on the spot: the whole task without fetched assets."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from model.data.scenes.generate import draw_scene
from model.data.screens.glyph_sheets import GlyphSheetPainter
from model.train.config.nano import NanoRecipe
from tests.model.data.drawn_icons import WORDS, drawn_icons
from tests.model.data.drawn_sprites import flat_library
from tests.model.train.small_run import GEOMETRY, make_tokenizer, tiny_config


def shrink_nano(patch: pytest.MonkeyPatch) -> None:
    """Makes `NanoTask` small, and its pictures such as need nothing fetched."""
    patch.setattr("model.train.tasks.nano.nano_config", tiny_config)
    patch.setattr("model.train.tasks.nano.GEOMETRY", GEOMETRY)
    patch.setattr("model.train.tasks.nano.EVAL_BATCHES", 1)
    patch.setattr("model.train.throughput.SIDE", 64)  # measured in no time, and of no use
    patch.setattr("model.train.data.curriculum.load_library", lambda split: flat_library(split, photos=2))
    patch.setattr("model.train.data.curriculum.load_icons", lambda split: drawn_icons())
    patch.setattr("model.train.data.curriculum.GlyphSheetPainter", partial(GlyphSheetPainter, words=WORDS))
    patch.setattr("model.train.data.curriculum.draw_screen", _shapes_instead)
    patch.setattr("model.train.data.curriculum.draw_form", _shapes_instead)


def _shapes_instead(rng, width, height, *, split):
    return draw_scene(rng, width, height, None)


def small_recipe(**changes: Any) -> NanoRecipe:
    """Sheets, then points, with a sheet in between; twelve steps."""
    settings: dict[str, Any] = {
        "steps": 12,
        "sheets_until": 3,
        "small_until": 10_000,
        "crops_per_batch": 2,
        "sheets_per_batch": 2,
        "warmup": 2,
        "precision": "float32",
        "save_every": 3,
        "eval_every": 5,
    }
    return NanoRecipe(**settings | changes)


def begun(folder: Path) -> Path:
    """A folder of a run that has its tokenizer."""
    make_tokenizer().save_pretrained(folder / "tokenizer")
    return folder
