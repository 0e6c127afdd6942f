"""Parts of pages that show something, as HTML: cards, lists, tables, images, charts, numbers.

See `controls` for what all parts share.
"""

from __future__ import annotations

from model.data.screens.labels import CITIES, DAYS, MONTHS
from model.data.web.components.controls import COLOURED, icon, icon_button, icon_buttons, intent, link
from model.data.web.composer import Composer


def alert(c: Composer) -> str:
    """A line of text on a strong colour, perhaps with a cross to close it."""
    close = icon_button(c, "close", "make this notice go away") if c.rand.chance() < 0.6 else ""
    drawn = icon(c, c.rand.one_of(("info", "warning", "check-circle"))) if c.rand.chance() < 0.5 else ""
    kind = c.rand.one_of(COLOURED)
    return (
        f'<div class="card row stay {kind}">{drawn}<span class="fill">{c.sentence(3, 8)}</span>{close}</div>'
    )


def progress(c: Composer) -> str:
    """How far some objects are."""

    def line() -> str:
        at = c.rand.below(101)
        name = f'<div class="row between small"><span>{c.label("heading")}</span><span>{at}%</span></div>'
        return f'<div>{name}<div class="meter"><i style="width:{at}%"></i></div></div>'

    return f'<div class="col tight">{c.times(2, 5, line)}</div>'


def table(c: Composer, rows: int = 0, columns: int = 0) -> str:
    """A table; its rows may begin with a check box and end with icons that do something to them."""
    columns = columns or min(2 + c.rand.below(4), max(2, c.width // 150))
    acts = c.rand.one_of(((), (), ("edit", "trash"), ("eye",), ("more-vertical",), ("download", "trash")))
    ticked = c.rand.chance() < 0.2
    head = "".join(f"<th>{c.label('column')}</th>" for _ in range(columns))
    lines = []
    for _ in range(rows or 3 + c.rand.below(7)):
        cells = [c.value() for _ in range(columns)]
        who = cells[0]
        intents = {
            "edit": f"edit {who}",
            "trash": f"delete {who}",
            "eye": f"show {who}",
            "more-vertical": f"more about {who}",
            "download": f"download {who}",
        }
        inside = "".join(f"<td>{cell}</td>" for cell in cells)
        end = "".join(icon_button(c, act, intents[act]) for act in acts)
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
    """A row of a list: image or icon, title over a second line, something at the end."""
    key = c.new_id()
    second = f'<span class="small muted">{below}</span>' if below else ""
    return (
        f'<div class="li{" on" if on else ""}" role="option" aria-labelledby="{key}"{intent(wants)}>{start}'
        f'<div class="fill"><span id="{key}">{title}</span>{second}</div>{end}</div>'
    )


def face(c: Composer, name: str) -> str:
    """A round stand-in for a person's image."""
    initials = "".join(word[0] for word in name.split()[:2])
    return f'<span class="face" aria-hidden="true">{initials}</span>'


def image(c: Composer, height: float) -> str:
    """An image without a name.

    Args:
        c: Of the page.
        height: In letter sizes.
    """
    return f'<div class="pic" style="height:{height:.1f}em;background-image:{backdrop(c)}"></div>'


def backdrop(c: Composer) -> str:
    """A CSS image to lie behind objects."""
    return c.photo() if c.rand.chance() < 0.4 else c.gradient()


def chart(c: Composer) -> str:
    """Bars or a line, without names."""
    rand, points = c.rand, 5 + c.rand.below(10)
    heights = [8 + rand.below(52) for _ in range(points)]
    step = 200 / points
    if rand.chance() < 0.5:
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
    drawn = icon(c, c.concept()) if c.rand.chance() < 0.5 else ""
    number, label = c.value(), c.label("heading")
    order = (f'<div class="big">{number}</div>', f'<div class="muted">{label}</div>')
    inside = "".join(order if c.rand.chance() < 0.5 else order[::-1])
    more = link(c, c.rand.one_of(("More info", "View details", "See all"))) if c.rand.chance() < 0.2 else ""
    return f'<div class="card row stay between"><div>{inside}{more}</div>{drawn}</div>'


def card(c: Composer, inside: str, *, head: str = "") -> str:
    """A card with a heading, perhaps with icons at its right end."""
    head = head or c.label("heading")
    acts = icon_buttons(c, c.concepts(1 + c.rand.below(3))) if c.rand.chance() < 0.2 else ""
    level = c.rand.one_of(("h2", "h3", "h3", "h4"))
    return (
        '<section class="card col"><div class="row between"><'
        f"{level}>{head}</{level}>{acts}</div>{inside}</section>"
    )


def month(c: Composer) -> str:
    """A month's days in a grid."""
    first, days = c.rand.below(7), 28 + c.rand.below(4)
    head = "".join(f'<span class="muted small">{day[:2]}</span>' for day in DAYS)
    cells = "<span></span>" * first + "".join(f"<button>{n + 1}</button>" for n in range(days))
    name = f"{c.rand.one_of(MONTHS)} {2015 + c.rand.below(16)}"
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
    return c.rand.one_of(CITIES)
