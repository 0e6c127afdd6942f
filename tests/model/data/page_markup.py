"""Reads composed pages, and checks that they are whole documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser

import numpy as np

from model.data.assets.names import known_concept
from model.data.random_blocks import RandomBlocks
from model.data.web.composer import Composer
from tests.model.data.drawn_pages import page_assets

SIZES = ((360, 640), (900, 620), (280, 240))


def composer(seed: int = 0, width: int = 900, height: int = 620) -> Composer:
    """What parts of a page share, with every icon as a square."""
    return Composer(RandomBlocks(np.random.default_rng(seed)), page_assets(), width, height)


def check_kind(kind: Callable[[Composer], str]) -> None:
    """A kind of page is whole, its labels belong to controls that exist, its icons have names."""
    for seed in range(6):
        check(kind(composer(seed, *SIZES[seed % 3])))


def check_part(part: Callable[[Composer], str]) -> None:
    """A part of a page is whole in the looks of several pages."""
    for seed in range(12):
        check(part(composer(seed)))


def check(html: str) -> Checked:
    """What was read of a whole piece of HTML."""
    read = Checked(html)
    assert not read.open
    assert len(set(read.ids)) == len(read.ids)
    assert read.named_by <= set(read.ids)
    assert all(known_concept(concept) for concept in read.concepts)
    assert all(intent.strip() for intent in read.intents)
    return read


VOID = {"input", "hr", "meta", "br", "img", "rect", "circle", "path", "polyline"}


class Checked(HTMLParser):
    """Collects what must fit together in a document."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.named_by: set[str] = set()
        self.concepts: set[str] = set()
        self.tags: Counter[str] = Counter()
        self.roles: Counter[str] = Counter()
        self.intents: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in VOID:
            self.open.append(tag)
        self.ids += [given["id"]] if "id" in given else []
        self.tags[tag] += 1
        self.roles.update([given["role"]] if "role" in given else [])
        self.named_by |= {given[name] for name in ("for", "aria-labelledby") if name in given}
        self.concepts |= {given["data-concept"]} if "data-concept" in given else set()
        self.intents += [given["data-intent"]] if "data-intent" in given else []

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag
