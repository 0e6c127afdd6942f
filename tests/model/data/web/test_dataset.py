"""Saved pages as a source: whole, and cut to a size; the queries point at what the pixels show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model.data.registry import open_source
from model.data.schema import ImageSample
from model.data.web.dataset import HtmlPages
from molmo_act.errors import InputError
from tests.model.data.drawn_icons import WORDS
from tests.model.data.drawn_pages import grid_label, save_grid


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("data") / "html"
    save_grid(out, "train-windows-0-00000", 320, 240)
    save_grid(out, "train-windows-0-00001", 800, 600)
    save_grid(out, "eval-windows-0-00000", 400, 400)
    return out


def assert_points_are_true(sample: ImageSample) -> None:
    """Every button that is asked for lies where its colour is."""
    single = [query for query in sample.queries if len(query.targets) == 1]
    assert single
    for query in single:
        x, y = query.targets[0].point
        red, column, row = sample.image[int(y), int(x)].tolist()
        assert red == 100
        assert query.label.casefold() == grid_label(column, row).casefold()


def test_whole_pages_are_read_with_new_questions_each_time(folder: Path) -> None:
    pages = HtmlPages(folder, words=WORDS)
    assert pages.blocks == (2,)
    one, other, again = (pages.read(0, np.random.default_rng(seed)) for seed in (1, 2, 1))
    assert one.image.shape == (240, 320, 3)
    assert [q.text for q in one.queries] == [q.text for q in again.queries] != [q.text for q in other.queries]
    assert {"position", "button"} <= {q.kind for q in (*one.queries, *other.queries)}
    assert_points_are_true(one)


@pytest.mark.parametrize(("width", "height"), [(200, 150), (320, 240), (500, 300), (800, 600)])
def test_windows_have_the_size_that_was_asked_for(folder: Path, width: int, height: int) -> None:
    pages = HtmlPages(folder, words=WORDS)
    for seed in range(8):
        sample = pages.window(np.random.default_rng(seed), width, height)
        assert sample is not None
        assert sample.image.shape == (height, width, 3)
        assert_points_are_true(sample)


def test_no_window_is_larger_than_every_page(folder: Path) -> None:
    assert HtmlPages(folder, words=WORDS).window(np.random.default_rng(0), 801, 100) is None


def test_splits_are_told_apart_by_name(folder: Path) -> None:
    assert HtmlPages(folder, "eval", words=WORDS).read(0, np.random.default_rng(0)).image.shape == (
        400,
        400,
        3,
    )


def test_an_empty_folder_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"python -m model\.data\.web\.render --split train"):
        HtmlPages(tmp_path, words=WORDS)


def test_html_is_a_source_by_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.data.web.dataset.word_list", lambda split: WORDS)
    assert_points_are_true(open_source("html", folder.parent).read(1, np.random.default_rng(3)))


def test_a_page_without_its_image_is_named(tmp_path: Path) -> None:
    save_grid(tmp_path, "train-windows-0-00000", 320, 240)
    (tmp_path / "train-windows-0-00000.png").unlink()
    with pytest.raises(InputError, match=r"00000\.json is not a page saved"):
        HtmlPages(tmp_path, words=WORDS).window(np.random.default_rng(0), 100, 100)
