"""Ways to other pages and commands, as HTML: tabs, bars, menus, side links.

See `controls` for what all parts share.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape as safe

from model.data.web.components.controls import button, icon, icon_button, icon_buttons, link, links, search
from model.data.web.composer import Composer


def tabs(c: Composer, labels: Sequence[str] = ()) -> str:
    """Tabs, the first of them or another one open."""
    labels = labels or [c.label("navigation") for _ in range(2 + c.rand.below(4))]
    at, as_link = c.rand.below(len(labels)), c.rand.chance() < 0.5
    tag, more = ("a", ' href="#"') if as_link else ("button", "")
    made = "".join(
        f'<{tag} role="tab" class="{"on" if number == at else ""}"{more}>{label}</{tag}>'
        for number, label in enumerate(labels)
    )
    return f'<div class="tabs" role="tablist">{made}</div>'


def crumbs(c: Composer) -> str:
    """The path to this page."""
    between = c.rand.one_of(("/", "›", "»", "&gt;"))
    made = f" <span class=muted>{between}</span> ".join(link(c) for _ in range(1 + c.rand.below(3)))
    return f'<div class="crumbs small">{made} <span class=muted>{between}</span> {c.label("heading")}</div>'


def pagination(c: Composer) -> str:
    """Links to pages by number."""
    at, count = c.rand.below(4), 3 + c.rand.below(4)
    numbers = "".join(link(c, str(n + 1), "on" if n == at else "") for n in range(count))
    return f'<div class="pages">{link(c, "Previous")}{numbers}{link(c, "Next")}</div>'


def side_links(c: Composer, low: int = 4, high: int = 9) -> str:
    """Links under one another, with icons, headings between, a number or an arrow behind some of them."""
    with_icons, with_heads, at = c.rand.chance() < 0.6, c.rand.chance() < 0.25, c.rand.below(6)
    turn, made = c.rand.one_of(("chevron-right", "chevron-down", "chevron-left")), []
    for number in range(low + c.rand.below(high - low + 1)):
        drawn, key, draw = icon(c, c.concept()) if with_icons else "", c.new_id(), c.rand.chance()
        end = f'<span class="badge">{c.rand.below(90)}</span>' if draw < 0.12 else ""
        end = icon(c, turn) if draw > 0.9 else end
        head = (
            f'<div class="head">{c.label("heading")}</div>' if with_heads and c.rand.chance() < 0.25 else ""
        )
        made.append(
            f'{head}<a href="#" class="{"on" if number == at else ""}" aria-labelledby="{key}">{drawn}'
            f'<span id="{key}" class="fill">{c.label("navigation")}</span>{end}</a>'
        )
    return f'<nav class="nav">{"".join(made)}</nav>'


def top_bar(c: Composer, entries: int = 5) -> str:
    """A bar with a name, links, a search field, icons and a button."""
    drawn = icon(c, c.concept()) if c.rand.chance() < 0.4 else ""
    brand = (
        f'<a class="brand row tight" href="#">{drawn}<span>{safe(c.writer.word().capitalize())}</span></a>'
    )
    small = c.width < 560
    inside = icon_button(c, "menu") if small else links(c, 2, entries)
    if not small and c.rand.chance() < 0.4:
        inside += search(c)
    end = icon_buttons(c, c.concepts(c.rand.below(3 if small else 5)))
    if c.rand.chance() < 0.45:
        end += button(c, kind=c.rand.one_of(("main", "")))
    gap = '<span class="fill"></span>' if c.rand.chance() < 0.8 else ""
    return f'<header class="top">{brand}{inside}{gap}{end}</header>'


def footer(c: Composer) -> str:
    """A footer with links."""
    year = 2015 + c.rand.below(16)
    note = f"<span>© {year} {safe(c.writer.word().capitalize())}</span>"
    return f'<footer class="row between"><div class="row">{links(c, 2, 6)}</div>{note}</footer>'


def menu(c: Composer, low: int = 4, high: int = 8) -> str:
    """An open menu."""
    with_icons = c.rand.chance() < 0.35
    made = []
    for _ in range(low + c.rand.below(high - low + 1)):
        drawn = icon(c, c.concept()) if with_icons else ""
        key = (
            '<span class="muted small fill" style="text-align:right">Ctrl+'
            f"{chr(65 + c.rand.below(26))}</span>"
        )
        name = c.new_id()
        made.append(
            f'<button role="menuitem" aria-labelledby="{name}">'
            f'{drawn}<span id="{name}">{c.label("entry")}</span>'
            f"{key if c.rand.chance() < 0.2 else ''}</button>" + ("<hr>" if c.rand.chance() < 0.12 else "")
        )
    return f'<div class="menu" role="menu">{"".join(made)}</div>'


def menu_bar(c: Composer) -> str:
    """The menus of a window."""
    made = c.times(3, 7, lambda: f'<button role="menuitem">{c.label("menu")}</button>')
    return f'<div class="menubar" role="menubar">{made}</div>'
