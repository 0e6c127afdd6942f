"""Screens of telephones and tablets as HTML bodies, one function for each kind.

The docstring of a kind is what a language model is asked to show instead, see `model.data.web.render`.
"""

from __future__ import annotations

from html import escape as safe

from model.data.web.components import content, controls
from model.data.web.components import navigation as nav
from model.data.web.components.content import list_row
from model.data.web.components.controls import button, icon, icon_button, icon_buttons, intent
from model.data.web.composer import Composer


def _screen(c: Composer, title: str, inside: str, *, back: bool = False) -> str:
    """A status bar, a bar with a title, what it holds, often entries at the bottom."""
    status = (
        (
            '<div class="row between stay small" '
            'style="padding:.2em 1em;background:var(--top);color:var(--top-ink)">'
            f'<b>{c.rand.below(24)}:{c.rand.below(60):02d}</b><span class="row tight stay">'
            f"{icon(c, 'wifi')}{icon(c, 'battery')}</span></div>"
        )
        if c.rand.chance() < 0.6
        else ""
    )
    start = icon_button(c, "arrow-left" if back else c.rand.one_of(("menu", "menu", "user")))
    acts = icon_buttons(c, c.concepts(c.rand.below(3)))
    head = (
        f'<header class="top stay">{start}<b class="fill" style="font-size:1.15em">{title}</b>{acts}</header>'
    )
    foot = _entries(c) if c.rand.chance() < 0.55 else ""
    more = (
        (
            '<button class="icb round" data-concept="plus" '
            f'style="bottom:{5 if foot else 1}em">{c.svg("plus")}</button>'
        )
        if c.rand.chance() < 0.2 and c.svg("plus")
        else ""
    )
    return (
        f'<div class="page" style="height:100vh">{status}{head}<div class="fill" '
        f'style="overflow:hidden">{inside}</div>{foot}{more}</div>'
    )


def _entries(c: Composer) -> str:
    named = c.rand.chance() < 0.75
    usual = (
        ("Home", "home"),
        ("Search", "search"),
        ("Favorites", "heart"),
        ("Messages", "message"),
        ("Profile", "user"),
        ("Cart", "cart"),
        ("Library", "book"),
        ("Settings", "settings"),
    )
    chosen = c.rand.shuffled(usual)[: 3 + c.rand.below(3)]
    if not named:
        return f'<nav class="foot">{"".join(icon_button(c, concept) for _, concept in chosen)}</nav>'
    return (
        '<nav class="foot">'
        f"{''.join(f'<a href=#>{icon(c, concept)}<span>{name}</span></a>' for name, concept in chosen)}"
        "</nav>"
    )


def entries(c: Composer) -> str:
    """A list of things."""

    def row() -> str:
        title = c.writer.phrase(1, 3)
        end = c.rand.one_of(
            (
                "",
                f"<small>{c.value()}</small>",
                icon(c, "chevron-right"),
                icon_button(c, "more-vertical", f"more about {title}"),
            )
        )
        return list_row(
            c,
            title,
            below=c.sentence(2, 5) if c.rand.chance() < 0.6 else "",
            start=icon(c, c.concept()) if c.rand.chance() < 0.7 else "",
            end=end,
        )

    seek = f'<div style="padding:var(--pad)">{controls.search(c)}</div>' if c.rand.chance() < 0.5 else ""
    return _screen(
        c,
        c.label("navigation"),
        f"{seek}{nav.tabs(c) if c.rand.chance() < 0.3 else ''}{c.filling(5, 14, row)}",
    )


def detail(c: Composer) -> str:
    """One thing: picture, text, what can be done with it."""
    acts = (
        f'<div class="row">{button(c, kind="main wide")}'
        f"{icon_button(c, 'heart')}{icon_button(c, 'share')}</div>"
    )
    text = (
        f'<main><h1>{c.writer.phrase(1, 4)}</h1><p class="muted">{c.value()}</p>{acts}<p>'
        f"{c.sentence()} {c.sentence()}</p>{controls.options(c) if c.rand.chance() < 0.3 else ''}</main>"
    )
    return _screen(c, c.label("navigation"), content.image(c, 9 + c.rand.below(8)) + text, back=True)


def settings(c: Composer) -> str:
    """Options, with switches or with what is behind them."""

    def row() -> str:
        if c.rand.chance() < 0.45:
            return f'<div class="li">{controls.tick(c, "toggle", across=True)}</div>'
        return list_row(
            c,
            c.label("navigation"),
            start=icon(c, c.concept()) if c.rand.chance() < 0.6 else "",
            end=icon(c, "chevron-right"),
        )

    def group() -> str:
        return (
            f'<div class="small muted" style="padding:var(--pad)">{c.label("heading")}</div><div '
            f'class="card bare">{c.times(2, 5, row)}</div>'
        )

    return _screen(
        c,
        "Settings",
        f'<div style="padding:var(--pad)">{c.times(2, 4, group)}</div>',
        back=c.rand.chance() < 0.5,
    )


def chat(c: Composer) -> str:
    """Messages between two people and the field for the next one."""
    messages = "".join(
        f'<div class="bubble{" mine" if c.rand.chance() < 0.5 else ""}">{c.writer.phrase(1, 9)}</div>'
        for _ in range(4 + c.rand.below(7))
    )
    write = (
        '<div class="row stay" style="padding:var(--pad)">'
        f"{icon_button(c, c.rand.one_of(('attach', 'camera', 'smile', 'plus')))}<input "
        'class="fill" placeholder="'
        f'{c.rand.one_of(("Message", "Type a message", "Write something"))}">'
        f"{icon_button(c, c.rand.one_of(('send', 'microphone')))}</div>"
    )
    inside = (
        '<div class="col" style="height:100%"><div class="col fill" '
        f'style="padding:var(--gap);overflow:hidden">{messages}</div>{write}</div>'
    )
    name = c.name()
    call = icon_button(c, "phone", f"call {name}") + icon_button(c, "video", f"call {name} with pictures")
    head = (
        f'<header class="top stay">{icon_button(c, "arrow-left")}{content.face(c, name)}<b '
        f'class="fill">{name}</b>{call}</header>'
    )
    return (
        f'<div class="page" style="height:100vh">{head}<div '
        f'class="fill" style="min-height:0">{inside}</div></div>'
    )


def _unread_or_time(c: Composer) -> str:
    if c.rand.chance() < 0.3:
        return f'<span class="badge on">{1 + c.rand.below(9)}</span>'
    return f'<small class="muted">{c.value()}</small>'


def chats(c: Composer) -> str:
    """People one writes with."""

    def row() -> str:
        name = c.name()
        end = _unread_or_time(c)
        return list_row(
            c,
            name,
            below=c.writer.phrase(2, 5),
            start=content.face(c, name),
            end=end,
            wants=f"write to {name}",
        )

    return _screen(c, "Chats", c.filling(5, 10, row))


def player(c: Composer) -> str:
    """What plays, and the buttons for it."""
    steps = "".join(
        icon_button(c, concept)
        for concept in ("shuffle", "arrow-left", c.rand.one_of(("play", "pause")), "next-track", "repeat")
    )
    more = (
        '<div class="row between">'
        f"{icon_buttons(c, ['heart', 'share', 'bullet-list', 'download'][: 1 + c.rand.below(4)])}</div>"
    )
    place = (
        '<input type="range" aria-label="Position" style="width:100%" value="'
        f'{c.rand.below(100)}"><div class="row between small"><span>{c.rand.below(4)}:'
        f"{c.rand.below(60):02d}</span><span>4:{c.rand.below(60):02d}</span></div>"
    )
    inside = (
        '<main class="centre"><div style="width:100%">'
        f"{content.image(c, 10 + c.rand.below(7))}</div><h2>{c.writer.phrase(1, 3)}</h2><p "
        f'class="muted">{c.name()}</p><div style="width:100%">{place}</div><div class="row" '
        f'style="font-size:1.4em">{steps}</div>{more}</main>'
    )
    return _screen(c, "Now playing", inside, back=True)


def home(c: Composer) -> str:
    """A telephone's first screen: programs in a grid."""

    def program() -> str:
        key, drawn = c.new_id(), icon(c, c.concept())
        ground = (
            f"background:hsl({c.rand.below(360)} 55% 40%);color:#fff;border-radius:"
            f"{c.rand.one_of((8, 14, 30))}px;padding:.7em"
        )
        return (
            f'<div class="col tight centre" role="option" aria-labelledby="{key}"><span style="'
            f'{ground}">{drawn}</span><span class="small" id="{key}" style="color:#fff">'
            f"{safe(c.writer.word().capitalize())}</span></div>"
        )

    seek = f'<div class="row">{controls.search(c)}</div>' if c.rand.chance() < 0.5 else ""
    columns = max(3, min(8, c.width // 90))
    count = columns * (2 + c.rand.below(4))
    grid = (
        f'<div class="cells" style="grid-template-columns:repeat({columns},1fr);gap:1em">'
        f"{''.join(program() for _ in range(count))}</div>"
    )
    return (
        '<div class="desk col" style="padding:var(--gap);'
        f'background-image:linear-gradient(#0008,#0008),{content.backdrop(c)}">{seek}{grid}</div>'
    )


def feed(c: Composer) -> str:
    """Posts with pictures."""

    def post() -> str:
        name = c.name()
        head = (
            f'<div class="row stay">{content.face(c, name)}<b class="fill">{name}</b>'
            f"{icon_button(c, 'ellipsis', f'more about the post of {name}')}</div>"
        )
        acts = "".join(
            icon_button(c, concept, wants)
            for concept, wants in (
                ("heart", f"like the post of {name}"),
                ("message", f"answer {name}"),
                ("share", f"pass on the post of {name}"),
                ("bookmark", ""),
            )
        )
        return (
            f'<div class="card col tight">{head}{content.image(c, 6 + c.rand.below(7))}<div '
            f'class="tools">{acts}</div><p>{c.sentence(3, 9)}</p></div>'
        )

    return _screen(c, safe(c.writer.word().capitalize()), f'<div class="col">{c.times(2, 4, post)}</div>')


def sign_in(c: Composer) -> str:
    """Fields and a button below a picture."""
    act = c.rand.one_of(("Sign in", "Log in", "Continue", "Next"))
    fields = controls.field(c, c.rand.one_of(("Email", "Phone number", "Username"))) + controls.field(
        c, "Password", "password"
    )
    other = (
        button(c, c.rand.one_of(("Create account", "Sign up", "Register")), "wide")
        if c.rand.chance() < 0.7
        else ""
    )
    lost = controls.link(c, "Forgot password?") if c.rand.chance() < 0.6 else ""
    top = f'<span style="font-size:3em">{icon(c, c.concept())}</span><h1>{c.label("heading")}</h1>'
    return (
        f'<div class="page"><main style="justify-content:center">{top}{fields}{lost}'
        f"{button(c, act, 'main wide')}{other}</main></div>"
    )


def keypad(c: Composer) -> str:
    """A number to be dialled."""
    keys = "".join(f'<button style="font-size:1.4em">{key}</button>' for key in "123456789*0#")
    shown = f'<div class="big centre">{c.rand.below(10**7)}</div>'
    call = f'<div class="row centre">{icon_button(c, "phone")}{icon_button(c, "close")}</div>'
    return _screen(
        c,
        "Phone",
        (
            f'<main>{shown}<div class="cells" style="grid-template-columns:repeat(3,1fr);'
            f'gap:.6em">{keys}</div>{call}</main>'
        ),
    )


def weather(c: Composer) -> str:
    """The weather of places and days."""

    def day(name: str) -> str:
        return list_row(
            c,
            name,
            start=icon(c, c.rand.one_of(("sun", "cloud", "lightning", "water-drop", "moon"))),
            end=f"<b>{c.rand.below(35)}°</b>",
            wants=f"what will {name} be like",
        )

    names = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    head = (
        f'<div class="centre"><h1>{content.place(c)}</h1><div class="big">{c.rand.below(35)}°'
        f"</div><p>{c.sentence(2, 4)}</p></div>"
    )
    return _screen(
        c,
        "Weather",
        (
            f"<main>{head}{nav.tabs(c, ('Today', 'Week'))}"
            f"{''.join(day(name) for name in names[: 3 + c.rand.below(5)])}</main>"
        ),
    )


def bank(c: Composer) -> str:
    """An account: what is in it, what can be done, what was paid."""
    tiles = "".join(
        (
            '<button class="card col tight centre"'
            f"{intent(wants)}>{icon(c, concept)}<span>{name}</span></button>"
        )
        for name, concept, wants in (
            ("Send", "send", "pay somebody"),
            ("Request", "download", "ask for money"),
            ("Cards", "credit-card", ""),
            ("Exchange", "refresh", "change money"),
        )
    )
    paid = "".join(
        list_row(
            c,
            c.writer.phrase(1, 2),
            below=c.value(),
            start=icon(c, "cart"),
            end=f"<b>-${c.rand.below(300)}.{c.rand.below(100):02d}</b>",
        )
        for _ in range(3 + c.rand.below(5))
    )
    return _screen(
        c,
        "Accounts",
        (
            '<main><div class="card"><div class="muted">Balance</div><div class="big">$'
            f'{c.rand.below(9000)}.00</div></div><div class="grid" style="--cell:6em">{tiles}'
            f"</div><h3>Recent payments</h3>{paid}</main>"
        ),
    )
