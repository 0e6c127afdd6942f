"""Widgets and groups of widgets as HTML: buttons, fields, lists, tables, bars; knows no whole page.

Every part takes a `Composer` and returns HTML. What is written on a part is drawn from its writer, what it
looks like is said by the CSS of `page_theme`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape as safe

from model.data.page_composer import Composer
from model.data.ui_vocabulary import CITIES, DAYS, MONTHS

COLOURED = ("danger", "good", "note", "careful", "dark")  # looks of buttons and alerts

Part = Callable[["Composer"], str]


def intent(*texts: str) -> str:
    """The attribute that says what people want of an element."""
    said = "|".join(text for text in texts if text)
    return f' data-intent="{said}"' if said else ""


def icon(c: Composer, concept: str) -> str:
    """An icon that is no button of its own."""
    svg = c.svg(concept)
    return f'<i class="ic" data-concept="{concept}">{svg}</i>' if svg else ""


def button(c: Composer, label: str = "", kind: str = "", *, drawing: str = "", wants: str = "") -> str:
    """A push button, made in one of the ways pages make them."""
    label = label or c.label("action")
    drawn, how = icon(c, drawing) if drawing else "", c.dice.chance()
    if how < 0.2:
        return f'<a class="btn {kind}" href="#"{intent(wants)}>{drawn}{label}</a>'
    if how < 0.28 and not drawn:
        return f'<input type="button" class="b {kind}" value="{label}"{intent(wants)}>'
    return f'<button class="b {kind}"{intent(wants)}>{drawn}{label}</button>'


def buttons(c: Composer, most: int = 4) -> str:
    """Buttons side by side, at most one of them the main one."""
    main, count = c.dice.below(5), 1 + c.dice.below(most)
    coloured = c.dice.chance() < 0.1
    made = (
        button(
            c,
            kind="main" if number == main else c.dice.one_of(COLOURED) if coloured else "",
            drawing=c.concept() if c.dice.chance() < 0.2 else "",
        )
        for number in range(count)
    )
    return f'<div class="row tight">{"".join(made)}</div>'


def icon_button(c: Composer, concept: str, wants: str = "") -> str:
    """A button with nothing but an icon; nothing when the concept cannot be drawn."""
    svg = c.svg(concept)
    if not svg:
        return ""
    tag, more = ("a", ' href="#"') if c.dice.chance() < 0.2 else ("button", "")
    return f'<{tag} class="icb" data-concept="{concept}"{more}{intent(wants)}>{svg}</{tag}>'


def icon_buttons(c: Composer, concepts: Sequence[str]) -> str:
    """Icon buttons in a row, now and then with a line between two."""
    made = [icon_button(c, concept) for concept in concepts]
    between = ("" if c.dice.chance() < 0.88 else '<i class="gap"></i>' for _ in made)
    return f'<div class="tools">{"".join(gap + each for gap, each in zip(between, made, strict=True))}</div>'


def link(c: Composer, label: str = "", kind: str = "", wants: str = "") -> str:
    """A text link."""
    return f'<a href="#" class="{kind}"{intent(wants)}>{label or c.label("navigation")}</a>'


def links(c: Composer, low: int, high: int) -> str:
    """Links, one after the other."""
    return c.times(low, high, lambda: link(c))


def field(c: Composer, label: str = "", kind: str = "text") -> str:
    """A text field with its label; now and then filled in."""
    label, key = label or c.label("field"), c.new_id()
    filled = f' value="{c.value()}"' if kind == "text" and c.dice.chance() < 0.18 else ""
    if c.beside == "hint" and not filled:
        return f'<div class="f"><input type="{kind}" placeholder="{label}"></div>'
    hint = f' placeholder="{c.value()}"' if c.dice.chance() < 0.15 else ""
    star = c.dice.one_of(("", "", "", ":", " *"))
    place = "left" if c.beside == "left" and c.width > 420 else "above"
    return (
        f'<div class="f {place}"><label for="{key}">{label}{star}</label>'
        f'<input id="{key}" type="{kind}"{filled}{hint}></div>'
    )


def text_area(c: Composer, label: str = "") -> str:
    """A field of several lines."""
    label, key = label or c.dice.one_of(("Message", "Comment", "Description", "Notes", "Bio")), c.new_id()
    rows = 2 + c.dice.below(4)
    if c.beside == "hint":
        return f'<textarea rows="{rows}" placeholder="{label}"></textarea>'
    return (
        f'<div class="f"><label for="{key}">{label}</label>'
        f'<textarea id="{key}" rows="{rows}"></textarea></div>'
    )


def dropdown(c: Composer, label: str = "") -> str:
    """A drop-down list with its label."""
    label, key = label or c.label("field"), c.new_id()
    choices = c.times(3, 6, lambda: f"<option>{c.label('option')}</option>")
    place = "left" if c.beside == "left" and c.width > 420 else "above"
    return (
        f'<div class="f {place}"><label for="{key}">{label}</label>'
        f'<select id="{key}">{choices}</select></div>'
    )


def tick(c: Composer, kind: str, label: str = "", group: str = "", *, across: bool = False) -> str:
    """A check box, radio button or switch with its label."""
    label = label or c.label("option")
    state = " checked" if c.dice.chance() < 0.4 else ""
    box = (
        f'<input type="checkbox" role="switch"{state}>'
        if kind == "toggle"
        else f'<input type="{kind}" name="{group}"{state}>'
    )
    parts = (f"<span>{label}</span>", box) if across else (box, f"<span>{label}</span>")
    return f'<label class="tick{" across" if across else ""}">{"".join(parts)}</label>'


def options(c: Composer) -> str:
    """Check boxes, radio buttons or switches, under one another or side by side."""
    kind = "toggle" if c.switches else c.dice.one_of(("checkbox", "checkbox", "radio"))
    group, layout = c.new_id(), c.dice.one_of(("col tight", "col tight", "row"))
    across = kind == "toggle" and layout != "row" and c.dice.chance() < 0.6
    made = c.times(2, 5, lambda: tick(c, kind, group=group, across=across))
    return f'<div class="{layout}">{made}</div>'


def slider(c: Composer, label: str = "") -> str:
    """A slider with its label."""
    label = label or c.dice.one_of(
        ("Volume", "Brightness", "Opacity", "Speed", "Size", "Contrast", "Balance")
    )
    key, at = c.new_id(), c.dice.below(101)
    return (
        f'<div class="row stay"><label for="{key}">{label}</label>'
        f'<input class="fill" id="{key}" type="range" value="{at}"></div>'
    )


def search(c: Composer) -> str:
    """A search field, perhaps with an icon in it and a button behind it."""
    hint = c.dice.one_of(("Search", "Search", "Search…", "Search here", f"Search {c.writer.word()}"))
    drawn = icon(c, "search") if c.dice.chance() < 0.4 else ""
    after = button(c, c.dice.one_of(("Search", "Go", "Find"))) if c.dice.chance() < 0.2 else ""
    kind = c.dice.one_of(("search", "text"))
    return f'<div class="searchbox">{drawn}<input type="{kind}" placeholder="{safe(hint)}"></div>{after}'


def form(c: Composer, low: int = 2, high: int = 5) -> str:
    """Fields, perhaps two to a row, with options and buttons."""
    made = [
        dropdown(c) if c.dice.chance() < 0.18 else text_area(c) if c.dice.chance() < 0.06 else field(c)
        for _ in range(low + c.dice.below(high - low + 1))
    ]
    layout = "grid" if c.dice.chance() < 0.35 else "col"
    fields = f'<div class="{layout}">{"".join(made)}</div>'
    extra = options(c) if c.dice.chance() < 0.35 else ""
    return f'<div class="col">{fields}{extra}{buttons(c, 3)}</div>'


def tabs(c: Composer, labels: Sequence[str] = ()) -> str:
    """Tabs, the first of them or another one open."""
    labels = labels or [c.label("navigation") for _ in range(2 + c.dice.below(4))]
    at, as_link = c.dice.below(len(labels)), c.dice.chance() < 0.5
    tag, more = ("a", ' href="#"') if as_link else ("button", "")
    made = "".join(
        f'<{tag} role="tab" class="{"on" if number == at else ""}"{more}>{label}</{tag}>'
        for number, label in enumerate(labels)
    )
    return f'<div class="tabs" role="tablist">{made}</div>'


def crumbs(c: Composer) -> str:
    """The path to this page."""
    between = c.dice.one_of(("/", "›", "»", "&gt;"))
    made = f" <span class=muted>{between}</span> ".join(link(c) for _ in range(1 + c.dice.below(3)))
    return f'<div class="crumbs small">{made} <span class=muted>{between}</span> {c.label("heading")}</div>'


def pagination(c: Composer) -> str:
    """Links to pages by number."""
    at, count = c.dice.below(4), 3 + c.dice.below(4)
    numbers = "".join(link(c, str(n + 1), "on" if n == at else "") for n in range(count))
    return f'<div class="pages">{link(c, "Previous")}{numbers}{link(c, "Next")}</div>'


def side_links(c: Composer, low: int = 4, high: int = 9) -> str:
    """Links under one another, with icons, headings between, a number or an arrow behind some of them."""
    with_icons, with_heads, at = c.dice.chance() < 0.6, c.dice.chance() < 0.25, c.dice.below(6)
    turn, made = c.dice.one_of(("chevron-right", "chevron-down", "chevron-left")), []
    for number in range(low + c.dice.below(high - low + 1)):
        drawn, key, draw = icon(c, c.concept()) if with_icons else "", c.new_id(), c.dice.chance()
        end = f'<span class="badge">{c.dice.below(90)}</span>' if draw < 0.12 else ""
        end = icon(c, turn) if draw > 0.9 else end
        head = (
            f'<div class="head">{c.label("heading")}</div>' if with_heads and c.dice.chance() < 0.25 else ""
        )
        made.append(
            f'{head}<a href="#" class="{"on" if number == at else ""}" aria-labelledby="{key}">{drawn}'
            f'<span id="{key}" class="fill">{c.label("navigation")}</span>{end}</a>'
        )
    return f'<nav class="nav">{"".join(made)}</nav>'


def alert(c: Composer) -> str:
    """A line of text on a strong colour, perhaps with a cross to close it."""
    close = icon_button(c, "close", "make this notice go away") if c.dice.chance() < 0.6 else ""
    drawn = icon(c, c.dice.one_of(("info", "warning", "check-circle"))) if c.dice.chance() < 0.5 else ""
    kind = c.dice.one_of(COLOURED)
    return (
        f'<div class="card row stay {kind}">{drawn}<span class="fill">{c.sentence(3, 8)}</span>{close}</div>'
    )


def progress(c: Composer) -> str:
    """How far some things are."""

    def line() -> str:
        at = c.dice.below(101)
        name = f'<div class="row between small"><span>{c.label("heading")}</span><span>{at}%</span></div>'
        return f'<div>{name}<div class="meter"><i style="width:{at}%"></i></div></div>'

    return f'<div class="col tight">{c.times(2, 5, line)}</div>'


def top_bar(c: Composer, entries: int = 5) -> str:
    """A bar with a name, links, a search field, icons and a button."""
    drawn = icon(c, c.concept()) if c.dice.chance() < 0.4 else ""
    brand = (
        f'<a class="brand row tight" href="#">{drawn}<span>{safe(c.writer.word().capitalize())}</span></a>'
    )
    small = c.width < 560
    inside = icon_button(c, "menu") if small else links(c, 2, entries)
    if not small and c.dice.chance() < 0.4:
        inside += search(c)
    end = icon_buttons(c, c.concepts(c.dice.below(3 if small else 5)))
    if c.dice.chance() < 0.45:
        end += button(c, kind=c.dice.one_of(("main", "")))
    gap = '<span class="fill"></span>' if c.dice.chance() < 0.8 else ""
    return f'<header class="top">{brand}{inside}{gap}{end}</header>'


def table(c: Composer, rows: int = 0, columns: int = 0) -> str:
    """A table; its rows may begin with a check box and end with icons that do something to them."""
    columns = columns or min(2 + c.dice.below(4), max(2, c.width // 150))
    acts = c.dice.one_of(((), (), ("edit", "trash"), ("eye",), ("more-vertical",), ("download", "trash")))
    ticked = c.dice.chance() < 0.2
    head = "".join(f"<th>{c.label('column')}</th>" for _ in range(columns))
    lines = []
    for _ in range(rows or 3 + c.dice.below(7)):
        cells = [c.value() for _ in range(columns)]
        who = cells[0]
        said = {
            "edit": f"edit {who}",
            "trash": f"delete {who}",
            "eye": f"show {who}",
            "more-vertical": f"more about {who}",
            "download": f"download {who}",
        }
        inside = "".join(f"<td>{cell}</td>" for cell in cells)
        end = "".join(icon_button(c, act, said[act]) for act in acts)
        first = '<td><input type="checkbox"></td>' if ticked else ""
        lines.append(f"<tr>{first}{inside}{f'<td><div class=tools>{end}</div></td>' if acts else ''}</tr>")
    first = "<th></th>" if ticked else ""
    return f"<table><tr>{first}{head}{'<th></th>' if acts else ''}</tr>{''.join(lines)}</table>"


def list_row(
    c: Composer,
    title: str,
    *,
    below: str = "",
    start: str = "",
    end: str = "",
    on: bool = False,
    wants: str = "",
) -> str:
    """A row of a list: picture or icon, title over a second line, something at the end."""
    key = c.new_id()
    second = f'<span class="small muted">{below}</span>' if below else ""
    return (
        f'<div class="li{" on" if on else ""}" role="option" aria-labelledby="{key}"{intent(wants)}>{start}'
        f'<div class="fill"><span id="{key}">{title}</span>{second}</div>{end}</div>'
    )


def face(c: Composer, name: str) -> str:
    """A round stand-in for a person's picture."""
    initials = "".join(word[0] for word in name.split()[:2])
    return f'<span class="face" aria-hidden="true">{initials}</span>'


def picture(c: Composer, height: float) -> str:
    """A picture without a name.

    Args:
        c: Of the page.
        height: In letter sizes.
    """
    return f'<div class="pic" style="height:{height:.1f}em;background-image:{backdrop(c)}"></div>'


def backdrop(c: Composer) -> str:
    """A CSS picture to lie behind things."""
    return c.photo() if c.dice.chance() < 0.4 else c.gradient()


def chart(c: Composer) -> str:
    """Bars or a line, without names."""
    dice, points = c.dice, 5 + c.dice.below(10)
    heights = [8 + dice.below(52) for _ in range(points)]
    step = 200 / points
    if dice.chance() < 0.5:
        drawn = "".join(
            f'<rect x="{n * step + 2:.0f}" y="{62 - h}" width="{step * 0.7:.0f}" height="{h}"/>'
            for n, h in enumerate(heights)
        )
    else:
        line = " ".join(f"{n * step:.0f},{62 - h}" for n, h in enumerate(heights))
        drawn = f'<polyline points="{line}" fill="none" stroke="currentColor" stroke-width="2"/>'
    return (
        '<svg viewBox="0 0 200 64" preserveAspectRatio="none" style="width:100%;height:7em;color:var(--link);'
        f'fill:currentColor">{drawn}</svg>'
    )


def stat(c: Composer) -> str:
    """A tile with a number and what it counts."""
    drawn = icon(c, c.concept()) if c.dice.chance() < 0.5 else ""
    number, label = c.value(), c.label("heading")
    order = (f'<div class="big">{number}</div>', f'<div class="muted">{label}</div>')
    inside = "".join(order if c.dice.chance() < 0.5 else order[::-1])
    more = link(c, c.dice.one_of(("More info", "View details", "See all"))) if c.dice.chance() < 0.2 else ""
    return f'<div class="card row stay between"><div>{inside}{more}</div>{drawn}</div>'


def card(c: Composer, inside: str, *, head: str = "") -> str:
    """A card with a heading, perhaps with icons at its right end."""
    head = head or c.label("heading")
    acts = icon_buttons(c, c.concepts(1 + c.dice.below(3))) if c.dice.chance() < 0.2 else ""
    level = c.dice.one_of(("h2", "h3", "h3", "h4"))
    return (
        '<section class="card col"><div class="row between"><'
        f"{level}>{head}</{level}>{acts}</div>{inside}</section>"
    )


def footer(c: Composer) -> str:
    """A footer with links."""
    year = 2015 + c.dice.below(16)
    note = f"<span>© {year} {safe(c.writer.word().capitalize())}</span>"
    return f'<footer class="row between"><div class="row">{links(c, 2, 6)}</div>{note}</footer>'


def menu(c: Composer, low: int = 4, high: int = 8) -> str:
    """An open menu."""
    with_icons = c.dice.chance() < 0.35
    made = []
    for _ in range(low + c.dice.below(high - low + 1)):
        drawn = icon(c, c.concept()) if with_icons else ""
        key = (
            '<span class="muted small fill" style="text-align:right">Ctrl+'
            f"{chr(65 + c.dice.below(26))}</span>"
        )
        name = c.new_id()
        made.append(
            f'<button role="menuitem" aria-labelledby="{name}">'
            f'{drawn}<span id="{name}">{c.label("entry")}</span>'
            f"{key if c.dice.chance() < 0.2 else ''}</button>" + ("<hr>" if c.dice.chance() < 0.12 else "")
        )
    return f'<div class="menu" role="menu">{"".join(made)}</div>'


def menu_bar(c: Composer) -> str:
    """The menus of a window."""
    made = c.times(3, 7, lambda: f'<button role="menuitem">{c.label("menu")}</button>')
    return f'<div class="menubar" role="menubar">{made}</div>'


def title_bar(c: Composer, title: str) -> str:
    """A window's title bar in the manner of one of the platforms."""
    dots = "".join(f'<i style="background:{colour}"></i>' for colour in ("#ff5f57", "#febc2e", "#28c840"))
    if c.dice.chance() < 0.3:
        return (
            f'<div class="title"><span class="dots">{dots}'
            f'</span><span class="fill centre">{title}</span></div>'
        )
    ends = "".join(icon_button(c, concept) for concept in ("minimise", "maximise", "close"))
    drawn = icon(c, c.concept()) if c.dice.chance() < 0.5 else ""
    return f'<div class="title">{drawn}<span class="fill">{title}</span><div class="tools">{ends}</div></div>'


def window(c: Composer, title: str, inside: str, *, kind: str = "", style: str = "") -> str:
    """A window with its title bar."""
    return f'<div class="window {kind}" style="{style}">{title_bar(c, title)}{inside}</div>'


def dialog(c: Composer) -> str:
    """A question or a small form in a window of its own."""
    ask = f"<p>{c.sentence()}</p>"
    inside = c.dice.one_of((ask, ask + options(c), form(c, 1, 3), ask + field(c), options(c) + dropdown(c)))
    end = (
        '<div class="row tight" style="justify-content:'
        f"{c.dice.one_of(('flex-end', 'center', 'flex-start'))}"
        '">'
    )
    end += button(c, kind="main") + c.times(1, 2, lambda: button(c)) + "</div>"
    width = min(c.width - 24, 240 + c.dice.below(260))
    return window(
        c,
        c.label("heading"),
        f'<div class="card col" style="border:0;border-radius:0">{inside}{end}</div>',
        style=f"width:{width}px;box-shadow:0 6px 24px #0005",
    )


def month(c: Composer) -> str:
    """A month's days in a grid."""
    first, days = c.dice.below(7), 28 + c.dice.below(4)
    head = "".join(f'<span class="muted small">{day[:2]}</span>' for day in DAYS)
    cells = "<span></span>" * first + "".join(f"<button>{n + 1}</button>" for n in range(days))
    name = f"{c.dice.one_of(MONTHS)} {2015 + c.dice.below(16)}"
    turn = icon_button(c, "chevron-left", "the month before") + icon_button(
        c, "chevron-right", "the month after"
    )
    return (
        '<div class="col tight"><div class="row between '
        f'stay"><b>{name}</b><div class="tools">{turn}</div></div>'
        f'<div class="cells" style="grid-template-columns:repeat(7,1fr)">{head}{cells}</div></div>'
    )


def place(c: Composer) -> str:
    """Name of a city."""
    return c.dice.one_of(CITIES)
