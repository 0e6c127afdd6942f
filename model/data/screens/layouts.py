"""Whole screens: pages, windows, dialogs, open menus, regions side by side."""

from __future__ import annotations

from model.data.screens import blocks, widgets
from model.data.screens.canvas import ScreenCanvas
from model.data.screens.theme import blend


def compose(canvas: ScreenCanvas) -> None:
    """Draws one random screen that fills the canvas.

    Args:
        canvas: Where to draw.
    """
    rand = canvas.rand
    kind = rand.one_of(
        ("page", "page", "page", "window", "window", "desktop", "panel", "panel", "panel", "settings")
    )
    em, width, height = canvas.theme.em, canvas.width, canvas.height
    if kind == "page":
        _page(canvas)
    elif kind == "window":
        _window(canvas, 0, 0, width, height)
    elif kind == "desktop":
        _desktop(canvas)
    elif kind == "settings":
        _two_sides(canvas, 0, 0, width, height)
    else:
        canvas.fill((0, 0, width, height), canvas.theme.panel)
        shift = em * rand.between(-1, 1.5)
        _columns(canvas, em * rand.between(0.2, 2), shift, width - em * 0.5, height)
    if rand.chance() < 0.14:
        _open_menu(canvas)
    if rand.chance() < 0.12:
        _dialog(canvas, shaded=rand.chance() < 0.35)


def _page(canvas: ScreenCanvas) -> None:
    theme, rand, em = canvas.theme, canvas.rand, canvas.theme.em
    bar = int(widgets.control_height(canvas) * rand.between(1.2, 1.8))
    canvas.fill((0, 0, canvas.width, canvas.height), theme.panel)
    canvas.fill((0, 0, canvas.width, bar), theme.bar)
    _navigation(canvas, bar)
    if rand.chance() < 0.4 and canvas.width > em * 34:
        side = em * rand.between(10, 14)
        blocks.file_list(canvas, em * 0.5, bar + em * 0.5, side)
        _columns(canvas, side + em * 1.5, bar + em, canvas.width - em, canvas.height)
    else:
        _columns(canvas, em * rand.between(0.6, 2), bar + em, canvas.width - em, canvas.height)


def _navigation(canvas: ScreenCanvas, bar: int) -> None:
    theme, rand, em = canvas.theme, canvas.rand, canvas.theme.em
    middle, x = (bar - canvas.line_height()) / 2, em
    if rand.chance() < 0.6:
        brand = canvas.writer.word().capitalize()
        box = canvas.text(x, (bar - canvas.line_height(theme.bold)) / 2, brand, theme.bar_text, theme.bold)
        canvas.add("link", brand, box)
        x = box[2] + em * 1.5
    right = canvas.width - em * 0.5
    side = widgets.icon_size(canvas) + 2 * int(em * 0.45)
    for concept in dict.fromkeys(canvas.any_icon() for _ in range(rand.below(4))):
        if right - side < x + em * 8:
            break
        right -= side
        widgets.icon_button(canvas, right, (bar - side) / 2, concept, ink=theme.bar_text)
    while True:
        label = canvas.writer.label("navigation")
        if x + canvas.text_width(label) > right - em:
            break
        box = canvas.text(x, middle, label, theme.bar_text)
        canvas.add("link", label, (box[0] - 3, box[1] - 2, box[2] + 3, box[3] + 2))
        x = box[2] + em * 1.4


def _columns(canvas: ScreenCanvas, x0: float, y0: float, x1: float, y1: float) -> None:
    em = canvas.theme.em
    most = max(1, int((x1 - x0) / (em * 17)))
    count = min(most, 1 + canvas.rand.below(4))
    step = (x1 - x0 + em) / count
    for column in range(count):
        left = x0 + column * step
        blocks.fill_region(canvas, left, y0, left + step - em, y1)


def _window(canvas: ScreenCanvas, x0: float, y0: float, x1: float, y1: float) -> None:
    theme, rand, em = canvas.theme, canvas.rand, canvas.theme.em
    x0, y0, x1, y1 = int(x0), int(y0), int(x1), int(y1)
    canvas.cover((x0, y0, x1, y1))
    canvas.fill((x0 - 1, y0 - 1, x1 + 1, y1 + 1), theme.border, 4)
    canvas.fill((x0, y0, x1, y1), theme.panel)
    y: float = y0 + _title_bar(canvas, x0, y0, x1)
    if rand.chance() < 0.55:
        y += _menu_bar(canvas, x0, y, x1)
    if rand.chance() < 0.5:
        y += blocks.toolbar(canvas, x0 + em * 0.4, y, x1 - x0 - em) + em * 0.3
    if rand.chance() < 0.3 and x1 - x0 > em * 30:
        _two_sides(canvas, x0, y, x1, y1)
    else:
        _columns(canvas, x0 + em, y + em * 0.6, x1 - em * 0.6, y1 - em)


def _title_bar(canvas: ScreenCanvas, x0: int, y0: int, x1: int) -> int:
    theme, rand, em = canvas.theme, canvas.rand, canvas.theme.em
    height = int(canvas.line_height() + em * rand.between(0.4, 1.1))
    canvas.fill((x0, y0, x1, y0 + height), theme.bar)
    right = _window_buttons(canvas, x1, y0, height)
    title = rand.one_of((canvas.writer.value(), canvas.writer.label("heading")))
    width = canvas.text_width(title)
    left = x0 + em * 0.7 if rand.chance() < 0.6 else (x0 + right - width) / 2
    if left > x0 and left + width < right - em:
        box = canvas.text(left, y0 + (height - canvas.line_height()) / 2, title, theme.bar_text)
        canvas.add("heading", title, box)
    return height


def _window_buttons(canvas: ScreenCanvas, x1: int, y0: int, height: int) -> float:
    """Minimise, maximise and close at the right end; returns where they begin."""
    ink, em = canvas.theme.bar_text, canvas.theme.em
    width, half = int(height * 1.2), max(3, int(em * 0.3))
    names = ("close", "maximise", "minimise")[: canvas.rand.one_of((1, 3, 3, 3))]
    middle = y0 + height // 2
    for position, name in enumerate(names):
        right = x1 - position * width
        box = (right - width, y0, right, y0 + height)
        x = right - width // 2
        if name == "close":
            if canvas.rand.chance() < 0.3:
                canvas.fill(box, (200, 50, 45))
            canvas.line([(x - half, middle - half), (x + half, middle + half)], ink, em / 10)
            canvas.line([(x - half, middle + half), (x + half, middle - half)], ink, em / 10)
        elif name == "maximise":
            edges = [(x - half, middle - half), (x + half, middle - half), (x + half, middle + half)]
            canvas.line([*edges, (x - half, middle + half), edges[0]], ink, em / 12)
        else:
            canvas.line([(x - half, middle + half - 1), (x + half, middle + half - 1)], ink, em / 12)
        canvas.add("icon", name, box)
    return x1 - len(names) * width


def _menu_bar(canvas: ScreenCanvas, x0: int, y: float, x1: int) -> float:
    theme, rand, em = canvas.theme, canvas.rand, canvas.theme.em
    height, x = canvas.line_height() + int(em * 0.5), x0 + em * 0.3
    usual = ["File", "Edit", "View"] if rand.chance() < 0.6 else []
    for position in range(3 + rand.below(6)):
        label = usual[position] if position < len(usual) else canvas.writer.label("menu")
        width = canvas.text_width(label) + em * 1.1
        if x + width > x1:
            break
        canvas.text(x + em * 0.55, y + em * 0.25, label, theme.text)
        canvas.add("menu", label, (int(x), int(y), int(x + width), int(y) + height))
        x += width
    return height


def _two_sides(canvas: ScreenCanvas, x0: float, y0: float, x1: float, y1: float) -> None:
    """A sidebar with places to go, and the rest."""
    theme, rand, em = canvas.theme, canvas.rand, canvas.theme.em
    side = min((x1 - x0) * 0.45, em * rand.between(9, 15))
    canvas.fill((x0, y0, x1, y1), theme.panel)
    canvas.fill((x0, y0, x0 + side, y1), blend(theme.panel, theme.text, rand.one_of((0.0, 0.04, 0.1))))
    y = y0 + em * 0.5
    while y < y1 - em * 2:
        y += blocks.file_list(canvas, x0 + em * 0.3, y, side - em * 0.6) + em
    canvas.line([(x0 + side, y0), (x0 + side, y1)], theme.border)
    _columns(canvas, x0 + side + em, y0 + em * 0.6, x1 - em * 0.5, y1)


def _desktop(canvas: ScreenCanvas) -> None:
    """One or more windows over a plain or shaded ground with shortcuts."""
    rand, em = canvas.rand, canvas.theme.em
    ground = (rand.below(200), rand.below(200), rand.below(200))
    canvas.fill((0, 0, canvas.width, canvas.height), ground)
    for _ in range(rand.below(4)):
        widgets.image(
            canvas, rand.between(-0.2, 0.8) * canvas.width, rand.between(-0.2, 0.8) * canvas.height,
            canvas.width * rand.between(0.2, 0.8), canvas.height * rand.between(0.2, 0.8),
        )  # fmt: skip
    for _ in range(1 + rand.below(2 + int(canvas.width > 700))):
        width = min(canvas.width * rand.between(0.6, 1.05), em * rand.between(24, 60))
        height = min(canvas.height * rand.between(0.55, 1.05), em * rand.between(20, 50))
        x = rand.between(-0.1, 1.0) * (canvas.width - width)
        y = rand.between(-0.1, 1.0) * (canvas.height - height)
        _window_on_top(canvas, x, y, x + width, y + height)


def _window_on_top(canvas: ScreenCanvas, x0: float, y0: float, x1: float, y1: float) -> None:
    """A window whose contents end at its own edges: what hangs over is cut off again."""
    window = canvas.layer(int(x0), int(y0), int(x1), int(y1))
    _window(window, 0, 0, window.width, window.height)
    canvas.put(window, int(x0), int(y0))


def _open_menu(canvas: ScreenCanvas) -> None:
    """A menu that lies over the rest of the screen."""
    theme, rand, em = canvas.theme, canvas.rand, canvas.theme.em
    labels = [canvas.writer.label("entry") for _ in range(3 + rand.below(7))]
    keys = rand.chance() < 0.3
    with_icons = rand.chance() < 0.35
    row = canvas.line_height() + int(em * rand.between(0.3, 0.9))
    width = max(canvas.text_width(label) for label in labels) + em * (3 + 3 * keys + 1.8 * with_icons)
    height = row * len(labels) + em * 0.6
    x = int(rand.between(0, 0.9) * max(1.0, canvas.width - width))
    y = int(rand.between(0, 0.9) * max(1.0, canvas.height - height))
    menu = canvas.layer(x, y, int(x + width), int(y + height))
    menu.fill((0, 0, menu.width, menu.height), theme.border)
    menu.fill((1, 1, menu.width - 1, menu.height - 1), theme.panel)
    current, side = rand.below(3 * len(labels)), widgets.icon_size(menu)
    for position, label in enumerate(labels):
        top = em * 0.3 + position * row
        ink = theme.text
        if position == current:
            menu.fill((2, top, menu.width - 2, top + row), theme.accent)
            ink = theme.on_accent
        left = em
        if with_icons:
            if rand.chance() < 0.8:
                menu.icon(left, top + (row - side) / 2, side, menu.any_icon(), ink)
            left += em * 1.8
        menu.text(left, top + (row - menu.line_height()) / 2, label, ink)
        if keys and rand.chance() < 0.6:
            menu.hint(menu.width - em * 4, top + (row - menu.line_height()) / 2, f"Ctrl+{label[0].upper()}")
        menu.add("menu item", label, (1, int(top), menu.width - 1, int(top + row)))
    canvas.put(menu, x, y)


def _dialog(canvas: ScreenCanvas, *, shaded: bool) -> None:
    """A small dialog in the middle, over the rest of the screen."""
    theme, rand, em = canvas.theme, canvas.rand, canvas.theme.em
    width, height = min(canvas.width * 0.9, em * rand.between(20, 32)), em * rand.between(10, 18)
    if shaded:
        canvas.shade((0, 0, canvas.width, canvas.height), (0, 0, 0), 0.5)
        canvas.forget()
    x, y = int((canvas.width - width) / 2), int((canvas.height - min(height, canvas.height)) / 2)
    dialog = canvas.layer(x, y, int(x + width), int(y + height))
    dialog.fill((0, 0, dialog.width, dialog.height), theme.panel, min(theme.radius, 8), theme.border)
    top = em * 0.4
    if rand.chance() < 0.5:
        top += _title_bar(dialog, 1, 1, dialog.width - 1)
    else:
        top += em * 0.6 + blocks.heading(dialog, em, em, dialog.width - 2 * em)
    row = widgets.control_height(dialog)
    body = rand.one_of((blocks.text, blocks.form, blocks.options))
    body(dialog, em, top, dialog.width - 2 * em)
    dialog.fill((1, dialog.height - row - em * 1.2, dialog.width - 1, dialog.height - 8), theme.panel)
    dialog.cover((0, dialog.height - row - em * 1.2, dialog.width, dialog.height))
    right = dialog.width - em
    for position in range(1 + rand.below(3)):
        label = ("OK", "Cancel", "Apply")[position] if rand.chance() < 0.4 else dialog.writer.label("action")
        size = widgets.button_width(dialog, label)
        if right - size < em:
            break
        widgets.button(dialog, right - size, dialog.height - row - em * 0.8, label, primary=position == 0)
        right -= size + em * 0.6
    canvas.put(dialog, x, y)
