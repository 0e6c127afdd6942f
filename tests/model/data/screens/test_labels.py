"""Labels, and the words they are composed of."""

from __future__ import annotations

import re

import numpy as np

from model.data.random_blocks import RandomBlocks
from model.data.screens import labels
from model.data.screens.labels import LabelWriter, word_list
from tests.model.data.drawn_icons import WORDS


def test_splits_share_no_word(tmp_path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("\n".join(f"word{'abcdefghij'[i // 10]}{'abcdefghij'[i % 10]}" for i in range(100)))
    train, held_out = word_list("train", path), word_list("eval", path)
    assert (len(train), len(held_out)) == (80, 20)
    assert not set(train) & set(held_out)


def writer(seed: int = 0) -> LabelWriter:
    return LabelWriter(RandomBlocks(np.random.default_rng(seed)), WORDS)


def test_lists_hold_each_label_once_and_common_ones_first() -> None:
    assert labels.ACTIONS[:3] == ("Save", "Cancel", "OK")
    assert len(labels.MONTHS) == 12
    assert len(labels.DAYS) == 7
    for found in (labels.ACTIONS, labels.NAVIGATION, labels.FIELDS, labels.OPTIONS, labels.HEADINGS):
        assert all(label == label.strip() and "  " not in label for label in found)
    assert all(" ".join(label.split()) for label in labels.MENU_ENTRIES)


def test_common_labels_are_written_most_often_and_three_in_ten_are_composed() -> None:
    written = [writer(seed).label("action").casefold() for seed in range(1500)]
    known = {label.casefold() for label in labels.ACTIONS}
    assert 0.2 < np.mean([label not in known for label in written]) < 0.4
    assert written.count("save") > 3 * written.count("apply coupon")


def test_a_label_is_seldom_written_twice_on_one_image() -> None:
    repeated = 0
    for seed in range(20):
        one = writer(seed)
        written = [one.label("navigation").casefold() for _ in range(20)]
        repeated += len(written) - len(set(written))
    assert repeated < 20


def test_values_are_of_many_kinds() -> None:
    values = [writer(seed).value() for seed in range(400)]
    patterns = (r"\w+ \w+", r"\S+\.\w+", r"[\d,]+", r"[$€£][\d,]+\.\d\d", r"\d+:\d\d", r"\d+%", r"\S+@\S+")
    for pattern in patterns:
        assert any(re.fullmatch(pattern, value) for value in values), pattern


def test_phrases_have_their_length_and_similar_words_their_beginning() -> None:
    one = writer()
    assert {len(one.phrase(2, 4).split()) for _ in range(60)} == {2, 3, 4}
    assert one.word_like("Balander").startswith("Ba")
    assert one.word_like("Xylophone") is None
