"""The word list for composed labels."""

from __future__ import annotations

from pathlib import Path

from model.data.assets.words import CLASSES, common_words
from tests.model.data.packages import pack


def test_words_are_plain_common_first_and_not_offensive(tmp_path: Path) -> None:
    classes = {f"english-words-{rank}.json": [] for rank in CLASSES}
    classes["english-words-10.json"] = ["house", "don't", "Paris", "ox", "darn", "darns", "café"]
    classes["english-words-40.json"] = ["abacus", "house"]
    words = common_words(
        pack(tmp_path / "words.tgz", classes), pack(tmp_path / "bad.tgz", {"en.json": ["darn"]})
    )
    assert words == ["house", "abacus"]
