"""Parts of pages to press, to tick and to fill in, as HTML: buttons, links, fields, forms.

Every part takes a `Composer` and returns HTML. Its writer gives the labels; the CSS of
`model.data.web.theme` gives the look.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape as safe

from model.data.web.composer import Composer

COLOURED = ("danger", "good", "note", "careful", "dark")  # looks of buttons and alerts


def intent(*texts: str) -> str:
    """Returns the attribute that says what people want of an element; "" without texts.

    Args:
        texts: Ways to say it; empty ones are left out.
    """
    joined = "|".join(text for text in texts if text)
    return f' data-intent="{joined}"' if joined else ""


def icon(c: Composer, concept: str) -> str:
    """An icon that is no button of its own."""
    svg = c.svg(concept)
    return f'<i class="ic" data-concept="{concept}">{svg}</i>' if svg else ""


def button(c: Composer, label: str = "", kind: str = "", *, drawing: str = "", wants: str = "") -> str:
    """A push button, made in one of the ways pages make them."""
    label = label or c.label("action")
    drawn, how = icon(c, drawing) if drawing else "", c.rand.chance()
    if how < 0.2:
        return f'<a class="btn {kind}" href="#"{intent(wants)}>{drawn}{label}</a>'
    if how < 0.28 and not drawn:
        return f'<input type="button" class="b {kind}" value="{label}"{intent(wants)}>'
    return f'<button class="b {kind}"{intent(wants)}>{drawn}{label}</button>'


def buttons(c: Composer, most: int = 4) -> str:
    """Buttons side by side, at most one of them the main one."""
    main, count = c.rand.below(5), 1 + c.rand.below(most)
    coloured = c.rand.chance() < 0.1
    made = (
        button(
            c,
            kind="main" if number == main else c.rand.one_of(COLOURED) if coloured else "",
            drawing=c.concept() if c.rand.chance() < 0.2 else "",
        )
        for number in range(count)
    )
    return f'<div class="row tight">{"".join(made)}</div>'


def icon_button(c: Composer, concept: str, wants: str = "") -> str:
    """A button with nothing but an icon; nothing when the concept cannot be drawn."""
    svg = c.svg(concept)
    if not svg:
        return ""
    tag, more = ("a", ' href="#"') if c.rand.chance() < 0.2 else ("button", "")
    return f'<{tag} class="icb" data-concept="{concept}"{more}{intent(wants)}>{svg}</{tag}>'


def icon_buttons(c: Composer, concepts: Sequence[str]) -> str:
    """Icon buttons in a row, now and then with a line between two."""
    made = [icon_button(c, concept) for concept in concepts]
    between = ("" if c.rand.chance() < 0.88 else '<i class="gap"></i>' for _ in made)
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
    filled = f' value="{c.value()}"' if kind == "text" and c.rand.chance() < 0.18 else ""
    if c.beside == "hint" and not filled:
        return f'<div class="f"><input type="{kind}" placeholder="{label}"></div>'
    hint = f' placeholder="{c.value()}"' if c.rand.chance() < 0.15 else ""
    star = c.rand.one_of(("", "", "", ":", " *"))
    place = "left" if c.beside == "left" and c.width > 420 else "above"
    return (
        f'<div class="f {place}"><label for="{key}">{label}{star}</label>'
        f'<input id="{key}" type="{kind}"{filled}{hint}></div>'
    )


def text_area(c: Composer, label: str = "") -> str:
    """A field of several lines."""
    label, key = label or c.rand.one_of(("Message", "Comment", "Description", "Notes", "Bio")), c.new_id()
    rows = 2 + c.rand.below(4)
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
    state = " checked" if c.rand.chance() < 0.4 else ""
    box = (
        f'<input type="checkbox" role="switch"{state}>'
        if kind == "toggle"
        else f'<input type="{kind}" name="{group}"{state}>'
    )
    parts = (f"<span>{label}</span>", box) if across else (box, f"<span>{label}</span>")
    return f'<label class="tick{" across" if across else ""}">{"".join(parts)}</label>'


def options(c: Composer) -> str:
    """Check boxes, radio buttons or switches, under one another or side by side."""
    kind = "toggle" if c.switches else c.rand.one_of(("checkbox", "checkbox", "radio"))
    group, layout = c.new_id(), c.rand.one_of(("col tight", "col tight", "row"))
    across = kind == "toggle" and layout != "row" and c.rand.chance() < 0.6
    made = c.times(2, 5, lambda: tick(c, kind, group=group, across=across))
    return f'<div class="{layout}">{made}</div>'


def slider(c: Composer, label: str = "") -> str:
    """A slider with its label."""
    label = label or c.rand.one_of(
        ("Volume", "Brightness", "Opacity", "Speed", "Size", "Contrast", "Balance")
    )
    key, at = c.new_id(), c.rand.below(101)
    return (
        f'<div class="row stay"><label for="{key}">{label}</label>'
        f'<input class="fill" id="{key}" type="range" value="{at}"></div>'
    )


def search(c: Composer) -> str:
    """A search field, perhaps with an icon in it and a button behind it."""
    hint = c.rand.one_of(("Search", "Search", "Search…", "Search here", f"Search {c.writer.word()}"))
    drawn = icon(c, "search") if c.rand.chance() < 0.4 else ""
    after = button(c, c.rand.one_of(("Search", "Go", "Find"))) if c.rand.chance() < 0.2 else ""
    kind = c.rand.one_of(("search", "text"))
    return f'<div class="searchbox">{drawn}<input type="{kind}" placeholder="{safe(hint)}"></div>{after}'


def form(c: Composer, low: int = 2, high: int = 5) -> str:
    """Fields, perhaps two to a row, with options and buttons."""
    made = [
        dropdown(c) if c.rand.chance() < 0.18 else text_area(c) if c.rand.chance() < 0.06 else field(c)
        for _ in range(low + c.rand.below(high - low + 1))
    ]
    layout = "grid" if c.rand.chance() < 0.35 else "col"
    fields = f'<div class="{layout}">{"".join(made)}</div>'
    extra = options(c) if c.rand.chance() < 0.35 else ""
    return f'<div class="col">{fields}{extra}{buttons(c, 3)}</div>'
