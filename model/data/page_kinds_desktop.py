"""Desktop programs as HTML bodies, one function a kind; knows neither colours nor boxes."""

from __future__ import annotations

from model.data import page_parts as parts
from model.data.page_kinds_web import message_row
from model.data.page_parts import Composer, button, icon, icon_button, icon_buttons, list_row

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
_TEXT_ACTS = ("bold", "italic", "underline", "align-left", "align-center", "bullet-list", "link", "image", "quote",
              "undo", "redo", "print", "save", "table", "palette")  # fmt: skip
_DRAW_ACTS = ("brush", "edit", "crop", "rotate", "zoom-in", "zoom-out", "magnet", "paint-bucket", "layers", "grid",
              "target", "box", "compass", "sliders", "palette", "undo", "redo", "eye", "lock", "fullscreen")  # fmt: skip
_PLAY_ACTS = ("shuffle", "next-track", "repeat", "volume", "heart", "fullscreen", "bullet-list", "settings")


def _some(c: Composer, concepts: tuple[str, ...], fewest: int) -> list[str]:
    """Some of the concepts in their order, at least `fewest`, as many as the window is wide for."""
    room = max(fewest, c.width // 48)
    count = min(fewest + c.dice.below(len(concepts)), room, len(concepts))
    chosen = set(c.dice.shuffled(concepts)[:count])
    return [concept for concept in concepts if concept in chosen]


def _framed(c: Composer, title: str, inside: str) -> str:
    """A window over the whole screen, or over a part of a desktop."""
    if c.dice.chance() < 0.75 or min(c.width, c.height) < 420:
        return parts.window(c, title, inside, kind="whole")
    width, height = (int(side * c.dice.between(0.72, 0.94)) for side in (c.width, c.height - 48))
    left, top = c.dice.below(c.width - width), c.dice.below(c.height - 48 - height)
    style = f"position:absolute;left:{left}px;top:{top}px;width:{width}px;height:{height}px;box-shadow:0 4px 20px #0006"
    return f'<div class="desk" style="background-image:{parts.backdrop(c)}">{parts.window(c, title, inside, style=style)}{_task_bar(c)}</div>'


def _task_bar(c: Composer) -> str:
    programs = icon_buttons(c, c.concepts(3 + c.dice.below(6)))
    where = c.dice.one_of(("", "justify-content:center"))
    clock = f"<small>{c.dice.below(24)}:{c.dice.below(60):02d}</small>"
    return (
        f'<div class="strip" style="position:absolute;left:0;right:0;bottom:0;height:40px;background:var(--panel);{where}">'
        f"{icon_button(c, 'grid')}{programs}{clock}</div>"
    )


def files(c: Composer) -> str:
    """A file manager: places, path, files as rows or tiles."""
    bar = f'<div class="strip">{icon_buttons(c, _some(c, _FILE_ACTS, 3))}{parts.search(c)}</div>'
    path = f'<div class="strip">{parts.crumbs(c)}</div>' if c.dice.chance() < 0.6 else ""
    places = ("Home", "Desktop", "Documents", "Downloads", "Music", "Pictures", "Videos", "Trash", "Network")
    drawn = {"Home": "home", "Desktop": "monitor", "Documents": "file", "Downloads": "download", "Music": "music",
             "Pictures": "image", "Videos": "video", "Trash": "trash", "Network": "globe"}  # fmt: skip
    rows = "".join(list_row(c, name, start=icon(c, drawn[name])) for name in places[: 4 + c.dice.below(6)])
    shown = c.dice.one_of((_file_rows, _file_rows, _file_tiles))(c)
    body = f'<div class="body"><aside class="side">{rows}</aside><div class="fill">{shown}</div></div>'
    note = f'<div class="strip small">{2 + c.dice.below(90)} items</div>'
    menus = parts.menu_bar(c) if c.dice.chance() < 0.5 else ""
    return _framed(c, c.dice.one_of(places), f"{menus}{bar}{path}{body}{note}")


def _file_name(c: Composer) -> str:
    ending = c.dice.one_of(("txt", "pdf", "png", "docx", "csv", "py", "zip", "mp3", "odt", "html"))
    return c.writer.word().capitalize() if c.dice.chance() < 0.35 else f"{c.writer.word()}.{ending}"


def _file_icon(name: str) -> str:
    by_ending = {
        "png": "image",
        "mp3": "music",
        "py": "code",
        "html": "globe",
        "csv": "table",
        "zip": "archive",
    }
    return by_ending.get(name.rsplit(".", 1)[1], "file") if "." in name else "folder"


def _file_rows(c: Composer) -> str:
    at, columns = c.dice.below(8), c.width > 620

    def row(number: int) -> str:
        name = _file_name(c)
        end = (
            f'<small class="muted">{c.dice.below(900)} KB</small><small class="muted">{c.value()}</small>'
            if columns
            else ""
        )
        return list_row(
            c,
            name,
            start=icon(c, _file_icon(name)),
            end=end,
            on=number == at,
            wants=f"open the {name.split('.')[0]} file",
        )

    return "".join(row(number) for number in range(4 + c.dice.below(14)))


def _file_tiles(c: Composer) -> str:
    def tile() -> str:
        name, key = _file_name(c), c.new_id()
        drawn = f'<span style="font-size:2em">{icon(c, _file_icon(name))}</span>'
        return f'<div class="col tight centre" role="option" aria-labelledby="{key}">{drawn}<span class="small" id="{key}">{name}</span></div>'

    return f'<div class="grid" style="--cell:7em;padding:var(--gap)">{c.times(4, 16, tile)}</div>'


def mail(c: Composer) -> str:
    """A mail program: folders, messages, the one that is open."""
    bar = "".join(button(c, name, drawing=drawn) for name, drawn in
                  c.dice.shuffled((("New", "edit"), ("Reply", "undo"), ("Forward", "send"), ("Delete", "trash"), ("Archive", "archive"),
                                   ("Get mail", "download")))[: 2 + c.dice.below(min(5, c.width // 130))])  # fmt: skip
    folders = "".join(list_row(c, name, start=icon(c, drawn)) for name, drawn in
                      (("Inbox", "inbox"), ("Sent", "send"), ("Drafts", "file"), ("Archive", "archive"), ("Trash", "trash")))  # fmt: skip
    messages = c.times(4, 9, lambda: message_row(c))
    name = c.name()
    read = f'<div class="card col fill"><h2>{c.writer.phrase(2, 5)}</h2><div class="row">{parts.face(c, name)}<span>{name}</span><span class=fill></span>{icon_buttons(c, ["star", "print", "ellipsis"])}</div><p>{c.sentence()} {c.sentence()}</p><p>{c.sentence()}</p></div>'
    wide = c.width > 800
    lists = (
        f'<div style="width:{"22em" if wide else "100%"};border-right:1px solid var(--line)">{messages}</div>'
    )
    body = f'<div class="body"><aside class="side">{folders}</aside>{lists}{read if wide else ""}</div>'
    return _framed(
        c,
        f"Inbox - {c.name()}",
        f'{parts.menu_bar(c) if c.dice.chance() < 0.5 else ""}<div class="strip">{bar}</div>{body}',
    )


def write_mail(c: Composer) -> str:
    """A message being written."""
    fields = "".join(parts.field(c, name) for name in ("To", "Cc", "Subject"))
    tools = icon_buttons(c, _some(c, _TEXT_ACTS, 4))
    end = f'<div class="row">{button(c, "Send", "main", drawing="send")}{icon_button(c, "attach")}{icon_button(c, "image")}<span class="fill"></span>{icon_button(c, "trash", "throw this message away")}</div>'
    inside = f'<div class="card col fill" style="border:0">{fields}{tools}{parts.text_area(c, "Message")}{end}</div>'
    return _framed(c, "New message", inside)


def editor(c: Composer) -> str:
    """A text editor: menus, letters bold and slanted, a page of text."""
    bar = f'<div class="strip">{icon_buttons(c, _some(c, _TEXT_ACTS, 5))}</div>'
    text = "".join(f"<p>{c.sentence(8, 20)} {c.sentence(6, 12)}</p>" for _ in range(2 + c.dice.below(4)))
    page = f'<div class="fill" style="background:var(--shade);padding:var(--gap);overflow:hidden"><div class="card narrow col" style="min-height:100%"><h1>{c.label("heading")}</h1>{text}</div></div>'
    foot = f'<div class="strip small"><span>Page {1 + c.dice.below(9)}</span><span>{c.dice.below(3000)} words</span><span class=fill></span>{parts.slider(c, "Zoom")}</div>'
    tabs = (
        parts.tabs(c, ("Home", "Insert", "Layout", "References", "Review", "View")[: 3 + c.dice.below(4)])
        if c.dice.chance() < 0.5
        else parts.menu_bar(c)
    )
    return _framed(c, f"{c.writer.word()}.odt", f"{tabs}{bar}{page}{foot}")


def code_editor(c: Composer) -> str:
    """A program's source: files, tabs, lines, a terminal."""
    words = c.writer.word
    acts = ("file", "search", "git-branch", "bug", "puzzle")
    strip = f'<div class="col tight" style="background:var(--side);color:var(--side-ink)">{"".join(icon_button(c, act) for act in acts)}</div>'
    names = [
        f"{words()}.{c.dice.one_of(('py', 'js', 'css', 'html', 'md', 'json'))}"
        for _ in range(4 + c.dice.below(8))
    ]
    tree = "".join(
        f'<div role="treeitem" class="row tight stay" style="padding:.15em .8em">{icon(c, _file_icon(name))}<span>{name}</span></div>'
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
    opened = parts.tabs(c, names[: 1 + c.dice.below(3)])
    code = f'<div class="fill col" style="gap:0">{opened}<pre class="fill" style="padding:.6em">{lines}</pre></div>'
    side = f'<aside class="side" style="padding:0"><b style="padding:.3em .8em;display:block">{words().upper()}</b>{tree}</aside>'
    foot = f'<div class="strip small" style="background:var(--accent);color:var(--on-accent)"><span>Ln {c.dice.below(90)}, Col {c.dice.below(40)}</span><span>UTF-8</span><span>Python</span></div>'
    return _framed(
        c, f"{names[0]} - {words()}", f'{parts.menu_bar(c)}<div class="body">{strip}{side}{code}</div>{foot}'
    )


def drawing(c: Composer) -> str:
    """A drawing or construction program: bars of tools, layers, measures."""
    tools = _some(c, _DRAW_ACTS, 8)
    half = len(tools) // 2
    columns = 1 + c.dice.below(2)
    left = f'<div style="display:grid;grid-template-columns:repeat({columns},auto);align-content:start;background:var(--shade)">{"".join(icon_button(c, each) for each in tools[:half])}</div>'
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
        parts.field(c, name, "number")
        for name in ("X", "Y", "Width", "Height", "Angle", "Depth")[: 2 + c.dice.below(5)]
    )
    right = f'<aside class="side col" style="background:var(--panel);color:var(--ink)"><b>Layers</b>{layers}<b>Properties</b><div class="grid" style="--cell:5em">{measures}</div>{parts.slider(c, "Opacity")}</aside>'
    shapes = "".join(_shape(c) for _ in range(2 + c.dice.below(8)))
    sheet = (
        f'<svg viewBox="0 0 400 300" style="width:100%;height:100%;background:var(--field)">{shapes}</svg>'
    )
    foot = f'<div class="strip small"><span>{c.dice.below(900)}, {c.dice.below(600)} mm</span><span>{25 * (1 + c.dice.below(12))}%</span><span>{c.label("state")}</span></div>'
    return _framed(
        c,
        f"{c.writer.word()}.dwg",
        f'{parts.menu_bar(c)}{top}<div class="body">{left}<div class="fill">{sheet}</div>{right}</div>{foot}',
    )


def _shape(c: Composer) -> str:
    x, y, size = c.dice.below(360), c.dice.below(260), 10 + c.dice.below(90)
    look = f'fill="{c.dice.one_of(("none", f"hsl({c.dice.below(360)} 50% 60%)"))}" stroke="currentColor"'
    return c.dice.one_of((f'<circle cx="{x}" cy="{y}" r="{size // 2}" {look}/>', f'<rect x="{x}" y="{y}" width="{size}" height="{size // 2}" {look}/>',
                          f'<path d="M{x} {y}l{size} {size // 3}l-{size // 2} {size // 2}z" {look}/>'))  # fmt: skip


def spreadsheet(c: Composer) -> str:
    """Cells with letters above and numbers beside them."""
    columns = max(3, min(12, c.width // 95))
    head = "".join(f"<th>{chr(65 + n)}</th>" for n in range(columns))

    def row(number: int) -> str:
        cells = "".join(f"<td>{c.value() if c.dice.chance() < 0.55 else ''}</td>" for _ in range(columns))
        return f"<tr><th>{number}</th>{cells}</tr>"

    rows = "".join(row(n + 1) for n in range(6 + c.dice.below(14)))
    bar = f'<div class="strip">{icon_buttons(c, _some(c, _TEXT_ACTS, 5))}</div>'
    formula = f'<div class="strip"><b>A{1 + c.dice.below(9)}</b><input aria-label="Formula" style="flex:1;width:auto" value="=SUM(A1:A{c.dice.below(9)})"></div>'
    sheets = parts.tabs(c, [f"Sheet {n + 1}" for n in range(1 + c.dice.below(3))])
    grid = f'<div class="fill" style="overflow:hidden"><table style="table-layout:auto" class="small">{f"<tr><th></th>{head}</tr>"}{rows}</table></div>'
    return _framed(c, f"{c.writer.word()}.ods", f"{parts.menu_bar(c)}{bar}{formula}{grid}{sheets}")


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
    start, count = c.dice.below(4), 4 + c.dice.below(8)
    chosen = names[start : start + count]
    at = c.dice.below(len(chosen))
    rows = "".join(list_row(c, name, start=icon(c, drawn[name]), on=n == at) for n, name in enumerate(chosen))
    kind = "toggle" if c.switches else c.dice.one_of(("toggle", "checkbox"))

    def group() -> str:
        inside = c.times(
            1, 4, lambda: f'<div class="li">{parts.tick(c, kind, across=kind == "toggle")}</div>'
        )
        return f'<h3>{c.label("heading")}</h3><div class="card bare">{inside}</div>'

    more = c.dice.one_of((parts.dropdown(c), parts.slider(c), button(c, "Advanced")))
    close = (
        f'<div class="row">{button(c, "OK", "main")}{button(c, "Cancel")}{button(c, "Apply")}</div>'
        if c.dice.chance() < 0.5
        else ""
    )
    seek = parts.search(c) if c.dice.chance() < 0.5 else ""
    body = f'<div class="body"><aside class="side">{seek}{rows}</aside><main><h1>{chosen[at]}</h1>{c.times(1, 3, group)}{more}{close}</main></div>'
    return _framed(c, c.dice.one_of(("Settings", "Preferences", "Options", "System")), body)


def player(c: Composer) -> str:
    """Music or film: what plays, what comes next, the buttons."""
    rows = "".join(list_row(c, c.writer.phrase(1, 3), below=c.name(), start=icon(c, "music"), end=f"<small>{1 + c.dice.below(6)}:{c.dice.below(60):02d}</small>")
                   for _ in range(2 + c.dice.below(7)))  # fmt: skip
    acts = icon_buttons(c, _some(c, _PLAY_ACTS, 2))
    main = f'<div class="row between" style="padding:var(--gap)">{icon_button(c, c.dice.one_of(("play", "pause")))}{acts}{parts.slider(c, "Volume")}</div>'
    shown = f'<div class="fill col" style="padding:var(--gap)">{parts.picture(c, 6 + c.dice.below(10))}<h2>{c.writer.phrase(1, 3)}</h2></div>'
    place = f'<div style="padding:0 var(--gap)"><input type="range" style="width:100%" aria-label="Position" value="{c.dice.below(100)}"></div>'
    return _framed(
        c,
        c.writer.word().capitalize(),
        f'<div class="body">{shown}<div style="width:{"18em" if c.width > 640 else "50%"}">{rows}</div></div>{place}{main}',
    )


def alone(c: Composer) -> str:
    """A dialog over a desktop."""
    return f'<div class="desk row centre" style="background-image:{parts.backdrop(c)};padding:12px">{parts.dialog(c)}</div>'


def assistant(c: Composer) -> str:
    """One step of several, as installers show them."""
    steps = "".join(
        list_row(c, c.label("heading"), start=f'<span class="badge{" on" if n == 0 else ""}">{n + 1}</span>')
        for n in range(2 + c.dice.below(4))
    )
    inside = c.dice.one_of(
        (
            parts.options,
            lambda c: parts.form(c, 1, 3),
            lambda c: parts.field(c, "Location") + parts.options(c),
        )
    )(c)
    at = c.dice.below(100)
    done = (
        f'<div class="meter"><i style="width:{at}%"></i></div><small>{at}%</small>'
        if c.dice.chance() < 0.4
        else ""
    )
    end = f'<div class="row" style="justify-content:flex-end">{button(c, "Back")}{button(c, c.dice.one_of(("Next", "Install", "Finish")), "main")}{button(c, "Cancel")}</div>'
    body = f'<div class="body"><aside class="side">{steps}</aside><main><h2>{c.label("heading")}</h2><p>{c.sentence()}</p>{inside}{done}<span class="fill"></span>{end}</main></div>'
    return _framed(c, f"{c.writer.word().capitalize()} Setup", body)


def open_menu(c: Composer) -> str:
    """A window with one of its menus open, or a menu where somebody clicked."""
    under = c.dice.one_of((files, editor, drawing, spreadsheet))(c)
    left, top = (
        c.dice.below(max(1, c.width - 220)),
        52 if c.dice.chance() < 0.6 else c.dice.below(max(1, c.height - 280)),
    )
    return f'<div style="height:100vh;overflow:hidden">{under}</div><div class="over" style="left:{left}px;top:{top}px">{parts.menu(c)}</div>'


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
    shown = f'<div class="big" style="text-align:right;padding:var(--gap)">{c.dice.below(10**6)}</div>'
    return parts.window(
        c,
        "Calculator",
        f'{parts.menu_bar(c)}{shown}<div class="cells fill" style="grid-template-columns:repeat(4,1fr);gap:4px;padding:6px">{made}</div>',
        kind="whole",
    )


def calendar(c: Composer) -> str:
    """A calendar with what is on."""
    events = "".join(
        list_row(
            c,
            c.writer.phrase(1, 4),
            below=f"{c.dice.below(24)}:00 · {parts.place(c)}",
            start=icon(c, "clock"),
        )
        for _ in range(2 + c.dice.below(6))
    )
    bar = f'<div class="strip">{button(c, "Today")}{icon_buttons(c, ["chevron-left", "chevron-right"])}{parts.tabs(c, ("Day", "Week", "Month", "Year"))}<span class=fill></span>{button(c, "New event", "main", drawing="plus")}</div>'
    body = f'<div class="body"><main>{parts.month(c)}</main><div style="width:45%">{events}</div></div>'
    return _framed(c, "Calendar", f"{bar}{body}")
