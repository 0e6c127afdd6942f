"""Desktop programs for documents: text, code, drawings, tables; knows neither colours nor boxes."""

from __future__ import annotations

from model.data import page_controls as controls
from model.data import page_navigation as nav
from model.data.page_composer import Composer
from model.data.page_content import list_row
from model.data.page_controls import button, icon, icon_button, icon_buttons
from model.data.page_frames import (
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
    text = "".join(f"<p>{c.sentence(8, 20)} {c.sentence(6, 12)}</p>" for _ in range(2 + c.dice.below(4)))
    page = (
        '<div class="fill" style="background:var(--shade);padding:var(--gap);'
        'overflow:hidden"><div class="card narrow col" style="min-height:100%"><h1>'
        f"{c.label('heading')}</h1>{text}</div></div>"
    )
    foot = (
        f'<div class="strip small"><span>Page {1 + c.dice.below(9)}</span><span>'
        f"{c.dice.below(3000)} words</span><span class=fill></span>{controls.slider(c, 'Zoom')}</div>"
    )
    tabs = (
        nav.tabs(c, ("Home", "Insert", "Layout", "References", "Review", "View")[: 3 + c.dice.below(4)])
        if c.dice.chance() < 0.5
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
        f"{words()}.{c.dice.one_of(('py', 'js', 'css', 'html', 'md', 'json'))}"
        for _ in range(4 + c.dice.below(8))
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
        + c.dice.one_of(
            (
                f"def {words()}({words()}):",
                f"    {words()} = {words()}({c.dice.below(50)})",
                f"    return {words()}",
                "",
                f"# {words()} {words()} {words()}",
                f"class {words().capitalize()}:",
            )
        )
        for n in range(8 + c.dice.below(24))
    )
    opened = nav.tabs(c, names[: 1 + c.dice.below(3)])
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
        f"<span>Ln {c.dice.below(90)}, Col {c.dice.below(40)}</span><span>UTF-8</span>"
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
    columns = 1 + c.dice.below(2)
    left = (
        f'<div style="display:grid;grid-template-columns:repeat({columns},auto);'
        'align-content:start;background:var(--shade)">'
        f"{''.join(icon_button(c, each) for each in tools[:half])}</div>"
    )
    top = f'<div class="strip">{icon_buttons(c, tools[half:])}</div>'
    layers = "".join(
        list_row(
            c,
            f"{c.dice.one_of(('Layer', 'Part', 'Group', 'Sketch', 'Body'))} {n + 1}",
            start=icon(c, "layers"),
        )
        for n in range(2 + c.dice.below(5))
    )
    measures = "".join(
        controls.field(c, name, "number")
        for name in ("X", "Y", "Width", "Height", "Angle", "Depth")[: 2 + c.dice.below(5)]
    )
    right = (
        '<aside class="side col" style="background:var(--panel);color:var(--ink)"><b>Layers'
        f'</b>{layers}<b>Properties</b><div class="grid" style="--cell:5em">{measures}</div>'
        f"{controls.slider(c, 'Opacity')}</aside>"
    )
    shapes = "".join(_shape(c) for _ in range(2 + c.dice.below(8)))
    sheet = (
        f'<svg viewBox="0 0 400 300" style="width:100%;height:100%;background:var(--field)">{shapes}</svg>'
    )
    foot = (
        f'<div class="strip small"><span>{c.dice.below(900)}, {c.dice.below(600)} mm</span>'
        f"<span>{25 * (1 + c.dice.below(12))}%</span><span>{c.label('state')}</span></div>"
    )
    return desktop_window(
        c,
        f"{c.writer.word()}.dwg",
        f'{nav.menu_bar(c)}{top}<div class="body">{left}<div class="fill">{sheet}</div>{right}</div>{foot}',
    )


def _shape(c: Composer) -> str:
    x, y, size = c.dice.below(360), c.dice.below(260), 10 + c.dice.below(90)
    look = f'fill="{c.dice.one_of(("none", f"hsl({c.dice.below(360)} 50% 60%)"))}" stroke="currentColor"'
    return c.dice.one_of(
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
        cells = "".join(f"<td>{c.value() if c.dice.chance() < 0.55 else ''}</td>" for _ in range(columns))
        return f"<tr><th>{number}</th>{cells}</tr>"

    rows = "".join(row(n + 1) for n in range(6 + c.dice.below(14)))
    bar = f'<div class="strip">{icon_buttons(c, some_of(c, _TEXT_ACTS, 5))}</div>'
    formula = (
        f'<div class="strip"><b>A{1 + c.dice.below(9)}</b><input aria-label="Formula" '
        f'style="flex:1;width:auto" value="=SUM(A1:A{c.dice.below(9)})"></div>'
    )
    sheets = nav.tabs(c, [f"Sheet {n + 1}" for n in range(1 + c.dice.below(3))])
    grid = (
        '<div class="fill" style="overflow:hidden"><table style="table-layout:auto" '
        f'class="small">{f"<tr><th></th>{head}</tr>"}{rows}</table></div>'
    )
    return desktop_window(c, f"{c.writer.word()}.ods", f"{nav.menu_bar(c)}{bar}{formula}{grid}{sheets}")
