"""Composed pages as documents: every kind is whole, names what it shows, and belongs to one split."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np
import pytest

from model.data.dice import Dice
from model.data.icon_names import known_concept
from model.data.page_composer import Composer
from model.data.page_html import KINDS, compose_page
from tests.model.data.drawn_pages import page_assets

VOID = {"input", "hr", "meta", "br", "img", "rect", "circle", "path", "polyline"}
EVERY = [kind for places in KINDS.values() for kinds in places.values() for kind in kinds]


class Checked(HTMLParser):
    """Collects what must fit together in a document."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.named_by: set[str] = set()
        self.concepts: set[str] = set()
        self.intents: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag not in VOID:
            self.open.append(tag)
        self.ids += [said["id"]] if "id" in said else []
        self.named_by |= {said[name] for name in ("for", "aria-labelledby") if name in said}
        self.concepts |= {said["data-concept"]} if "data-concept" in said else set()
        self.intents += [said["data-intent"]] if "data-intent" in said else []

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


@pytest.mark.parametrize(
    "kind", EVERY, ids=lambda kind: f"{kind.__module__.rsplit('_', 1)[1]}-{kind.__name__}"
)
def test_every_kind_is_a_whole_document(kind) -> None:
    for seed in range(6):
        width, height = ((360, 640), (900, 620), (280, 240))[seed % 3]
        read = Checked(kind(Composer(Dice(np.random.default_rng(seed)), page_assets(), width, height)))
        assert not read.open
        assert len(set(read.ids)) == len(read.ids)
        assert read.named_by <= set(read.ids)
        assert all(known_concept(concept) for concept in read.concepts)
        assert all(intent.strip() for intent in read.intents)


def test_splits_share_no_kind() -> None:
    train, held_out = (
        {kind for kinds in KINDS[split].values() for kind in kinds} for split in ("train", "eval")
    )
    assert train
    assert held_out
    assert not train & held_out


def test_an_equal_seed_gives_an_equal_page() -> None:
    def page(seed: int) -> str:
        return compose_page(Dice(np.random.default_rng(seed)), page_assets(), 800, 600)

    assert page(1) == page(1) != page(2)
