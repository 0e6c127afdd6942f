"""Desktop programs for documents: text, code, drawings, tables.

The docstring of a kind is what a language model is asked to show instead, see `model.data.web.render`.
"""

from __future__ import annotations

from model.data.web.components import controls
from model.data.web.components import navigation as nav
from model.data.web.components.content import list_row
from model.data.web.components.controls import button, icon, icon_button, icon_buttons
from model.data.web.composer import Composer
from model.data.web.frames import (
    desktop_window,
    file_icon,
    some_of,
)

_TEXT_ACTS = (
    "bold",
    "italic",
    "underline",
    "align-left",
    "align-center",
    "bullet-list",
    "link",
    "image",
    "quote",
    "undo",
    "redo",
    "print",
    "save",
    "table",
    "palette",
)

_DRAW_ACTS = (
    "brush",
    "edit",
    "crop",
    "rotate",
    "zoom-in",
    "zoom-out",
    "magnet",
    "paint-bucket",
    "layers",
    "grid",
    "target",
    "box",
    "compass",
    "sliders",
    "palette",
    "undo",
    "redo",
    "eye",
    "lock",
    "fullscreen",
)


def write_mail(c: Composer) -> str:
    """A message being written."""
    fields = "".join(controls.field(c, name) for name in ("To", "Cc", "Subject"))
    tools = icon_buttons(c, some_of(c, _TEXT_ACTS, 4))
    end = (
        f'<div class="row">{button(c, "Send", "main", drawing="send")}'
        f'{icon_button(c, "attach")}{icon_button(c, "image")}<span class="fill"></span>'
        f"{icon_button(c, 'trash', 'throw this message away')}</div>"
    )
    inside = (
        '<div class="card col fill" style="border:0">'
        f"{fields}{tools}{controls.text_area(c, 'Message')}{end}</div>"
    )
    return desktop_window(c, "New message", inside)


def editor(c: Composer) -> str:
    """A text editor: menus, letters bold and slanted, a page of text."""
    bar = f'<div class="strip">{icon_buttons(c, some_of(c, _TEXT_ACTS, 5))}</div>'
    text = "".join(f"<p>{c.sentence(8, 20)} {c.sentence(6, 12)}</p>" for _ in range(2 + c.rand.below(4)))
    page = (
        '<div class="fill" style="background:var(--shade);padding:var(--gap);'
        'overflow:hidden"><div class="card narrow col" style="min-height:100%"><h1>'
        f"{c.label('heading')}</h1>{text}</div></div>"
    )
    foot = (
        f'<div class="strip small"><span>Page {1 + c.rand.below(9)}</span><span>'
        f"{c.rand.below(3000)} words</span><span class=fill></span>{controls.slider(c, 'Zoom')}</div>"
    )
    tabs = (
        nav.tabs(c, ("Home", "Insert", "Layout", "References", "Review", "View")[: 3 + c.rand.below(4)])
        if c.rand.chance() < 0.5
        else nav.menu_bar(c)
    )
    return desktop_window(c, f"{c.writer.word()}.odt", f"{tabs}{bar}{page}{foot}")


def code_editor(c: Composer) -> str:
    """A program's source: files, tabs, lines, a terminal."""
    words = c.writer.word
    acts = ("file", "search", "git-branch", "bug", "puzzle")
    strip = (
        '<div class="col tight" style="background:var(--side);color:var(--side-ink)">'
        f"{''.join(icon_button(c, act) for act in acts)}</div>"
    )
    names = [
        f"{words()}.{c.rand.one_of(('py', 'js', 'css', 'html', 'md', 'json'))}"
        for _ in range(4 + c.rand.below(8))
    ]
    tree = "".join(
        (
            '<div role="treeitem" class="row tight stay" style="padding:.15em .8em">'
            f"{icon(c, file_icon(name))}<span>{name}</span></div>"
        )
        for name in names
    )
    lines = "\n".join(
        f"{n + 1:3d}  "
        + c.rand.one_of(
            (
                f"def {words()}({words()}):",
                f"    {words()} = {words()}({c.rand.below(50)})",
                f"    return {words()}",
                "",
                f"# {words()} {words()} {words()}",
                f"class {words().capitalize()}:",
            )
        )
        for n in range(8 + c.rand.below(24))
    )
    opened = nav.tabs(c, names[: 1 + c.rand.below(3)])
    code = (
        f'<div class="fill col" style="gap:0">{opened}<pre '
        f'class="fill" style="padding:.6em">{lines}</pre></div>'
    )
    side = (
        '<aside class="side" style="padding:0"><b style="padding:.3em .8em;display:block">'
        f"{words().upper()}</b>{tree}</aside>"
    )
    foot = (
        '<div class="strip small" style="background:var(--accent);color:var(--on-accent)">'
        f"<span>Ln {c.rand.below(90)}, Col {c.rand.below(40)}</span><span>UTF-8</span>"
        "<span>Python</span></div>"
    )
    return desktop_window(
        c,
        f"{names[0]} - {words()}",
        f'{nav.menu_bar(c)}<div class="body">{strip}{side}{code}</div>{foot}',
    )


def drawing(c: Composer) -> str:
    """A drawing or construction program: bars of tools, layers, measures."""
    tools = some_of(c, _DRAW_ACTS, 8)
    half = len(tools) // 2
    columns = 1 + c.rand.below(2)
    left = (
        f'<div style="display:grid;grid-template-columns:repeat({columns},auto);'
        'align-content:start;background:var(--shade)">'
        f"{''.join(icon_button(c, each) for each in tools[:half])}</div>"
    )
    top = f'<div class="strip">{icon_buttons(c, tools[half:])}</div>'
    layers = "".join(
        list_row(
            c,
            f"{c.rand.one_of(('Layer', 'Part', 'Group', 'Sketch', 'Body'))} {n + 1}",
            start=icon(c, "layers"),
        )
        for n in range(2 + c.rand.below(5))
    )
    measures = "".join(
        controls.field(c, name, "number")
        for name in ("X", "Y", "Width", "Height", "Angle", "Depth")[: 2 + c.rand.below(5)]
    )
    right = (
        '<aside class="side col" style="background:var(--panel);color:var(--ink)"><b>Layers'
        f'</b>{layers}<b>Properties</b><div class="grid" style="--cell:5em">{measures}</div>'
        f"{controls.slider(c, 'Opacity')}</aside>"
    )
    shapes = "".join(_shape(c) for _ in range(2 + c.rand.below(8)))
    sheet = (
        f'<svg viewBox="0 0 400 300" style="width:100%;height:100%;background:var(--field)">{shapes}</svg>'
    )
    foot = (
        f'<div class="strip small"><span>{c.rand.below(900)}, {c.rand.below(600)} mm</span>'
        f"<span>{25 * (1 + c.rand.below(12))}%</span><span>{c.label('state')}</span></div>"
    )
    return desktop_window(
        c,
        f"{c.writer.word()}.dwg",
        f'{nav.menu_bar(c)}{top}<div class="body">{left}<div class="fill">{sheet}</div>{right}</div>{foot}',
    )


def _shape(c: Composer) -> str:
    x, y, size = c.rand.below(360), c.rand.below(260), 10 + c.rand.below(90)
    look = f'fill="{c.rand.one_of(("none", f"hsl({c.rand.below(360)} 50% 60%)"))}" stroke="currentColor"'
    return c.rand.one_of(
        (
            (f'<circle cx="{x}" cy="{y}" r="{size // 2}" {look}/>'),
            f'<rect x="{x}" y="{y}" width="{size}" height="{size // 2}" {look}/>',
            (f'<path d="M{x} {y}l{size} {size // 3}l-{size // 2} {size // 2}z" {look}/>'),
        )
    )


def spreadsheet(c: Composer) -> str:
    """Cells with letters above and numbers beside them."""
    columns = max(3, min(12, c.width // 95))
    head = "".join(f"<th>{chr(65 + n)}</th>" for n in range(columns))

    def row(number: int) -> str:
        cells = "".join(f"<td>{c.value() if c.rand.chance() < 0.55 else ''}</td>" for _ in range(columns))
        return f"<tr><th>{number}</th>{cells}</tr>"

    rows = "".join(row(n + 1) for n in range(6 + c.rand.below(14)))
    bar = f'<div class="strip">{icon_buttons(c, some_of(c, _TEXT_ACTS, 5))}</div>'
    formula = (
        f'<div class="strip"><b>A{1 + c.rand.below(9)}</b><input aria-label="Formula" '
        f'style="flex:1;width:auto" value="=SUM(A1:A{c.rand.below(9)})"></div>'
    )
    sheets = nav.tabs(c, [f"Sheet {n + 1}" for n in range(1 + c.rand.below(3))])
    grid = (
        '<div class="fill" style="overflow:hidden"><table style="table-layout:auto" '
        f'class="small">{f"<tr><th></th>{head}</tr>"}{rows}</table></div>'
    )
    return desktop_window(c, f"{c.writer.word()}.ods", f"{nav.menu_bar(c)}{bar}{formula}{grid}{sheets}")
