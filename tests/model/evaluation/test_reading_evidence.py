"""What reader and model say about pages is kept between runs."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import molmo_act
from model.data.screens.elements import Element, ScreenContent
from model.data.web.real_pages import save_page
from model.evaluation.reading_evidence import PER_PAGE, gather
from tests.support.written_screen import draw_screen

pytest.importorskip("rapidocr", reason="the extra ocr is not installed")


class Asked:
    """A model that finds nothing, and counts how often it is asked."""

    def __init__(self):
        self.times = 0

    def point(self, image, queries):
        self.times += 1
        height, width = image.shape[:2]
        return [molmo_act.Points(xy=[], score=[], image_size=[(width, height)], query=q) for q in queries]


def test_a_second_run_takes_what_the_first_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("model.data.web.real_pages.word_list", lambda split: ("alpha", "beta", "gamma"))
    labels = {f"Label {n}": (20, 30 * n) for n in range(1, 8)}
    image = tmp_path / "page.png"
    Image.fromarray(draw_screen((320, 260), labels)).save(image)
    elements = tuple(Element("button", text, (x, y, x + 80, y + 20), ()) for text, (x, y) in labels.items())
    save_page(tmp_path / "admin-lte-page", image.read_bytes(), ScreenContent(elements, (), frozenset()))
    image.unlink()
    model = Asked()
    first, again = (list(gather(tmp_path, tmp_path / "kept", model)) for _ in range(2))
    assert model.times == 1
    assert first[0].text == again[0].text
    assert 0 < len(first[0].queries) == len(again[0].points) <= PER_PAGE
    assert {line.text for line in first[0].text} == set(labels)
    assert isinstance(first[0].image, np.ndarray)
    assert first[0].index.find("Label 3")[0].similarity == 1
