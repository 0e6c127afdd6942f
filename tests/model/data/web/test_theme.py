"""The look of pages as CSS."""

from __future__ import annotations

import re

import numpy as np

from model.data.random_blocks import RandomBlocks
from model.data.screens.fonts import FontFamily, families
from model.data.web.theme import draw_css


def css(seed: int, *, roomy: bool = True, fonts: tuple[FontFamily, ...] | None = None) -> str:
    return draw_css(RandomBlocks(np.random.default_rng(seed)), fonts or families("train"), roomy=roomy)


def variables(text: str) -> dict[str, str]:
    declared = text[text.index("{") + 1 : text.index("}")]
    return dict(re.findall(r"--([\w-]+):([^;]+)", declared))


def test_every_variable_that_is_used_is_declared() -> None:
    for seed in range(20):
        text = css(seed)
        used = set(re.findall(r"var\(--([\w-]+)\)", text))
        assert used <= set(variables(text)) | {"cell"}  # which single elements set
        assert text.count("{") == text.count("}")


def test_letters_stay_small_where_there_is_little_room() -> None:
    sizes = [int(variables(css(seed, roomy=False))["fs"].removesuffix("px")) for seed in range(60)]
    assert max(sizes) <= 16
    assert max(int(variables(css(seed))["fs"].removesuffix("px")) for seed in range(60)) > 16


def test_links_stand_out_from_the_ground() -> None:
    def light(colour: str) -> float:
        return float(np.dot([int(part) for part in re.findall(r"\d+", colour)], (0.299, 0.587, 0.114)))

    for seed in range(60):
        found = variables(css(seed))
        if found["link"] != found["ink"]:
            assert abs(light(found["link"]) - light(found["panel"])) > 88  # rounded from 90


def test_a_machine_without_fonts_gets_a_generic_one() -> None:
    assert variables(css(0, fonts=(FontFamily("Pillow's own", None, None),)))["font"] == "sans-serif"
    assert variables(css(0, fonts=(FontFamily("Lato", None, None),)))["font"] == "'Lato'"


def test_looks_differ() -> None:
    texts = [css(seed) for seed in range(30)]
    assert len(set(texts)) == 30
    assert {re.search(r"color-scheme:(\w+)", text)[1] for text in texts} == {"light", "dark"}
