"""Web pages to work with: dashboards, tables, settings, mail.

The docstring of a kind is what a language model is asked to show instead, see `model.data.web.render`.
"""

from __future__ import annotations

from model.data.web.components import content, controls, windows
from model.data.web.components import navigation as nav
from model.data.web.components.content import card
from model.data.web.components.controls import button, icon, icon_button, intent, link
from model.data.web.composer import Composer
from model.data.web.frames import (
    activity_card,
    message_row,
    with_side,
)
from model.data.web.templates.reading import article


def dashboard(c: Composer) -> str:
    """Numbers, charts and tables beside navigation."""
    tiles = f'<div class="grid" style="--cell:11em">{c.times(2, 4, lambda: content.stat(c))}</div>'
    charts = f'<div class="grid" style="--cell:17em">{c.times(1, 3, lambda: card(c, content.chart(c)))}</div>'
    rest = c.rand.one_of((content.table, lambda c: card(c, content.table(c, 4, 3)), _tasks, activity_card))(c)
    head = f'<div class="row between"><h1>{c.label("heading")}</h1>{controls.buttons(c, 2)}</div>'
    blocks = c.rand.shuffled([tiles, charts, rest])
    return with_side(c, f"<main>{head}{''.join(blocks)}</main>")


def _tasks(c: Composer) -> str:
    rows = c.times(
        3, 6, lambda: f'<div class="li">{controls.tick(c, "checkbox", c.writer.phrase(1, 4))}</div>'
    )
    return card(c, rows + f'<div class="row stay">{controls.field(c, "New task")}{button(c, "Add")}</div>')


def records(c: Composer) -> str:
    """A large table with search, buttons above and pages below."""
    above = f'<div class="row">{controls.search(c)}<span class="fill"></span>{controls.buttons(c, 3)}</div>'
    table = f'<div class="card bare">{content.table(c, 5 + c.rand.below(10))}</div>'
    head = f"<h1>{c.label('heading')}</h1>"
    top = nav.tabs(c) if c.rand.chance() < 0.4 else ""
    return with_side(c, f"<main>{head}{top}{above}{table}{nav.pagination(c)}</main>")


def settings(c: Composer) -> str:
    """Options in groups, with buttons to keep them."""
    groups = c.times(2, 4, lambda: card(c, _setting_group(c)))
    keep = f'<div class="row">{button(c, "Save changes", "main")}{button(c, "Cancel")}</div>'
    head = f"<h1>{c.label('heading')}</h1>{nav.tabs(c) if c.rand.chance() < 0.5 else ''}"
    if c.rand.chance() < 0.5:
        return with_side(c, f"<main>{head}{groups}{keep}</main>")
    return f'<div class="page">{nav.top_bar(c)}<main class="narrow">{head}{groups}{keep}</main></div>'


def _setting_group(c: Composer) -> str:
    kind = "toggle" if c.switches else "checkbox"
    across = kind == "toggle" and c.rand.chance() < 0.7
    rows = c.times(1, 4, lambda: controls.tick(c, kind, across=across))
    more = c.rand.one_of(
        ("", "", controls.dropdown(c), controls.field(c), controls.slider(c), controls.options(c))
    )
    return f'<div class="col tight">{rows}{more}</div>'


def web_mail(c: Composer) -> str:
    """Folders, a list of messages, buttons above them."""
    acts = controls.icon_buttons(
        c, ["archive", "trash", "mail", "tag", "refresh", "more-vertical"][: 2 + c.rand.below(5)]
    )
    above = f'<div class="row between">{acts}<span class="small muted">1-{10 + c.rand.below(40)}</span></div>'
    inside = f'<main>{above}<div class="card bare">{c.filling(5, 14, lambda: message_row(c))}</div></main>'
    folders = ("Inbox", "Starred", "Sent", "Drafts", "Spam", "Trash", "Archive", "Important")
    drawn = {
        "Inbox": "inbox",
        "Starred": "star",
        "Sent": "send",
        "Drafts": "file",
        "Trash": "trash",
        "Archive": "archive",
    }
    entries = "".join(
        (
            f'<a href="#" class="{"on" if name == "Inbox" else ""}">'
            f"{icon(c, drawn.get(name, 'folder'))}<span>{name}</span></a>"
        )
        for name in folders[: 4 + c.rand.below(5)]
    )
    write = button(c, c.rand.one_of(("Compose", "New message", "Write")), "main", drawing="edit")
    side = f'<aside class="side col">{write}<nav class="nav">{entries}</nav></aside>'
    return f'<div class="page">{nav.top_bar(c, 2)}<div class="body">{side}{inside}</div></div>'


def long_form(c: Composer) -> str:
    """A form over the whole page, in groups."""
    groups = c.times(1, 3, lambda: card(c, controls.form(c, 2, 6)))
    upload = button(c, "Choose file", drawing="upload") if c.rand.chance() < 0.3 else ""
    inside = f"<h1>{c.label('heading')}</h1><p class=muted>{c.sentence()}</p>{groups}{upload}"
    side = with_side(c, f"<main>{inside}</main>")
    plain = f'<div class="page">{nav.top_bar(c)}<main class="narrow">{inside}</main>{nav.footer(c)}</div>'
    return c.rand.one_of((side, plain))


def notice(c: Composer) -> str:
    """A page with a question or a notice over it."""
    under = c.rand.one_of((dashboard, records, settings, article))(c)
    veil = f'<div class="veil">{windows.dialog(c)}</div>'
    return f'<div style="height:100vh;overflow:hidden">{under}</div>{veil}'


def widgets(c: Composer) -> str:
    """Widgets of all sorts in cards, as on the pages that show what a style has."""
    makers = (
        controls.buttons,
        controls.options,
        controls.form,
        nav.tabs,
        nav.pagination,
        nav.crumbs,
        controls.slider,
        controls.search,
        controls.dropdown,
        content.month,
        _tasks,
        nav.menu,
        _accordion,
        content.alert,
        content.progress,
    )
    made = c.filling(4, 9, lambda: card(c, c.rand.one_of(makers)(c)))
    main = f'<main><h1>{c.label("heading")}</h1><div class="grid" style="--cell:16em">{made}</div></main>'
    return with_side(c, main) if c.rand.chance() < 0.6 else f'<div class="page">{nav.top_bar(c)}{main}</div>'


def _accordion(c: Composer) -> str:
    at = c.rand.below(3)
    rows = []
    for number in range(3):
        title = c.writer.phrase(2, 5)
        turn = icon(c, "chevron-up" if number == at else "chevron-down")
        text = f'<p class="muted">{c.sentence()}</p>' if number == at else ""
        rows.append(
            f'<button class="b wide"{intent(f"what is said about {title.lower()}")}><span '
            f'class="fill">{title}</span>{turn}</button>{text}'
        )
    return f'<div class="col tight">{"".join(rows)}</div>'


def board(c: Composer) -> str:
    """Tasks on cards in columns by how far they are."""

    def task() -> str:
        title = c.writer.phrase(1, 4)
        foot = (
            f'<div class="row between">{content.face(c, c.name())}'
            f"{icon_button(c, 'ellipsis', f'more about {title}')}</div>"
        )
        return (
            f'<div class="card col tight">{link(c, title)}<span '
            f'class="badge on">{c.label("state")}</span>{foot}</div>'
        )

    names = ("To do", "In progress", "Review", "Done")[: 2 + c.rand.below(3)]
    lists = "".join(
        (
            f'<div class="col" style="background:var(--shade);padding:var(--gap)"><h3>{name}</h3>'
            f"{c.times(1, 4, task)}"
            f"{button(c, 'Add card', drawing='plus', wants=f'new card in {name}')}</div>"
        )
        for name in names
    )
    head = (
        f'<div class="row between"><h1>{c.label("heading")}'
        f"</h1>{controls.search(c)}{button(c, 'Invite', 'main')}</div>"
    )
    return (
        f'<div class="page">{nav.top_bar(c)}<main>{head}<div class="grid" '
        f'style="--cell:11em">{lists}</div></main></div>'
    )
