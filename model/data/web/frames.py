"""What pages of several kinds stand in: windows on a desktop, navigation at the side."""

from __future__ import annotations

from html import escape as safe

from model.data.web.components import content, windows
from model.data.web.components import navigation as nav
from model.data.web.components.content import card, list_row
from model.data.web.components.controls import icon_button, icon_buttons
from model.data.web.composer import Composer


def desktop_window(c: Composer, title: str, inside: str) -> str:
    """A window over the whole screen, or over a part of a desktop."""
    if c.rand.chance() < 0.75 or min(c.width, c.height) < 420:
        return windows.window(c, title, inside, kind="whole")
    width, height = (int(side * c.rand.between(0.72, 0.94)) for side in (c.width, c.height - 48))
    left, top = c.rand.below(c.width - width), c.rand.below(c.height - 48 - height)
    style = (
        f"position:absolute;left:{left}px;top:{top}px;width:"
        f"{width}px;height:{height}px;box-shadow:0 4px 20px #0006"
    )
    return (
        f'<div class="desk" style="background-image:{content.backdrop(c)}">'
        f"{windows.window(c, title, inside, style=style)}{_task_bar(c)}</div>"
    )


def _task_bar(c: Composer) -> str:
    programs = icon_buttons(c, c.concepts(3 + c.rand.below(6)))
    where = c.rand.one_of(("", "justify-content:center"))
    clock = f"<small>{c.rand.below(24)}:{c.rand.below(60):02d}</small>"
    return (
        '<div class="strip" style="position:absolute;left:0;right:0;bottom:0;min-height:40px;'
        f'background:var(--panel);{where}">'
        f"{icon_button(c, 'grid')}{programs}{clock}</div>"
    )


def some_of(c: Composer, concepts: tuple[str, ...], fewest: int) -> list[str]:
    """Some of the concepts in their order, at least `fewest`, as many as the window is wide for."""
    room = max(fewest, c.width // 48)
    count = min(fewest + c.rand.below(len(concepts)), room, len(concepts))
    chosen = set(c.rand.shuffled(concepts)[:count])
    return [concept for concept in concepts if concept in chosen]


def with_side(c: Composer, main: str) -> str:
    """A page with navigation at the side, the bar above it or beside it."""
    user = list_row(c, c.name(), start=content.face(c, "A B")) if c.rand.chance() < 0.3 else ""
    brand = (
        f'<div class="brand row tight" style="padding:var(--pad)">{safe(c.writer.word().capitalize())}</div>'
    )
    side = (
        '<aside class="side col">'
        f"{brand if c.rand.chance() < 0.6 else ''}{user}{nav.side_links(c, 5, 12)}</aside>"
    )
    bar = nav.top_bar(c, 3)
    if c.rand.chance() < 0.5:
        return f'<div class="page">{bar}<div class="body">{side}{main}</div></div>'
    return (
        f'<div class="page"><div class="body">{side}<div '
        f'class="col fill" style="gap:0">{bar}{main}</div></div></div>'
    )


def message_row(c: Composer) -> str:
    """A message in a list: who, what about, when."""
    name = c.name()
    start = '<input type="checkbox">' if c.rand.chance() < 0.5 else content.face(c, name)
    star = icon_button(c, "star", f"star the message of {name}") if c.rand.chance() < 0.3 else ""
    subject = c.writer.phrase(2, 4 if c.width < 600 else 7)
    return list_row(
        c,
        name,
        below=subject,
        start=start + star,
        end=f'<small class="muted">{c.value()}</small>',
        wants=f"read what {name} wrote",
    )


def activity_card(c: Composer) -> str:
    """What some people did, and when."""

    def row() -> str:
        name = c.name()
        return list_row(
            c, name, below=c.sentence(3, 7), start=content.face(c, name), end=f"<small>{c.value()}</small>"
        )

    return card(c, c.times(3, 5, row))


def program_code(c: Composer) -> str:
    """Lines of a program, with a button to copy them."""
    w = c.writer.word
    forms = (
        lambda: f"import {w()}",
        lambda: f"def {w()}({w()}, {w()}):",
        lambda: f"    return {w()} + {c.rand.below(99)}",
        lambda: f"{w()} = {w()}.{w()}()",
        lambda: f"# {w()} {w()}",
        lambda: f"    if {w()} &gt; {c.rand.below(9)}:",
    )
    lines = "\n".join(c.rand.one_of(forms)() for _ in range(3 + c.rand.below(8)))
    copy = icon_button(c, "copy") if c.rand.chance() < 0.5 else ""
    return (
        '<div class="card row stay between start" '
        f'style="background:var(--soft)"><pre>{lines}</pre>{copy}</div>'
    )


def file_name(c: Composer) -> str:
    """Name of a file, or of a folder."""
    ending = c.rand.one_of(("txt", "pdf", "png", "docx", "csv", "py", "zip", "mp3", "odt", "html"))
    return c.writer.word().capitalize() if c.rand.chance() < 0.35 else f"{c.writer.word()}.{ending}"


def file_icon(name: str) -> str:
    """Concept that stands before a file or folder of that name."""
    by_ending = {
        "png": "image",
        "mp3": "music",
        "py": "code",
        "html": "globe",
        "csv": "table",
        "zip": "archive",
    }
    return by_ending.get(name.rsplit(".", 1)[1], "file") if "." in name else "folder"
