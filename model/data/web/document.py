"""Composes random pages as HTML for the browser to lay out."""

from __future__ import annotations

from collections.abc import Callable

from model.data.random_blocks import RandomBlocks
from model.data.screens.fonts import families
from model.data.web.assets import PageAssets
from model.data.web.composer import Composer
from model.data.web.templates import desktop, documents, mobile, reading, selling, working
from model.data.web.theme import draw_css

Kind = Callable[[Composer], str]

WEB: tuple[Kind, ...] = (
    *(selling.landing, reading.article, selling.shop, selling.product, working.dashboard, working.records),
    *(working.settings, selling.sign_in, working.web_mail, reading.forum, reading.docs, reading.results),
    *(reading.profile, selling.checkout, selling.pricing, working.long_form, working.notice, working.widgets),
)
DESKTOP: tuple[Kind, ...] = (
    *(desktop.files, desktop.mail, documents.write_mail, documents.editor, documents.code_editor),
    *(documents.drawing, documents.spreadsheet, desktop.preferences, desktop.player, desktop.alone),
    *(desktop.assistant, desktop.open_menu),
)
MOBILE: tuple[Kind, ...] = (
    *(mobile.entries, mobile.detail, mobile.settings, mobile.chat, mobile.chats, mobile.player, mobile.home),
    *(mobile.feed, mobile.sign_in, mobile.keypad),
)
KINDS: dict[str, dict[str, tuple[Kind, ...]]] = {
    "train": {"web": WEB, "desktop": DESKTOP, "mobile": MOBILE},
    "eval": {
        "web": (selling.booking, working.board),
        "desktop": (desktop.calculator, desktop.calendar),
        "mobile": (mobile.weather, mobile.bank),
    },
}
"""Split → where it is seen → kinds of pages. The splits share no kind."""

SMALL = 420  # CSS pixels; on windows of less, only what fits there is shown
_FITS_SMALL: dict[str, tuple[Kind, ...]] = {
    "web": (
        *(selling.sign_in, working.settings, working.widgets, working.long_form, selling.landing),
        *(selling.product, working.records),
    ),
    "desktop": (
        desktop.alone,
        desktop.assistant,
        desktop.preferences,
        desktop.player,
        desktop.open_menu,
        desktop.files,
    ),
}


def draw_kind(rand: RandomBlocks, width: int, height: int, split: str = "train") -> Kind:
    """Chooses a kind of page that fits a viewport.

    Args:
        rand: Source of all choices.
        width: CSS pixels.
        height: CSS pixels.
        split: "train" or "eval".

    Returns:
        A function that composes the body of such a page.
    """
    place = _place(rand, width, height)
    kinds = KINDS[split][place]
    if min(width, height) < SMALL and place != "mobile":
        kinds = tuple(kind for kind in kinds if kind in _FITS_SMALL[place]) or kinds
    return rand.one_of(kinds)


def compose_page(
    rand: RandomBlocks, assets: PageAssets, width: int, height: int, split: str = "train"
) -> str:
    """Composes one HTML document for a viewport.

    Args:
        rand: Source of all choices.
        assets: Icons, words and photographs.
        width: CSS pixels.
        height: CSS pixels.
        split: "train" or "eval": whose kinds and fonts it has.

    Returns:
        The document.
    """
    kind = draw_kind(rand, width, height, split)
    body = kind(Composer(rand, assets, width, height))
    css = draw_css(rand, families(split), roomy=min(width, height) >= SMALL)
    scroll = _scrolled(rand, height) if kind in WEB else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><style>{css}</style></head>'
        f"<body{scroll}>{body}</body></html>"
    )


def _place(rand: RandomBlocks, width: int, height: int) -> str:
    """Where an image of these proportions comes from."""
    if height > 1.25 * width and width < 620:
        return "mobile" if rand.chance() < 0.8 else "web"
    return "web" if rand.chance() < 0.6 else "desktop"


def _scrolled(rand: RandomBlocks, height: int) -> str:
    """Now and then a page is looked at further down."""
    return f' onload="scrollTo(0,{rand.below(height)})"' if rand.chance() < 0.3 else ""
