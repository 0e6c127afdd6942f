"""Drawn screens: what they say about themselves must be true of their pixels."""

from __future__ import annotations

import numpy as np
import pytest

from model.data.schema import ImageSample
from model.data.screens.generate import draw_screen
from model.data.screens.icons import load_icons
from model.data.screens.labels import word_list
from molmo_act.errors import InputError, PlatformError
from tests.model.data.drawn_icons import WORDS, drawn_icons

ICONS = drawn_icons()


def draw(seed: int, width: int = 320, height: int = 320, split: str = "train") -> ImageSample:
    return draw_screen(np.random.default_rng(seed), width, height, split=split, icons=ICONS, words=WORDS)


@pytest.fixture(scope="module")
def images() -> list[ImageSample]:
    return [draw(seed) for seed in range(40)]


def test_equal_seeds_give_equal_images() -> None:
    one, other = draw(7), draw(7)
    assert one.image.tobytes() == other.image.tobytes()
    assert one.caption == other.caption
    assert [(q.text, q.label, q.kind) for q in one.queries] == [
        (q.text, q.label, q.kind) for q in other.queries
    ]
    assert [t.box for q in one.queries for t in q.targets] == [
        t.box for q in other.queries for t in q.targets
    ]
    assert draw(8).image.tobytes() != one.image.tobytes()


@pytest.mark.parametrize(("width", "height"), [(96, 96), (200, 450), (640, 200), (1280, 800)])
def test_a_screen_has_the_size_that_was_asked_for(width: int, height: int) -> None:
    image = draw(3, width, height, split="eval").image
    assert image.shape == (height, width, 3)
    assert image.dtype == np.uint8
    assert image.flags.c_contiguous


def test_targets_lie_in_the_image_with_their_points_in_the_middle(images: list[ImageSample]) -> None:
    for sample in images:
        height, width = sample.image.shape[:2]
        for target in (t for query in sample.queries for t in query.targets):
            x0, y0, x1, y1 = target.box
            assert x0 >= -0.01
            assert y0 >= -0.01
            assert x1 <= width + 0.51
            assert y1 <= height + 0.51
            assert target.point == ((x0 + x1) / 2, (y0 + y1) / 2)
            assert target.contains(*target.point)


def test_something_is_drawn_where_a_target_is(images: list[ImageSample]) -> None:
    for sample in images:
        for target in (t for query in sample.queries for t in query.targets):
            x0, y0, x1, y1 = (round(edge) for edge in target.box)
            seen = sample.image[max(0, y0 - 2) : y1 + 2, max(0, x0 - 2) : x1 + 2].astype(int)
            assert np.ptp(seen, axis=(0, 1)).max() > 12


def test_images_are_dense_and_a_sixth_of_the_queries_is_about_nothing(images: list[ImageSample]) -> None:
    counts = [len(sample.queries) for sample in images]
    assert np.mean(counts) > 9
    assert max(counts) <= 16
    absent = sum(not query.targets for sample in images for query in sample.queries)
    assert 0.1 < absent / sum(counts) < 0.28
    assert all(
        (query.kind == "absent") == (not query.targets) for sample in images for query in sample.queries
    )


def test_what_is_asked_for_as_absent_is_written_nowhere(images: list[ImageSample]) -> None:
    for sample in images:
        written = {text.casefold() for text in sample.caption}
        for query in sample.queries:
            if query.kind == "absent":
                assert query.label.casefold() not in written


def test_a_query_says_its_label(images: list[ImageSample]) -> None:
    for query in (query for sample in images for query in sample.queries):
        assert query.label.removesuffix(" icon").casefold() in query.text.casefold()


@pytest.mark.parametrize(
    ("width", "height", "split", "complaint"),
    [
        (320, 320, "test", "split 'test'"),  # no such split
        (80, 320, "train", "80x320"),  # too narrow for a widget
        (320, 0, "train", "320x0"),  # nothing at all
    ],
)
def test_unusable_requests_are_refused(width: int, height: int, split: str, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        draw(1, width, height, split)


def test_missing_assets_name_the_command_that_makes_them(tmp_path) -> None:
    with pytest.raises(PlatformError, match=r"python -m model\.data\.assets\.icons"):
        load_icons("train", tmp_path / "none.npz")
    with pytest.raises(PlatformError, match=r"python -m model\.data\.assets\.words"):
        word_list("train", tmp_path / "none.txt")
