"""Draws single widgets and reports them to the canvas.

Every function takes a canvas and the column and row of the widget's top left corner in pixels, and returns
the (width, height) in pixels that it took.
"""

from __future__ import annotations

from model.data.screens.canvas import ScreenCanvas
from model.data.screens.fonts import Face
from model.data.screens.theme import Colour, blend, readable_on

Size = tuple[float, float]
SIGNAL_COLOURS = ((200, 40, 50), (30, 140, 80), (220, 150, 20), (50, 110, 200), (110, 110, 120))


def control_height(canvas: ScreenCanvas) -> int:
    """Height of buttons, fields and drop-downs."""
    return canvas.line_height() + int(canvas.theme.em * 0.7)


def icon_size(canvas: ScreenCanvas) -> int:
    """Side of an icon that stands beside body text."""
    return int(canvas.theme.em * 1.25)


def button_width(canvas: ScreenCanvas, label: str, icon: str | None = None) -> float:
    """Width that a button takes unless it is given another."""
    extra = icon_size(canvas) + canvas.theme.em * 0.4 if icon else 0
    return int(canvas.text_width(label, canvas.theme.bold) + extra + canvas.theme.em * 1.6)


def button(
    canvas: ScreenCanvas,
    x: float,
    y: float,
    label: str,
    *,
    primary: bool = False,
    icon: str | None = None,
    width: float | None = None,
) -> Size:
    """A push button with text and perhaps an icon before it; a primary one has the accent colour."""
    theme = canvas.theme
    natural = button_width(canvas, label, icon)
    width, height = max(natural, width or 0), control_height(canvas)
    box = (int(x), int(y), int(x + width), int(y) + height)
    colour, edge, ink = button_colours(canvas, primary)
    if colour is not None:
        canvas.fill(box, colour, theme.radius, edge)
    if theme.button == "classic" and colour is not None and theme.radius == 0:
        _bevel(canvas, box, colour)
    left = x + (width - natural) / 2 + theme.em * 0.8
    canvas.add("button", label, box)
    if icon:
        side = icon_size(canvas)
        canvas.icon(left, y + (height - side) / 2, side, icon, ink)
        left += side + theme.em * 0.4
    canvas.text(left, y + (height - canvas.line_height(theme.bold)) / 2, label, ink, theme.bold)
    return width, height


def button_colours(canvas: ScreenCanvas, primary: bool) -> tuple[Colour | None, Colour | None, Colour]:
    """Fill, edge and text colour of a button in this theme; None where there is none."""
    theme = canvas.theme
    if primary and theme.button != "classic":
        return theme.accent, None, theme.on_accent
    if canvas.rand.chance() < 0.08:
        signal = canvas.rand.one_of(SIGNAL_COLOURS)
        return signal, None, readable_on(signal)
    if theme.button == "filled":
        grey = blend(theme.text, theme.panel, 0.35)
        return grey, None, readable_on(grey)
    if theme.button == "outlined":
        ink = theme.accent if _reads(theme.accent, theme.panel) else theme.text
        return theme.panel, ink, ink
    if theme.button == "flat":
        return None, None, theme.accent if _reads(theme.accent, theme.panel) else theme.text
    soft = blend(theme.panel, theme.text, 0.1)
    return soft, theme.border if theme.button == "classic" else None, theme.text


def icon_button(
    canvas: ScreenCanvas, x: float, y: float, concept: str, *, ink: Colour | None = None, side: int = 0
) -> Size:
    """A square button with nothing but an icon; the whole square is what the icon names."""
    theme = canvas.theme
    side = side or icon_size(canvas)
    pad = int(theme.em * 0.45)
    box = (int(x), int(y), int(x) + side + 2 * pad, int(y) + side + 2 * pad)
    framed = canvas.rand.chance()
    if framed < 0.25:
        canvas.fill(box, blend(theme.panel, theme.text, 0.08), theme.radius, theme.border)
        ink = theme.text
    elif framed < 0.35:
        canvas.fill(box, theme.accent, theme.radius)
        ink = theme.on_accent
    canvas.icon(box[0] + pad, box[1] + pad, side, concept, ink or theme.text)
    canvas.widen_last_icon(box)
    return side + 2 * pad, side + 2 * pad


def link(canvas: ScreenCanvas, x: float, y: float, label: str, *, ink: Colour | None = None) -> Size:
    """A text link."""
    theme = canvas.theme
    ink = ink or (theme.accent if _reads(theme.accent, theme.panel) else theme.text)
    box = canvas.text(x, y, label, ink)
    if theme.underlined:
        base = int(y + theme.body.ascent + max(1, theme.em / 14))
        canvas.line([(box[0], base), (box[2], base)], ink)
    canvas.add("link", label, (box[0] - 2, box[1] - 1, box[2] + 2, box[3] + 1))
    return box[2] - box[0], box[3] - box[1]


def field(canvas: ScreenCanvas, x: float, y: float, width: float, label: str, *, lines: int = 1) -> Size:
    """A text field with its label above, to the left or inside as a hint; sometimes filled in."""
    theme, rand = canvas.theme, canvas.rand
    x0, y0, role = x, y, "field"
    if theme.fields == "above":
        font = theme.small if rand.chance() < 0.5 else theme.bold
        canvas.text(x, y, label, theme.text, font)
        y0 += canvas.line_height(font) + theme.em * 0.2
    elif theme.fields == "left":
        canvas.text(x, y + theme.em * 0.35, label + rand.one_of(("", "", ":")), theme.text)
        x0 += max(width * 0.32, canvas.text_width(label + ":") + theme.em * 0.5)
    height = control_height(canvas) + (lines - 1) * canvas.line_height()
    box = (int(x0), int(y0), int(x + width), int(y0) + height)
    _field_frame(canvas, box)
    if theme.fields == "inside":
        canvas.text(x0 + theme.em * 0.5, y0 + theme.em * 0.35, label, theme.placeholder)
    elif rand.chance() < 0.35:
        value, at = canvas.writer.value(), (x0 + theme.em * 0.5, y0 + theme.em * 0.35)
        if "assword" in label:
            canvas.hint(*at, "•" * (4 + rand.below(8)))
        elif canvas.text_width(value) < box[2] - box[0] - theme.em:
            canvas.text(*at, value, theme.text)
    canvas.add(role, label, box)
    return width, y0 + height - y


def search_field(canvas: ScreenCanvas, x: float, y: float, width: float) -> Size:
    """A field to search with: a magnifier, a hint, or both."""
    theme, rand = canvas.theme, canvas.rand
    height = control_height(canvas)
    box = (int(x), int(y), int(x + width), int(y) + height)
    _field_frame(canvas, box, round_ends=rand.chance() < 0.4)
    left, side = x + theme.em * 0.6, icon_size(canvas)
    if rand.chance() < 0.7 and canvas.can_draw("search"):
        canvas.icon(left, y + (height - side) / 2, side, "search", theme.placeholder)
        left += side + theme.em * 0.4
    hint = rand.one_of(
        ("Search", "Search…", "Search...", "Type to search", f"Search {canvas.writer.word()}", "")
    )
    if hint and canvas.text_width(hint) < box[2] - left:
        canvas.text(left, y + (height - canvas.line_height()) / 2, hint, theme.placeholder)
    canvas.add("search", "Search", box)
    return width, height


def dropdown(canvas: ScreenCanvas, x: float, y: float, width: float, label: str, *, own_label: bool) -> Size:
    """A drop-down list; its label is the value it shows, or stands above it when `own_label` is true."""
    theme = canvas.theme
    y0, shown = y, label
    if own_label:
        canvas.text(x, y, label, theme.text, theme.small)
        y0 += canvas.line_height(theme.small) + theme.em * 0.2
        shown = canvas.writer.label("option")
    height = control_height(canvas)
    width = max(width, canvas.text_width(shown) + theme.em * 2.4)
    box = (int(x), int(y0), int(x + width), int(y0) + height)
    _field_frame(canvas, box)
    canvas.text(x + theme.em * 0.5, y0 + (height - canvas.line_height()) / 2, shown, theme.text)
    _arrow(canvas, box[2] - theme.em, (box[1] + box[3]) / 2, theme.em * 0.28, theme.muted)
    canvas.add("dropdown", label, box)
    return width, y0 + height - y


def option(canvas: ScreenCanvas, x: float, y: float, label: str, kind: str, *, width: float = 0) -> Size:
    """A check box, radio button or toggle with its label; the label is part of what can be clicked."""
    theme, on = canvas.theme, canvas.rand.chance() < 0.45
    side, line = int(theme.em * 1.05), canvas.line_height()
    top = int(y + (line - side) / 2)
    if kind == "toggle":
        mark = side * 1.8
        at = x + max(0.0, width - mark)
        _switch(canvas, at, top, mark, side, on)
        box = canvas.text(x if width else x + mark + theme.em * 0.5, y, label, theme.text)
        right = max(box[2], at + mark)
    else:
        (_radio_mark if kind == "radio" else _check_mark)(canvas, int(x), top, side, on)
        box = canvas.text(x + side + theme.em * 0.5, y, label, theme.text)
        right = box[2]
    canvas.add(kind, label, (int(x), int(y), int(right + 1), int(y + line)))
    return right - x, line


def tabs(canvas: ScreenCanvas, x: float, y: float, labels: list[str], width: float) -> Size:
    """A row of tabs, one of them current."""
    theme = canvas.theme
    style, current = canvas.rand.one_of(("line", "line", "folder", "pill")), canvas.rand.below(len(labels))
    height, cursor = control_height(canvas), x
    if style != "pill":
        canvas.line([(x, y + height - 1), (x + width, y + height - 1)], theme.border)
    for position, label in enumerate(labels):
        size = canvas.text_width(label) + theme.em * 1.6
        if cursor + size > x + width:
            break
        box = (int(cursor), int(y), int(cursor + size), int(y) + height)
        ink = theme.muted
        if position == current:
            ink = theme.text
            if style == "line":
                canvas.fill((box[0], box[3] - 3, box[2], box[3]), theme.accent)
            elif style == "folder":
                canvas.fill(box, theme.panel, min(theme.radius, 4), theme.border)
            else:
                canvas.fill(box, theme.accent, theme.radius)
                ink = theme.on_accent
        canvas.text(cursor + theme.em * 0.8, y + (height - canvas.line_height()) / 2, label, ink)
        canvas.add("tab", label, box)
        cursor += size + (theme.em * 0.3 if style == "pill" else 0)
    return cursor - x, height


def slider(canvas: ScreenCanvas, x: float, y: float, width: float, label: str) -> Size:
    """A slider with its label above; the whole track is what can be dragged."""
    theme = canvas.theme
    box = canvas.text(x, y, label, theme.text, theme.small)
    middle, knob = box[3] + theme.em * 0.8, int(theme.em * 0.55)
    value = canvas.rand.between(0.1, 0.9)
    canvas.fill((x, middle - 2, x + width, middle + 2), theme.border, 2)
    canvas.fill((x, middle - 2, x + width * value, middle + 2), theme.accent, 2)
    at = x + width * value
    canvas.fill((at - knob, middle - knob, at + knob, middle + knob), theme.accent, knob, theme.panel)
    canvas.add("slider", label, (int(x), int(middle - knob), int(x + width), int(middle + knob)))
    return width, middle + knob - y


def text_line(
    canvas: ScreenCanvas,
    x: float,
    y: float,
    text: str,
    role: str = "text",
    font: Face | None = None,
) -> Size:
    """A line of text that does nothing when clicked but can be asked for: a heading, a cell."""
    theme = canvas.theme
    box = canvas.text(x, y, text, theme.text if role == "heading" else theme.muted, font)
    canvas.add(role, text, box)
    return box[2] - box[0], box[3] - box[1]


def paragraph(canvas: ScreenCanvas, x: float, y: float, width: float, lines: int) -> Size:
    """Running text, wrapped to a width."""
    theme, top = canvas.theme, y
    font = theme.small if canvas.rand.chance() < 0.4 else theme.body
    step = int(canvas.line_height(font) * canvas.rand.between(1.0, 1.25))
    for _ in range(lines):
        words = canvas.writer.phrase(2, 12).split(" ")
        while len(words) > 1 and canvas.text_width(" ".join(words), font) > width:
            words.pop()
        if canvas.text_width(words[0], font) <= width:
            canvas.text(x, y, " ".join(words), theme.muted, font)
        y += step
    return width, y - top


def badge(canvas: ScreenCanvas, x: float, y: float, label: str) -> Size:
    """A small coloured pill with a word in it."""
    theme = canvas.theme
    colour = canvas.rand.one_of(SIGNAL_COLOURS)
    width, height = canvas.text_width(label, theme.small) + theme.em, canvas.line_height(theme.small) + 2
    box = (int(x), int(y), int(x + width), int(y) + height)
    canvas.fill(box, colour, height // 2 if canvas.rand.chance() < 0.6 else 3)
    canvas.text(x + theme.em / 2, y + 1, label, readable_on(colour), theme.small)
    canvas.add("text", label, box)
    return width, height


def image(canvas: ScreenCanvas, x: float, y: float, width: float, height: float) -> Size:
    """Something that stands for a photograph: two colours and a few shapes."""
    rand = canvas.rand
    colour = (rand.below(256), rand.below(256), rand.below(256))
    other = (rand.below(256), rand.below(256), rand.below(256))
    canvas.fill((x, y, x + width, y + height), colour, canvas.theme.radius)
    for _ in range(1 + rand.below(3)):
        w, h = width * rand.between(0.2, 0.6), height * rand.between(0.2, 0.6)
        left, top = x + (width - w) * rand.chance(), y + (height - h) * rand.chance()
        canvas.fill(
            (left, top, left + w, top + h),
            blend(colour, other, rand.chance()),
            int(min(w, h) * rand.chance()),
        )
    return width, height


def progress(canvas: ScreenCanvas, x: float, y: float, width: float) -> Size:
    """A progress bar; nothing to ask for."""
    height = max(4, int(canvas.theme.em * canvas.rand.between(0.3, 0.9)))
    canvas.fill(
        (x, y, x + width, y + height), blend(canvas.theme.panel, canvas.theme.text, 0.15), height // 2
    )
    canvas.fill((x, y, x + width * canvas.rand.chance(), y + height), canvas.theme.accent, height // 2)
    return width, height


def _bevel(canvas: ScreenCanvas, box: tuple[int, int, int, int], colour: Colour) -> None:
    """Light edges above and left, dark ones below and right."""
    x0, y0, x1, y1 = box[0], box[1], box[2] - 1, box[3] - 1
    canvas.line([(x0, y1), (x0, y0), (x1, y0)], blend(colour, (255, 255, 255), 0.6))
    canvas.line([(x0, y1), (x1, y1), (x1, y0)], blend(colour, (0, 0, 0), 0.5))


def _field_frame(canvas: ScreenCanvas, box: tuple[int, int, int, int], *, round_ends: bool = False) -> None:
    theme = canvas.theme
    radius = 99 if round_ends else min(theme.radius, 8)
    canvas.fill(box, theme.field, radius, theme.accent if canvas.rand.chance() < 0.06 else theme.border)


def _check_mark(canvas: ScreenCanvas, x: int, y: int, side: int, on: bool) -> None:
    theme, radius = canvas.theme, min(canvas.theme.radius, side // 4)
    if not on:
        canvas.fill((x, y, x + side, y + side), theme.field, radius, blend(theme.border, theme.text, 0.3))
        return
    canvas.fill((x, y, x + side, y + side), theme.accent, radius)
    tick = [(0.22, 0.52), (0.42, 0.72), (0.78, 0.3)]
    canvas.line([(x + side * u, y + side * v) for u, v in tick], theme.on_accent, side / 8)


def _radio_mark(canvas: ScreenCanvas, x: int, y: int, side: int, on: bool) -> None:
    theme = canvas.theme
    edge = theme.accent if on else blend(theme.border, theme.text, 0.3)
    canvas.fill((x, y, x + side, y + side), theme.field, side // 2, edge)
    if on:
        inset = max(3, side // 4)
        canvas.fill((x + inset, y + inset, x + side - inset, y + side - inset), theme.accent, side // 2)


def _switch(canvas: ScreenCanvas, x: float, y: float, width: float, height: int, on: bool) -> None:
    theme = canvas.theme
    ground = theme.accent if on else blend(theme.panel, theme.text, 0.3)
    canvas.fill((x, y, x + width, y + height), ground, height // 2)
    left = x + width - height + 2 if on else x + 2
    canvas.fill((left, y + 2, left + height - 4, y + height - 2), (255, 255, 255), height // 2)


def _arrow(canvas: ScreenCanvas, x: float, y: float, size: float, ink: Colour) -> None:
    canvas.line(
        [(x - size, y - size / 2), (x, y + size / 2), (x + size, y - size / 2)], ink, canvas.theme.em / 9
    )


def _reads(ink: Colour, ground: Colour) -> bool:
    weights = (0.299, 0.587, 0.114)
    return abs(sum(w * (a - b) for w, a, b in zip(weights, ink, ground, strict=True))) > 70
