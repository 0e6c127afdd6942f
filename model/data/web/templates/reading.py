"""Web pages to read: articles, forums, documentation.

The docstring of a kind is what a language model is asked to show instead, see `model.data.web.render`.
"""

from __future__ import annotations

from model.data.web.components import content, controls
from model.data.web.components import navigation as nav
from model.data.web.components.content import card
from model.data.web.components.controls import button, icon_button, link
from model.data.web.composer import Composer
from model.data.web.frames import (
    activity_card,
    program_code,
)


def article(c: Composer) -> str:
    """A text with headings, links in it, a side column and a form for comments."""
    text = c.times(2, 5, lambda: _paragraph(c))
    tools = controls.icon_buttons(c, ["share", "bookmark", "print", "heart"][: c.rand.below(5)])
    by = f'<p class="small muted">{c.name()} · {c.value()}</p>'
    inside = f"<h1>{c.label('heading')}</h1>{by}{tools}{text}"
    image = content.image(c, 8 + c.rand.below(10)) if c.rand.chance() < 0.6 else ""
    reply = card(c, controls.form(c, 1, 2)) if c.rand.chance() < 0.4 else ""
    side = (
        f'<div class="col" style="width:13em">{card(c, nav.side_links(c, 3, 6))}</div>'
        if c.width > 700
        else ""
    )
    body = f'<article class="fill col">{image}{inside}{reply}</article>{side}'
    return (
        f'<div class="page">{nav.top_bar(c)}<main><div class="row stay start">{body}</div>'
        f"</main>{nav.footer(c)}</div>"
    )


def _paragraph(c: Composer) -> str:
    words = " ".join(c.sentence() for _ in range(2 + c.rand.below(4)))
    inside = f"<p>{words} {link(c) + ' ' + c.sentence() if c.rand.chance() < 0.4 else ''}</p>"
    return (f"<h2>{c.label('heading')}</h2>" if c.rand.chance() < 0.4 else "") + inside


def forum(c: Composer) -> str:
    """Threads with votes, or one thread with answers."""

    def thread() -> str:
        title = c.writer.phrase(2, 6)
        votes = icon_button(c, "arrow-up", f"vote for {title}") + f"<b>{c.rand.below(400)}</b>"
        votes += icon_button(c, "arrow-down", f"vote against {title}")
        post = (
            f'<div class="fill"><h3>{link(c, title)}</h3><p class="small muted">{c.name()} · {c.value()}</p>'
        )
        under = "".join(
            link(c, name, "small") + " " for name in ("Reply", "Share", "Report")[: c.rand.below(4)]
        )
        return (
            '<div class="card row stay start"><div class="col '
            f'tight centre">{votes}</div>{post}{under}</div></div>'
        )

    head = f'<div class="row between"><h1>{c.label("heading")}</h1>{button(c, "New topic", "main")}</div>'
    side = (
        f'<div class="col" style="width:14em">{card(c, nav.side_links(c, 3, 6))}</div>'
        if c.width > 760
        else ""
    )
    main = f'<div class="col fill">{head}{nav.tabs(c)}{c.filling(3, 7, thread)}{nav.pagination(c)}</div>'
    return (
        f'<div class="page">{nav.top_bar(c)}<main><div class="row stay start">{main}{side}</div></main></div>'
    )


def docs(c: Composer) -> str:
    """Documentation: a tree of pages, text with code, the way to the next page."""
    tree = "".join(
        f"<b>{c.label('heading')}</b>{nav.side_links(c, 2, 5)}" for _ in range(1 + c.rand.below(4))
    )
    text = f"<h1>{c.label('heading')}</h1>{_paragraph(c)}{program_code(c)}{_paragraph(c)}"
    table = content.table(c, 3, 2) if c.rand.chance() < 0.4 else ""
    turn = f'<div class="row between">{button(c, "Previous")}{button(c, "Next")}</div>'
    main = f"<main>{nav.crumbs(c)}{text}{table}{turn}</main>"
    return (
        f'<div class="page">{nav.top_bar(c)}<div class="body"><aside class="side col tight">'
        f"{tree}</aside>{main}</div></div>"
    )


def results(c: Composer) -> str:
    """What a search found."""

    def found() -> str:
        path = f'<span class="small muted">{c.writer.word()}.com › {c.writer.word()}</span>'
        return (
            f'<div class="col" style="gap:0">{path}<h3>{link(c, c.writer.phrase(2, 6))}</h3><p>'
            f"{c.sentence(8, 18)}</p></div>"
        )

    bar = (
        f'<header class="top">{controls.search(c)}<span class="fill"></span>'
        f"{controls.icon_buttons(c, ['settings', 'grid'])}</header>"
    )
    names = ("All", "Images", "Videos", "News", "Maps", "Shopping", "Books")[: 3 + c.rand.below(5)]
    inside = f"{nav.tabs(c, names)}{c.filling(3, 8, found)}{nav.pagination(c)}"
    return f'<div class="page">{bar}<main>{inside}</main></div>'


def profile(c: Composer) -> str:
    """A person's page."""
    name = c.name()
    counts = "".join(
        f'<div class="centre"><b>{c.value()}</b><div class="muted small">{c.label("column")}</div></div>'
        for _ in range(3)
    )
    acts = (
        f'<div class="row tight">{button(c, "Follow", "main")}'
        f"{button(c, 'Message')}{icon_button(c, 'ellipsis')}</div>"
    )
    head = (
        f'{content.image(c, 6)}<div class="row"><span style="font-size:2em">'
        f'{content.face(c, name)}</span><div><h1>{name}</h1><p class="muted">{c.sentence(3, 6)}'
        "</p></div></div>"
    )
    about = card(c, f"<p>{c.sentence()}</p>{link(c)}")
    inside = (
        f'{head}<div class="row between">{acts}<div class="row">{counts}</div></div>'
        f"{nav.tabs(c)}{about}{activity_card(c)}"
    )
    return f'<div class="page">{nav.top_bar(c)}<main class="narrow">{inside}</main></div>'
