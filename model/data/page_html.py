"""Composes random web pages as HTML for the browser to lay out; knows neither boxes nor queries."""

from __future__ import annotations

from collections.abc import Callable
from html import escape as safe

from model.data.dice import Dice
from model.data.ui_words import LabelWriter

Part = Callable[[Dice, LabelWriter], str]
_FONTS = (
    "sans-serif",
    "system-ui",
    "Arial",
    "Verdana",
    "Roboto",
    "Lato",
    "Inter",
    "Noto Sans",
    "Georgia, serif",
)
_STYLE = """
* {{ box-sizing: border-box }}
body {{ margin: 0; font: {size}px/{leading} {font}; background: {ground}; color: {ink};
color-scheme: {scheme} }} nav, section {{ padding: {gap}px }}
nav {{ background: {bar}; color: {bar_ink}; display: flex; gap: {gap}px; align-items: center }}
a {{ color: {accent}; text-decoration: {underline} }} nav a {{ color: {bar_ink} }}
main {{ display: grid; grid-template-columns: repeat({columns}, 1fr); padding: {gap}px; gap: {gap}px }}
section {{ border: 1px solid {line}; border-radius: {radius}px; background: {panel}; align-self: start }}
h1, h2 {{ margin: 0 0 {gap}px; font-size: {heading}em }} p {{ color: {muted}; margin: 0 0 {gap}px }}
label {{ margin-right: {gap}px }} .field {{ margin-bottom: {gap}px }} .above label {{ display: block }}
{styled} table {{ border-collapse: collapse; width: 100% }} td, th {{ text-align: left; padding: {pad}px;
border-bottom: 1px solid {line} }}
ul {{ list-style: none; padding: 0; margin: 0 }} li {{ padding: {pad}px 0 }}
.row {{ display: flex; flex-wrap: wrap; gap: {gap}px; margin-bottom: {gap}px }}
"""
_STYLED_CONTROLS = """
button, input:not([type=checkbox]):not([type=radio]), select {{ font: inherit; padding: {pad}px {gap}px;
border: 1px solid {line}; border-radius: {radius}px; background: {field}; color: {ink} }}
button.main {{ background: {accent}; color: #fff; border-color: {accent} }}
"""


def compose_page(dice: Dice, writer: LabelWriter) -> str:
    """One HTML document with a bar of links and two to twelve parts."""
    parts = "".join(
        f"<section>{dice.one_of(_PARTS)(dice, writer)}</section>" for _ in range(2 + dice.below(11))
    )
    links = "".join(f'<a href="#">{safe(writer.label("navigation"))}</a>' for _ in range(3 + dice.below(5)))
    bar = f"<nav><b>{safe(writer.word().capitalize())}</b>{links}{_search(dice, writer)}</nav>"
    head = f"<!doctype html><html><head><style>{_style(dice)}</style></head>"
    return f"{head}<body>{bar}<main>{parts}</main></body></html>"


def _style(dice: Dice) -> str:
    dark, hue = dice.chance() < 0.3, dice.below(360)
    ground, ink = (
        (dice.between(6, 18), dice.between(82, 98)) if dark else (dice.between(93, 100), dice.between(5, 25))
    )
    values = {
        "size": 12 + dice.below(7),
        "leading": round(dice.between(1.2, 1.6), 2),
        "font": dice.one_of(_FONTS),
        "scheme": "dark" if dark else "light",
        "ground": f"hsl({hue} 15% {ground:.0f}%)",
        "panel": f"hsl({hue} 12% {ground + (4 if dark else 0):.0f}%)",
        "field": f"hsl({hue} 10% {ground + (6 if dark else -2):.0f}%)",
        "ink": f"hsl({hue} 10% {ink:.0f}%)",
        "muted": f"hsl({hue} 8% {(ink * 2 + ground) / 3:.0f}%)",
        "line": f"hsl({hue} 10% {(ink + 3 * ground) / 4:.0f}%)",
        "accent": f"hsl({dice.below(360)} 70% {55 if dark else 38}%)",
        "bar": f"hsl({hue} 40% 25%)",
        "bar_ink": "#fff",
        "underline": dice.one_of(("underline", "none")),
        "columns": 1 + dice.below(4),
        "gap": 6 + dice.below(12),
        "pad": 2 + dice.below(8),
        "radius": dice.one_of((0, 2, 4, 8, 16)),
        "heading": round(dice.between(1.1, 1.8), 2),
    }
    styled = _STYLED_CONTROLS.format(**values) if dice.chance() < 0.7 else ""
    return _STYLE.format(styled=styled, **values)


def _buttons(dice: Dice, writer: LabelWriter) -> str:
    kinds = [dice.one_of(("", "", "main")) for _ in range(1 + dice.below(4))]
    made = "".join(f'<button class="{kind}">{safe(writer.label("action"))}</button>' for kind in kinds)
    return f'<div class="row">{made}</div>'


def _form(dice: Dice, writer: LabelWriter) -> str:
    place, rows = dice.one_of(("above", "left", "hint")), ""
    for number in range(1 + dice.below(4)):
        label, key = safe(writer.label("field")), f"{writer.word()}-{number}"
        named = f'<label for="{key}">{label}</label>'
        if place == "hint":
            control = f'<input placeholder="{label}">'
        elif dice.chance() < 0.2:
            choices = "".join(f"<option>{safe(writer.label('option'))}" for _ in range(4))
            control = f'{named}<select id="{key}">{choices}</select>'
        else:
            control = f'{named}<input id="{key}">'
        rows += f'<div class="field">{control}</div>'
    return f'<div class="{place}">{rows}</div>{_buttons(dice, writer)}'


def _choices(dice: Dice, writer: LabelWriter) -> str:
    kind, name, rows = dice.one_of(("checkbox", "radio")), writer.word(), ""
    for number in range(2 + dice.below(4)):
        key, ticked = f"{name}-{number}", dice.one_of(("checked", ""))
        box = f'<input type="{kind}" name="{name}" id="{key}" {ticked}>'
        rows += f'<div>{box}<label for="{key}"> {safe(writer.label("option"))}</label></div>'
    return rows


def _table(dice: Dice, writer: LabelWriter) -> str:
    columns = 2 + dice.below(3)
    head = "".join(f"<th>{safe(writer.label('column'))}</th>" for _ in range(columns))
    rows = (
        "".join(f"<td>{safe(writer.value())}</td>" for _ in range(columns)) for _ in range(2 + dice.below(4))
    )
    return f"<table><tr>{head}</tr>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def _links(dice: Dice, writer: LabelWriter) -> str:
    rows = (f'<li><a href="#">{safe(writer.label("navigation"))}</a></li>' for _ in range(2 + dice.below(6)))
    return f"<ul>{''.join(rows)}</ul>"


def _article(dice: Dice, writer: LabelWriter) -> str:
    lines = ". ".join(writer.phrase(4, 10) for _ in range(1 + dice.below(4)))
    return f"<h2>{safe(writer.label('heading'))}</h2><p>{lines}.</p>{_buttons(dice, writer)}"


def _search(dice: Dice, writer: LabelWriter) -> str:
    del writer
    return '<input type="search" placeholder="Search">' if dice.chance() < 0.4 else ""


_PARTS: tuple[Part, ...] = (_buttons, _form, _form, _choices, _table, _links, _article, _article)
