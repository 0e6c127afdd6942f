"""Desktop programs around files and settings, one function for each kind.

The docstring of a kind is what a language model is asked to show instead, see `model.data.web.render`.
"""

from __future__ import annotations

from model.data.web.components import content, controls, windows
from model.data.web.components import navigation as nav
from model.data.web.components.content import list_row
from model.data.web.components.controls import button, icon, icon_button, icon_buttons
from model.data.web.composer import Composer
from model.data.web.frames import (
    desktop_window,
    file_icon,
    file_name,
    message_row,
    some_of,
)
from model.data.web.templates.documents import drawing, editor, spreadsheet

_FILE_ACTS = (
    "arrow-left",
    "arrow-right",
    "arrow-up",
    "refresh",
    "home",
    "copy",
    "cut",
    "clipboard",
    "trash",
    "search",
)

_PLAY_ACTS = ("shuffle", "next-track", "repeat", "volume", "heart", "fullscreen", "bullet-list", "settings")


def files(c: Composer) -> str:
    """A file manager: places, path, files as rows or tiles."""
    bar = f'<div class="strip">{icon_buttons(c, some_of(c, _FILE_ACTS, 3))}{controls.search(c)}</div>'
    path = f'<div class="strip">{nav.crumbs(c)}</div>' if c.rand.chance() < 0.6 else ""
    places = ("Home", "Desktop", "Documents", "Downloads", "Music", "Pictures", "Videos", "Trash", "Network")
    drawn = {
        "Home": "home",
        "Desktop": "monitor",
        "Documents": "file",
        "Downloads": "download",
        "Music": "music",
        "Pictures": "image",
        "Videos": "video",
        "Trash": "trash",
        "Network": "globe",
    }
    rows = "".join(list_row(c, name, start=icon(c, drawn[name])) for name in places[: 4 + c.rand.below(6)])
    shown = c.rand.one_of((_file_rows, _file_rows, _file_tiles))(c)
    body = f'<div class="body"><aside class="side">{rows}</aside><div class="fill">{shown}</div></div>'
    note = f'<div class="strip small">{2 + c.rand.below(90)} items</div>'
    menus = nav.menu_bar(c) if c.rand.chance() < 0.5 else ""
    return desktop_window(c, c.rand.one_of(places), f"{menus}{bar}{path}{body}{note}")


def _file_rows(c: Composer) -> str:
    at, columns = c.rand.below(8), c.width > 620

    def row(number: int) -> str:
        name = file_name(c)
        end = (
            f'<small class="muted">{c.rand.below(900)} KB</small><small class="muted">{c.value()}</small>'
            if columns
            else ""
        )
        return list_row(
            c,
            name,
            start=icon(c, file_icon(name)),
            end=end,
            on=number == at,
            wants=f"open the {name.split('.')[0]} file",
        )

    return "".join(row(number) for number in range(4 + c.rand.below(14)))


def _file_tiles(c: Composer) -> str:
    def tile() -> str:
        name, key = file_name(c), c.new_id()
        drawn = f'<span style="font-size:2em">{icon(c, file_icon(name))}</span>'
        return (
            f'<div class="col tight centre" role="option" aria-labelledby="{key}">{drawn}<span '
            f'class="small" id="{key}">{name}</span></div>'
        )

    return f'<div class="grid" style="--cell:7em;padding:var(--gap)">{c.filling(4, 16, tile)}</div>'


def mail(c: Composer) -> str:
    """A mail program: folders, messages, the one that is open."""
    bar = "".join(
        button(c, name, drawing=drawn)
        for name, drawn in c.rand.shuffled(
            (
                ("New", "edit"),
                ("Reply", "undo"),
                ("Forward", "send"),
                ("Delete", "trash"),
                ("Archive", "archive"),
                ("Get mail", "download"),
            )
        )[: 2 + c.rand.below(min(5, c.width // 130))]
    )
    folders = "".join(
        list_row(c, name, start=icon(c, drawn))
        for name, drawn in (
            ("Inbox", "inbox"),
            ("Sent", "send"),
            ("Drafts", "file"),
            ("Archive", "archive"),
            ("Trash", "trash"),
        )
    )
    messages = c.filling(4, 9, lambda: message_row(c))
    name = c.name()
    read = (
        f'<div class="card col fill"><h2>{c.writer.phrase(2, 5)}</h2><div class="row">'
        f"{content.face(c, name)}<span>{name}</span><span class=fill></span>"
        f"{icon_buttons(c, ['star', 'print', 'ellipsis'])}</div><p>{c.sentence()} "
        f"{c.sentence()}</p><p>{c.sentence()}</p></div>"
    )
    wide = c.width > 800
    lists = (
        f'<div style="width:{"22em" if wide else "100%"};border-right:1px solid var(--line)">{messages}</div>'
    )
    body = f'<div class="body"><aside class="side">{folders}</aside>{lists}{read if wide else ""}</div>'
    return desktop_window(
        c,
        f"Inbox - {c.name()}",
        f'{nav.menu_bar(c) if c.rand.chance() < 0.5 else ""}<div class="strip">{bar}</div>{body}',
    )


def preferences(c: Composer) -> str:
    """The settings of a system or program: subjects on the left, switches on the right."""
    names = (
        "General",
        "Network",
        "Bluetooth",
        "Display",
        "Sound",
        "Keyboard",
        "Mouse",
        "Printers",
        "Privacy",
        "Users",
        "Updates",
        "Battery",
    )
    drawn = dict(
        zip(
            names,
            (
                "settings",
                "wifi",
                "bluetooth",
                "monitor",
                "volume",
                "keyboard",
                "mouse",
                "print",
                "lock",
                "users",
                "refresh",
                "battery",
            ),
            strict=True,
        )
    )
    start, count = c.rand.below(4), 4 + c.rand.below(8)
    chosen = names[start : start + count]
    at = c.rand.below(len(chosen))
    rows = "".join(list_row(c, name, start=icon(c, drawn[name]), on=n == at) for n, name in enumerate(chosen))
    kind = "toggle" if c.switches else c.rand.one_of(("toggle", "checkbox"))

    def group() -> str:
        inside = c.times(
            1, 4, lambda: f'<div class="li">{controls.tick(c, kind, across=kind == "toggle")}</div>'
        )
        return f'<h3>{c.label("heading")}</h3><div class="card bare">{inside}</div>'

    more = c.rand.one_of((controls.dropdown(c), controls.slider(c), button(c, "Advanced")))
    close = (
        f'<div class="row">{button(c, "OK", "main")}{button(c, "Cancel")}{button(c, "Apply")}</div>'
        if c.rand.chance() < 0.5
        else ""
    )
    seek = controls.search(c) if c.rand.chance() < 0.5 else ""
    body = (
        f'<div class="body"><aside class="side">{seek}{rows}</aside><main><h1>{chosen[at]}'
        f"</h1>{c.times(1, 3, group)}{more}{close}</main></div>"
    )
    return desktop_window(c, c.rand.one_of(("Settings", "Preferences", "Options", "System")), body)


def player(c: Composer) -> str:
    """Music or film: what plays, what comes next, the buttons."""
    rows = "".join(
        list_row(
            c,
            c.writer.phrase(1, 3),
            below=c.name(),
            start=icon(c, "music"),
            end=(f"<small>{1 + c.rand.below(6)}:{c.rand.below(60):02d}</small>"),
        )
        for _ in range(2 + c.rand.below(7))
    )
    acts = icon_buttons(c, some_of(c, _PLAY_ACTS, 2))
    main = (
        '<div class="row between" style="padding:var(--gap)">'
        f"{icon_button(c, c.rand.one_of(('play', 'pause')))}{acts}{controls.slider(c, 'Volume')}</div>"
    )
    shown = (
        '<div class="fill col" style="padding:var(--gap)">'
        f"{content.image(c, 6 + c.rand.below(10))}<h2>{c.writer.phrase(1, 3)}</h2></div>"
    )
    place = (
        '<div style="padding:0 var(--gap)"><input type="range" style="width:100%" '
        f'aria-label="Position" value="{c.rand.below(100)}"></div>'
    )
    return desktop_window(
        c,
        c.writer.word().capitalize(),
        (
            f'<div class="body">{shown}<div style="width:{"18em" if c.width > 640 else "50%"}">'
            f"{rows}</div></div>{place}{main}"
        ),
    )


def alone(c: Composer) -> str:
    """A dialog over a desktop."""
    return (
        f'<div class="desk row centre" style="background-image:{content.backdrop(c)};'
        f'padding:12px">{windows.dialog(c)}</div>'
    )


def assistant(c: Composer) -> str:
    """One step of several, as installers show them."""
    steps = "".join(
        list_row(c, c.label("heading"), start=f'<span class="badge{" on" if n == 0 else ""}">{n + 1}</span>')
        for n in range(2 + c.rand.below(4))
    )
    inside = c.rand.one_of(
        (
            controls.options,
            lambda c: controls.form(c, 1, 3),
            lambda c: controls.field(c, "Location") + controls.options(c),
        )
    )(c)
    at = c.rand.below(100)
    done = (
        f'<div class="meter"><i style="width:{at}%"></i></div><small>{at}%</small>'
        if c.rand.chance() < 0.4
        else ""
    )
    end = (
        f'<div class="row" style="justify-content:flex-end">{button(c, "Back")}'
        f"{button(c, c.rand.one_of(('Next', 'Install', 'Finish')), 'main')}{button(c, 'Cancel')}</div>"
    )
    body = (
        f'<div class="body"><aside class="side">{steps}</aside><main><h2>{c.label("heading")}'
        f'</h2><p>{c.sentence()}</p>{inside}{done}<span class="fill"></span>{end}</main></div>'
    )
    return desktop_window(c, f"{c.writer.word().capitalize()} Setup", body)


def open_menu(c: Composer) -> str:
    """A window with one of its menus open, or a menu where somebody clicked."""
    under = c.rand.one_of((files, editor, drawing, spreadsheet))(c)
    left, top = (
        c.rand.below(max(1, c.width - 220)),
        52 if c.rand.chance() < 0.6 else c.rand.below(max(1, c.height - 280)),
    )
    return (
        f'<div style="height:100vh;overflow:hidden">{under}</div><div class="over" '
        f'style="left:{left}px;top:{top}px">{nav.menu(c)}</div>'
    )


def calculator(c: Composer) -> str:
    """Keys in a grid."""
    keys = (
        "MC",
        "MR",
        "M+",
        "C",
        "7",
        "8",
        "9",
        "/",
        "4",
        "5",
        "6",
        "x",
        "1",
        "2",
        "3",
        "-",
        "0",
        ".",
        "=",
        "+",
    )
    made = "".join(f'<button class="b">{key}</button>' for key in keys)
    shown = f'<div class="big" style="text-align:right;padding:var(--gap)">{c.rand.below(10**6)}</div>'
    return windows.window(
        c,
        "Calculator",
        (
            f'{nav.menu_bar(c)}{shown}<div class="cells fill" '
            f'style="grid-template-columns:repeat(4,1fr);gap:4px;padding:6px">{made}</div>'
        ),
        kind="whole",
    )


def calendar(c: Composer) -> str:
    """A calendar with what is on."""
    events = "".join(
        list_row(
            c,
            c.writer.phrase(1, 4),
            below=f"{c.rand.below(24)}:00 · {content.place(c)}",
            start=icon(c, "clock"),
        )
        for _ in range(2 + c.rand.below(6))
    )
    bar = (
        f'<div class="strip">{button(c, "Today")}'
        f"{icon_buttons(c, ['chevron-left', 'chevron-right'])}"
        f"{nav.tabs(c, ('Day', 'Week', 'Month', 'Year'))}<span class=fill></span>"
        f"{button(c, 'New event', 'main', drawing='plus')}</div>"
    )
    body = f'<div class="body"><main>{content.month(c)}</main><div style="width:45%">{events}</div></div>'
    return desktop_window(c, "Calendar", f"{bar}{body}")
