"""The look of one drawn screen: colours, fonts, sizes and habits."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

from model.data.random_blocks import RandomBlocks
from model.data.screens.fonts import Face, FontFamily, open_face

Colour = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Theme:
    """Everything that the widgets of one image have in common; colours are RGB in [0, 255].

    Attributes:
        dark: Whether light text stands on dark ground.
        ground: Colour of the page.
        panel: Colour of what lies on the page.
        field: Colour of input fields.
        bar: Colour of title bars and navigation.
        bar_text: Colour of text on bars.
        text: Colour of text.
        muted: Colour of less important text.
        placeholder: Colour of hints in empty fields.
        accent: Colour of what matters most.
        on_accent: Colour of text on the accent.
        border: Colour of thin lines.
        body: Face of body text.
        bold: Face of labels on buttons.
        small: Face of small text.
        heading: Face of headings.
        em: Size of the body text in pixels; all distances are multiples of it.
        radius: Corner radius of controls in pixels.
        button: How ordinary buttons look: "filled", "outlined", "flat", "soft" or "classic".
        toggles: Whether on/off options are drawn as switches.
        fields: Where field labels stand: "above", "left" or "inside".
        underlined: Whether links are underlined.
        icon_style: Style of the icon library.
        spacing: Extra pixels between letters, 0 in most images.
    """

    dark: bool
    ground: Colour
    panel: Colour
    field: Colour
    bar: Colour
    bar_text: Colour
    text: Colour
    muted: Colour
    placeholder: Colour
    accent: Colour
    on_accent: Colour
    border: Colour
    body: Face
    bold: Face
    small: Face
    heading: Face
    em: float
    radius: int
    button: str
    toggles: bool
    fields: str
    underlined: bool
    icon_style: str
    spacing: float


def draw_theme(rand: RandomBlocks, families: tuple[FontFamily, ...], icon_styles: tuple[str, ...]) -> Theme:
    """Chooses a look at random.

    Args:
        rand: Source of all choices.
        families: Fonts that may be used.
        icon_styles: Styles that may be used.

    Returns:
        The look.
    """
    dark = rand.chance() < 0.35
    hue, tint = rand.chance(), rand.chance() ** 3 * 0.3
    accent = _accent(rand, dark)
    ground, panel, field, border = _grounds(rand, dark, hue, tint)
    text = _grey(rand.between(0.82, 1.0) if dark else rand.between(0.0, 0.22), hue, tint * 0.5)
    muted = blend(text, panel, rand.between(0.25, 0.42))
    bar_is_accent = rand.chance() < 0.3
    bar = (
        accent
        if bar_is_accent
        else _grey(rand.between(0.08, 0.25), hue, tint)
        if rand.chance() < 0.35
        else panel
    )
    em = round((10.0 + 10.0 * rand.chance() ** 1.6) * (1.0 if rand.chance() < 0.85 else 1.3), 0)
    family = _family(rand, families)
    heading_family = family if rand.chance() < 0.8 else _family(rand, families)
    medium = family.bold if rand.chance() < 0.25 else family.regular
    return Theme(
        dark=dark,
        ground=ground,
        panel=panel,
        field=field,
        bar=bar,
        bar_text=readable_on(bar),
        text=text,
        muted=muted,
        placeholder=blend(text, field, rand.between(0.35, 0.55)),
        accent=accent,
        on_accent=readable_on(accent),
        border=border,
        body=open_face(family.regular, em),
        bold=open_face(medium, em),
        small=open_face(family.regular, max(9.0, round(em * 0.86))),
        heading=open_face(heading_family.bold, round(em * rand.one_of((1.2, 1.35, 1.6)))),
        em=em,
        radius=int(em * rand.one_of((0.0, 0.0, 0.15, 0.25, 0.3, 0.4, 0.5, 2.0))),
        button=rand.one_of(("filled", "outlined", "soft", "soft", "classic", "flat")),
        toggles=rand.chance() < 0.35,
        fields=rand.one_of(("above", "above", "left", "inside")),
        underlined=rand.chance() < 0.4,
        icon_style=rand.one_of(icon_styles),
        spacing=rand.between(0.2, 1.2) if rand.chance() < 0.06 else 0.0,
    )


def blend(one: Colour, other: Colour, share: float) -> Colour:
    """Mixes two colours.

    Args:
        one: RGB.
        other: RGB.
        share: Share of the other, in [0, 1].

    Returns:
        RGB.
    """
    return tuple(int(a + (b - a) * share) for a, b in zip(one, other, strict=True))  # type: ignore[return-value]


def readable_on(ground: Colour) -> Colour:
    """Returns white or nearly black, whichever reads better on a colour.

    Args:
        ground: RGB.
    """
    red, green, blue = ground
    return (255, 255, 255) if 0.299 * red + 0.587 * green + 0.114 * blue < 150 else (25, 25, 30)


def _grounds(
    rand: RandomBlocks, dark: bool, hue: float, tint: float
) -> tuple[Colour, Colour, Colour, Colour]:
    if dark:
        level = rand.between(0.05, 0.2)
        ground, panel = _grey(level, hue, tint), _grey(level + rand.between(0.0, 0.08), hue, tint)
        field = _grey(level + rand.between(-0.05, 0.1), hue, tint)
        return ground, panel, field, blend(panel, (255, 255, 255), rand.between(0.12, 0.35))
    level = rand.one_of((1.0, rand.between(0.86, 0.99)))
    ground = _grey(level, hue, tint * 0.3)
    panel = (255, 255, 255) if rand.chance() < 0.6 else ground
    field = (255, 255, 255) if rand.chance() < 0.7 else _grey(rand.between(0.92, 0.98), hue, tint * 0.2)
    return ground, panel, field, blend(panel, (0, 0, 0), rand.between(0.1, 0.4))


def _family(rand: RandomBlocks, families: tuple[FontFamily, ...]) -> FontFamily:
    family = rand.one_of(families)
    return rand.one_of(families) if family.serif and rand.chance() < 0.7 else family


def _accent(rand: RandomBlocks, dark: bool) -> Colour:
    hue = rand.between(0.52, 0.68) if rand.chance() < 0.4 else rand.chance()
    value = rand.between(0.6, 0.95) if dark else rand.between(0.45, 0.85)
    return _rgb(colorsys.hsv_to_rgb(hue, rand.between(0.5, 0.95), value))


def _grey(level: float, hue: float, tint: float) -> Colour:
    return _rgb(colorsys.hsv_to_rgb(hue, tint, min(max(level, 0.0), 1.0)))


def _rgb(colour: tuple[float, float, float]) -> Colour:
    return tuple(int(part * 255) for part in colour)  # type: ignore[return-value]
