"""What all parts of a page share."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from model.data.random_blocks import RandomBlocks
from model.data.web.assets import PageAssets
from model.data.web.composer import Composer
from tests.model.data.page_markup import composer


def test_labels_are_ready_for_html() -> None:
    c = composer()
    c.writer.label = lambda purpose: "Save & <quit>"  # type: ignore[method-assign]
    c.writer.value = lambda: '"5 > 4"'  # type: ignore[method-assign]
    assert c.label("action") == "Save &amp; &lt;quit&gt;"
    assert c.value() == "&quot;5 &gt; 4&quot;"


def test_ids_are_never_given_twice() -> None:
    c = composer()
    assert [c.new_id() for _ in range(3)] == ["e1", "e2", "e3"]


def test_only_named_concepts_that_can_be_drawn_are_chosen() -> None:
    made = PageAssets(
        {"s": {"trash": "<svg/>", "no-such-concept": "<svg/>"}}, ("word",), np.zeros((0, 1, 1, 3))
    )
    c = Composer(RandomBlocks(np.random.default_rng(0)), made, 900, 600)
    assert c.concepts(5) == ["trash"]
    assert c.svg("trash") == "<svg/>"
    assert c.svg("home") == ""
    assert c.photo().startswith(("linear-gradient", "radial-gradient"))  # there are no photographs


def test_photographs_are_embedded() -> None:
    found = composer().photo()
    head, data = found.removesuffix(")").split(",")
    assert head == "url(data:image/jpeg;base64"
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))), int)
    assert np.abs(pixels - 90).max() <= 3  # the grey of the test's photographs


def test_parts_are_repeated_more_often_on_larger_screens() -> None:
    def counts(width: int, height: int) -> set[int]:
        return {len(composer(seed, width, height).filling(2, 4, lambda: "x")) for seed in range(40)}

    assert counts(640, 480) == counts(1280, 800) == {2, 3, 4}
    assert min(counts(2560, 1600)) >= 8
    assert max(counts(7680, 4320)) <= 16  # no more than four times as many
    assert {len(composer(seed).times(0, 2, lambda: "x")) for seed in range(40)} == {0, 1, 2}


def test_sentences_have_their_length_and_a_full_stop() -> None:
    for seed in range(20):
        sentence = composer(seed).sentence(3, 5)
        assert 3 <= len(sentence.split()) <= 5
        assert sentence[0].isupper()
        assert sentence.endswith(".")
