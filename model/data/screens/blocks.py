"""Groups of widgets that fill a width: forms, toolbars, tables, cards.

Every block takes a canvas, the column and row of its top left corner and its width in pixels, and returns
its height in pixels; 0 when it does not fit and draws nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from model.data.screens import widgets
from model.data.screens.canvas import ScreenCanvas
from model.data.screens.labels import MONTHS
from model.data.screens.theme import blend


def heading(canvas: ScreenCanvas, x: float, y: float, width: float) -> float:
    """A heading, perhaps with a line of text below it."""
    label = canvas.writer.label("heading")
    if canvas.text_width(label, canvas.theme.heading) > width:
        return 0.0
    height = widgets.text_line(canvas, x, y, label, "heading", canvas.theme.heading)[1]
    if canvas.rand.chance() < 0.3:
        height += widgets.paragraph(canvas, x, y + height, width, 1)[1]
    return height


def text(canvas: ScreenCanvas, x: float, y: float, width: float) -> float:
    """A paragraph."""
    return widgets.paragraph(canvas, x, y, width, 1 + canvas.rand.below(3))[1]


def button_row(canvas: ScreenCanvas, x: float, y: float, width: float) -> float:
    """Buttons side by side, the first or the last one primary."""
    rand, em = canvas.rand, canvas.theme.em
    height, right, primary = widgets.control_height(canvas), x + width, rand.below(4)
    for position in range(1 + rand.below(4)):
        label = canvas.writer.label("action")
        icon = canvas.any_icon() if rand.chance() < 0.22 else None
        size = widgets.button_width(canvas, label, icon)
        if x + size > right:
            break
        widgets.button(canvas, x, y, label, primary=position == primary, icon=icon)
        x += size + em * 0.6
    return height


def wide_button(canvas: ScreenCanvas, x: float, y: float, width: float) -> float:
    """One button as wide as the block."""
    label = canvas.writer.label("action")
    if widgets.button_width(canvas, label) > width:
        return 0.0
    return widgets.button(
        canvas, x, y, label, primary=canvas.rand.chance() < 0.7, width=min(width, canvas.theme.em * 24)
    )[1]


def link_row(canvas: ScreenCanvas, x: float, y: float, width: float) -> float:
    """Links side by side, as in a footer or a path."""
    rand, em, right = canvas.rand, canvas.theme.em, x + width
    between = rand.one_of(("", "", "|", "/", "›", "·"))
    for position in range(2 + rand.below(5)):
        label = canvas.writer.label("navigation")
        if x + canvas.text_width(label) + em > right:
            break
        if position and between:
            canvas.hint(x - em * 0.75, y, between)
        x += widgets.link(canvas, x, y, label)[0] + em * 1.2
    return canvas.line_height()


def form(canvas: ScreenCanvas, x: float, y: float, width: float) -> float:
    """Fields below one another, some of them in pairs, some drop-downs."""
    rand, em, top = canvas.rand, canvas.theme.em, y
    width = min(width, em * rand.between(16, 30))
    for _ in range(1 + rand.below(4)):
        if rand.chance() < 0.2:
            label, own = canvas.writer.label("field"), rand.chance() < 0.7
            if not own:
                label = canvas.writer.label("option")
            size = min(width, em * rand.between(8, 16))
            y += widgets.dropdown(canvas, x, y, size, label, own_label=own)[1] + em * 0.8
        elif rand.chance() < 0.25 and width > em * 18 and canvas.theme.fields != "left":
            half = (width - em) / 2
            widgets.field(canvas, x, y, half, _field_label(canvas, half))
            y += widgets.field(canvas, x + half + em, y, half, _field_label(canvas, half))[1] + em * 0.8
        else:
            lines = 3 if rand.chance() < 0.07 else 1
            y += widgets.field(canvas, x, y, width, _field_label(canvas, width), lines=lines)[1] + em * 0.8
    return y - top


def _field_label(canvas: ScreenCanvas, width: float) -> str:
    label = canvas.writer.label("field")
    return label if canvas.text_width(label, canvas.theme.bold) < width * 0.8 else "Name"


def search(canvas: ScreenCanvas, x: float, y: float, width: float) -> float:
    """A search field, perhaps with a button behind it."""
    em = canvas.theme.em
    size = min(width, em * canvas.rand.between(12, 22))
    label = canvas.rand.one_of(("Search", "Go", "Find"))
    beside = widgets.button_width(canvas, label)
    if canvas.rand.chance() < 0.3 and size + beside + em < width:
        widgets.button(canvas, x + size + em * 0.4, y, label)
    return widgets.search_field(canvas, x, y, size)[1]


def options(canvas: ScreenCanvas, x: float, y: float, width: float) -> float:
    """Check boxes, radio buttons or toggles, below one another or side by side."""
    rand, em, top = canvas.rand, canvas.theme.em, y
    kind = (
        "toggle"
        if canvas.theme.toggles and rand.chance() < 0.7
        else rand.one_of(("checkbox", "checkbox", "radio"))
    )
    across, left = rand.chance() < 0.35, x
    spread = em * rand.between(12, 22) if kind == "toggle" and rand.chance() < 0.6 and not across else 0.0
    for _ in range(1 + rand.below(5)):
        label = canvas.writer.label("option")
        size = canvas.text_width(label) + em * 3.2
        if across and left + size > x + width:
            break
        if not across and size > width:
            continue
        widgets.option(canvas, left, y, label, kind, width=min(spread, width))
        if across:
            left += size
        else:
            y += canvas.line_height() + em * 0.55
    return y - top + (canvas.line_height() if across else 0)


def tab_row(canvas: ScreenCanvas, x: float, y: float, width: float) -> float:
    """A row of tabs."""
    labels = [canvas.writer.label("navigation") for _ in range(2 + canvas.rand.below(5))]
    return widgets.tabs(canvas, x, y, labels, width)[1]


def toolbar(canvas: ScreenCanvas, x: float, y: float, width: float) -> float:
    """Icon buttons in a row, sometimes with divisions and words below."""
    rand, theme, right = canvas.rand, canvas.theme, x + width
    side = int(theme.em * rand.one_of((1.25, 1.25, 1.5, 2.0)))
    ink = rand.one_of((theme.text, theme.text, theme.muted, theme.accent))
    step, height = side + theme.em * rand.between(0.9, 1.8), side + 2 * int(theme.em * 0.45)
    captioned = rand.chance() < 0.15
    for concept in dict.fromkeys(canvas.any_icon() for _ in range(2 + rand.below(9))):
        label = canvas.writer.label("entry") if captioned else ""
        room = max(step, canvas.text_width(label, theme.small) + theme.em) if label else step
        if x + room > right:
            break
        inset = (room - height) / 2 if label else 0
        widgets.icon_button(canvas, x + inset, y, concept, ink=ink, side=side)
        if label:
            below = canvas.text(x + theme.em / 2, y + height, label, theme.text, theme.small)
            canvas.add("button", label, (x, y, x + room, below[3]))
        x += room + (theme.em * 0.8 if rand.chance() < 0.15 else 0)
    return height + (canvas.line_height(theme.small) if captioned else 0)


def table(canvas: ScreenCanvas, x: float, y: float, width: float) -> float:
    """A table with column heads; its cells can be asked for by what they say."""
    rand, theme, top = canvas.rand, canvas.theme, y
    columns = max(1, min(2 + rand.below(4), int(width / (theme.em * 7))))
    step, row = width / columns, canvas.line_height() + int(theme.em * rand.between(0.3, 1.0))
    striped, ruled = rand.chance() < 0.4, rand.chance() < 0.6
    canvas.fill((x, y, x + width, y + row), blend(theme.panel, theme.text, 0.1))
    for column in range(columns):
        _cell(canvas, x + column * step, y, step, row, canvas.writer.label("column"), heading=True)
    for position in range(2 + rand.below(5)):
        y += row
        if striped and position % 2:
            canvas.fill((x, y, x + width, y + row), blend(theme.panel, theme.text, 0.05))
        if ruled:
            canvas.line([(x, y), (x + width, y)], theme.border)
        for column in range(columns):
            if column == columns - 1 and rand.chance() < 0.3:
                _row_action(canvas, x + column * step, y, row)
                continue
            _cell(canvas, x + column * step, y, step, row, canvas.writer.value())
    return y + row - top


def _cell(
    canvas: ScreenCanvas, x: float, y: float, width: float, row: float, label: str, *, heading: bool = False
) -> None:
    em, font = canvas.theme.em, canvas.theme.bold if heading else canvas.theme.body
    if canvas.text_width(label, font) < width - em:
        top = y + (row - canvas.line_height(font)) / 2
        widgets.text_line(canvas, x + em / 2, top, label, "heading" if heading else "text", font)


def _row_action(canvas: ScreenCanvas, x: float, y: float, row: float) -> None:
    side = min(int(canvas.theme.em * 1.1), int(row) - 2)
    concept = canvas.rand.one_of(("trash", "edit", "ellipsis", "eye", "download"))
    if canvas.can_draw(concept):
        canvas.icon(x + canvas.theme.em / 2, y + (row - side) / 2, side, concept, canvas.theme.muted)


def file_list(canvas: ScreenCanvas, x: float, y: float, width: float) -> float:
    """Rows of an icon and a name, perhaps with something at the right end, as in a sidebar or a file list."""
    rand, theme, top = canvas.rand, canvas.theme, y
    named, row = rand.chance() < 0.5, canvas.line_height() + int(theme.em * rand.between(0.4, 1.2))
    same = canvas.any_icon() if rand.chance() < 0.4 else None
    count, current = 2 + rand.below(6), rand.below(12)
    side = widgets.icon_size(canvas)
    with_icon = rand.chance() < 0.75
    for position in range(count):
        label = canvas.writer.value() if named else canvas.writer.label("navigation")
        left = x + theme.em * 0.5
        room = width - theme.em * (3.0 if with_icon else 1.2)
        if canvas.text_width(label) > room:
            continue
        if position == current:
            canvas.fill((x, y, x + width, y + row), canvas.hover(theme.panel), theme.radius)
        if with_icon:
            canvas.icon(left, y + (row - side) / 2, side, same or canvas.any_icon(), theme.muted)
            left += side + theme.em * 0.6
        canvas.text(left, y + (row - canvas.line_height()) / 2, label, theme.text)
        right = min(x + width, left + canvas.text_width(label) + theme.em)
        canvas.add("item", label, (int(x), int(y), int(right), int(y + row)))
        y += row
    return y - top


def card(canvas: ScreenCanvas, x: float, y: float, width: float) -> float:
    """A framed card: image, title, text, buttons."""
    rand, theme, em = canvas.rand, canvas.theme, canvas.theme.em
    width = min(width, em * rand.between(12, 24))
    photo = width * rand.between(0.25, 0.5) if rand.chance() < 0.4 else 0.0
    pad, title = em * 0.8, canvas.writer.label("heading")
    lines, row = rand.below(3), widgets.control_height(canvas)
    step = canvas.line_height() * 1.25
    height = photo + canvas.line_height(theme.heading) + lines * step + row + 3 * pad
    canvas.fill((x, y, x + width, y + height), theme.panel, min(theme.radius, 12), theme.border)
    if photo:
        widgets.image(canvas, x + 1, y + 1, width - 2, photo)
    inner, below = x + pad, y + photo + pad
    if canvas.text_width(title, theme.heading) < width - 2 * pad:
        widgets.text_line(canvas, inner, below, title, "heading", theme.heading)
    below += canvas.line_height(theme.heading)
    if lines:
        widgets.paragraph(canvas, inner, below, width - 2 * pad, lines)
    block = rand.one_of((button_row, button_row, link_row, wide_button))
    block(canvas, inner, y + height - row - pad, width - 2 * pad)
    return height


def sliders(canvas: ScreenCanvas, x: float, y: float, width: float) -> float:
    """One or two sliders."""
    em, top = canvas.theme.em, y
    for _ in range(1 + canvas.rand.below(2)):
        label = canvas.writer.label("field")
        y += widgets.slider(canvas, x + em / 2, y, min(width - em, em * 14), label)[1] + em * 0.6
    return y - top


def badges(canvas: ScreenCanvas, x: float, y: float, width: float) -> float:
    """Small coloured pills side by side."""
    right, height = x + width, 0.0
    for _ in range(1 + canvas.rand.below(5)):
        label = canvas.writer.label("state")
        if x + canvas.text_width(label, canvas.theme.small) + 2 * canvas.theme.em > right:
            break
        size, height = widgets.badge(canvas, x, y, label)
        x += size + canvas.theme.em * 0.5
    return height


def progress(canvas: ScreenCanvas, x: float, y: float, width: float) -> float:
    """A progress bar."""
    return widgets.progress(canvas, x, y, min(width, canvas.theme.em * 20))[1]


def keypad(canvas: ScreenCanvas, x: float, y: float, width: float) -> float:
    """Square buttons with digits and signs, as on a calculator or a phone."""
    rand, em = canvas.rand, canvas.theme.em
    rows = rand.one_of(
        (("789/", "456*", "123-", "0.=+"), ("123", "456", "789", "*0#"), ("C()÷", "789×", "456−", "123+"))
    )
    side = em * rand.between(2.0, 3.4)
    if side * len(rows[0]) > width:
        return 0.0
    height = widgets.control_height(canvas) + em * 0.3
    for position, row in enumerate(rows):
        for column, sign in enumerate(row):
            widgets.button(canvas, x + column * side, y + position * height, sign, width=side - em * 0.3)
    return len(rows) * height


def month(canvas: ScreenCanvas, x: float, y: float, width: float) -> float:
    """The days of a month in rows of seven, with arrows to its neighbours."""
    rand, theme, em = canvas.rand, canvas.theme, canvas.theme.em
    step, row = em * 2.1, canvas.line_height() + em * 0.4
    if step * 7 > width:
        return 0.0
    name = rand.one_of(MONTHS) + rand.one_of(("", f" {2020 + rand.below(12)}"))
    widgets.text_line(canvas, x + step * 3.5 - canvas.text_width(name) / 2, y, name, "heading")
    side = widgets.icon_size(canvas)
    for at, concept in ((x, "chevron-left"), (x + step * 7 - side, "chevron-right")):
        if canvas.can_draw(concept):
            canvas.icon(at, y, side, concept, theme.text)
    first, days, today = rand.below(7), 28 + rand.below(4), 1 + rand.below(28)
    y += row * 1.2
    for day in range(1, days + 1):
        left, top = x + (first + day - 1) % 7 * step, y + (first + day - 1) // 7 * row
        if day == today:
            canvas.fill((left, top, left + step, top + row), theme.accent, theme.radius)
        ink, label = theme.on_accent if day == today else theme.text, str(day)
        canvas.text(left + (step - canvas.text_width(label)) / 2, top + em * 0.2, label, ink)
        canvas.add("button", label, (int(left), int(top), int(left + step), int(top + row)))
    return row * 7.4


def pager(canvas: ScreenCanvas, x: float, y: float, width: float) -> float:
    """Page numbers between "Previous" and "Next"."""
    rand, em, right = canvas.rand, canvas.theme.em, x + width
    start = 1 + rand.below(8)
    before, after = rand.one_of(
        (("Previous", "Next"), ("Prev", "Next"), ("«", "»"), ("<", ">"), ("First", "Last"))
    )
    labels = [before, *(str(start + step) for step in range(2 + rand.below(4))), after]
    current = 1 + rand.below(len(labels) - 2)
    for position, label in enumerate(labels):
        size = widgets.button_width(canvas, label) - em * 0.4
        if x + size > right:
            break
        widgets.button(canvas, x, y, label, primary=position == current)
        x += size + em * 0.7
    return widgets.control_height(canvas)


Block = Callable[[ScreenCanvas, float, float, float], float]
BLOCKS: tuple[Block, ...] = (
    *(
        button_row,
        button_row,
        button_row,
        button_row,
        form,
        form,
        form,
        options,
        options,
        options,
        toolbar,
        toolbar,
    ),
    *(
        toolbar,
        tab_row,
        tab_row,
        link_row,
        link_row,
        table,
        file_list,
        file_list,
        card,
        heading,
        heading,
        text,
    ),
    *(search, search, sliders, badges, wide_button, progress, pager, keypad, month),
)


def fill_region(canvas: ScreenCanvas, x0: float, y0: float, x1: float, y1: float) -> None:
    """Stacks random blocks from the top of a region until its bottom is reached; the last one may be cut.

    Args:
        canvas: Where to draw.
        x0: Left edge, pixels.
        y0: Top edge, pixels.
        x1: Right edge, pixels.
        y1: Bottom edge, pixels.
    """
    em, y = canvas.theme.em, y0
    gap = em * canvas.rand.between(0.5, 1.2)
    if canvas.rand.chance() < 0.4:
        y += heading(canvas, x0, y, x1 - x0) + gap
    while y < y1 - em * 2:
        block = canvas.rand.one_of(BLOCKS)
        indent = em * canvas.rand.between(0, 3) if canvas.rand.chance() < 0.2 and x1 - x0 > em * 20 else 0.0
        y += block(canvas, x0 + indent, y, x1 - x0 - indent) + gap
