"""The look of one drawn screen: colours, fonts, sizes and habits; draws nothing."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

from model.data.dice import Dice
from model.data.fonts import Face, FontFamily, open_face

Colour = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Theme:
    """Everything that the widgets of one picture have in common.

    Attributes:
        dark: Whether light text stands on dark ground.
        ground, panel, field: Colours of the page, of what lies on it, and of input fields.
        bar: Colour of title bars and navigation; bar_text stands on it.
        text, muted, placeholder: Colours of text, of less important text, of hints in empty fields.
        accent, on_accent: Colour of what matters most and of text on it.
        border: Colour of thin lines.
        body, bold, small, heading: Opened faces.
        em: Size of the body text in pixels; all distances are multiples of it.
        radius: Corner radius of controls in pixels.
        button: How ordinary buttons look: "filled", "outlined", "flat", "soft" or "classic".
        toggles: Whether on/off options are drawn as switches.
        fields: Where field labels stand: "above", "left" or "inside".
        underlined: Whether links are underlined.
        icon_style: Style of the icon library.
        spacing: Extra pixels between letters, 0 in most pictures.
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


def draw_theme(dice: Dice, families: tuple[FontFamily, ...], icon_styles: tuple[str, ...]) -> Theme:
    """Choose a look at random."""
    dark = dice.chance() < 0.35
    hue, tint = dice.chance(), dice.chance() ** 3 * 0.3
    accent = _accent(dice, dark)
    ground, panel, field, border = _grounds(dice, dark, hue, tint)
    text = _grey(dice.between(0.82, 1.0) if dark else dice.between(0.0, 0.22), hue, tint * 0.5)
    muted = blend(text, panel, dice.between(0.25, 0.42))
    bar_is_accent = dice.chance() < 0.3
    bar = (
        accent
        if bar_is_accent
        else _grey(dice.between(0.08, 0.25), hue, tint)
        if dice.chance() < 0.35
        else panel
    )
    em = round((10.0 + 10.0 * dice.chance() ** 1.6) * (1.0 if dice.chance() < 0.85 else 1.3), 0)
    family = _family(dice, families)
    heading_family = family if dice.chance() < 0.8 else _family(dice, families)
    medium = family.bold if dice.chance() < 0.25 else family.regular
    return Theme(
        dark=dark,
        ground=ground,
        panel=panel,
        field=field,
        bar=bar,
        bar_text=readable_on(bar),
        text=text,
        muted=muted,
        placeholder=blend(text, field, dice.between(0.35, 0.55)),
        accent=accent,
        on_accent=readable_on(accent),
        border=border,
        body=open_face(family.regular, em),
        bold=open_face(medium, em),
        small=open_face(family.regular, max(9.0, round(em * 0.86))),
        heading=open_face(heading_family.bold, round(em * dice.one_of((1.2, 1.35, 1.6)))),
        em=em,
        radius=int(em * dice.one_of((0.0, 0.0, 0.15, 0.25, 0.3, 0.4, 0.5, 2.0))),
        button=dice.one_of(("filled", "outlined", "soft", "soft", "classic", "flat")),
        toggles=dice.chance() < 0.35,
        fields=dice.one_of(("above", "above", "left", "inside")),
        underlined=dice.chance() < 0.4,
        icon_style=dice.one_of(icon_styles),
        spacing=dice.between(0.2, 1.2) if dice.chance() < 0.06 else 0.0,
    )


def blend(one: Colour, other: Colour, share: float) -> Colour:
    """The colour `share` of the way from one to the other."""
    return tuple(int(a + (b - a) * share) for a, b in zip(one, other, strict=True))  # type: ignore[return-value]


def readable_on(ground: Colour) -> Colour:
    """White or nearly black, whichever reads better on a ground."""
    red, green, blue = ground
    return (255, 255, 255) if 0.299 * red + 0.587 * green + 0.114 * blue < 150 else (25, 25, 30)


def _grounds(dice: Dice, dark: bool, hue: float, tint: float) -> tuple[Colour, Colour, Colour, Colour]:
    if dark:
        level = dice.between(0.05, 0.2)
        ground, panel = _grey(level, hue, tint), _grey(level + dice.between(0.0, 0.08), hue, tint)
        field = _grey(level + dice.between(-0.05, 0.1), hue, tint)
        return ground, panel, field, blend(panel, (255, 255, 255), dice.between(0.12, 0.35))
    level = dice.one_of((1.0, dice.between(0.86, 0.99)))
    ground = _grey(level, hue, tint * 0.3)
    panel = (255, 255, 255) if dice.chance() < 0.6 else ground
    field = (255, 255, 255) if dice.chance() < 0.7 else _grey(dice.between(0.92, 0.98), hue, tint * 0.2)
    return ground, panel, field, blend(panel, (0, 0, 0), dice.between(0.1, 0.4))


def _family(dice: Dice, families: tuple[FontFamily, ...]) -> FontFamily:
    family = dice.one_of(families)
    return dice.one_of(families) if family.serif and dice.chance() < 0.7 else family


def _accent(dice: Dice, dark: bool) -> Colour:
    hue = dice.between(0.52, 0.68) if dice.chance() < 0.4 else dice.chance()
    value = dice.between(0.6, 0.95) if dark else dice.between(0.45, 0.85)
    return _rgb(colorsys.hsv_to_rgb(hue, dice.between(0.5, 0.95), value))


def _grey(level: float, hue: float, tint: float) -> Colour:
    return _rgb(colorsys.hsv_to_rgb(hue, tint, min(max(level, 0.0), 1.0)))


def _rgb(colour: tuple[float, float, float]) -> Colour:
    return tuple(int(part * 255) for part in colour)  # type: ignore[return-value]
