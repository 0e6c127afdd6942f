"""The look of one composed page as CSS: colours, fonts, density and the shape of its widgets."""

from __future__ import annotations

from pathlib import Path

from model.data.random_blocks import RandomBlocks
from model.data.screens.fonts import FontFamily
from model.data.screens.theme import Colour, Theme, blend, draw_theme, readable_on

_BASE = Path(__file__).with_name("page_base.css").read_text(encoding="ascii")
_GENERIC = "Pillow's own"  # stands for a machine without fonts


def draw_css(rand: RandomBlocks, families: tuple[FontFamily, ...], *, roomy: bool) -> str:
    """Chooses a look at random.

    Args:
        rand: Source of all choices.
        families: Fonts that may be used.
        roomy: Whether the page is large enough for large letters and wide gaps.

    Returns:
        The style sheet.
    """
    theme = draw_theme(rand, families, ("",))
    body = _family(rand, families)
    head = body if rand.chance() < 0.75 else _family(rand, families)
    size = min(theme.em, 20.0 if roomy else 16.0)
    dense = rand.between(0.6, 1.35) if roomy else rand.between(0.5, 1.0)
    variables = {
        **_colours(rand, theme),
        "fs": f"{size:.0f}px",
        "font": body,
        "head-font": head,
        "r": f"{theme.radius * size / theme.em:.0f}px",
        "card-r": f"{min(theme.radius, rand.one_of((0, 2, 4, 6, 8, 12, 18)))}px",
        "gap": f"{size * dense:.0f}px",
        "pad": f"{size * dense * rand.between(0.25, 0.6):.0f}px",
        "head": f"{rand.between(1.15, 1.8 if roomy else 1.4):.2f}",
        "leading": f"{rand.between(1.25, 1.65):.2f}",
        "icon": f"{rand.one_of((1.1, 1.25, 1.25, 1.5)):.2f}em",
    }
    declared = ";".join(f"--{name}:{value}" for name, value in variables.items())
    habits = "".join(rand.one_of(choices) for choices in _HABITS)
    scheme = "dark" if theme.dark else "light"
    return f":root{{color-scheme:{scheme};{declared}}}{_BASE}{habits}{_ODDITIES[rand.below(len(_ODDITIES))]}"


def _family(rand: RandomBlocks, families: tuple[FontFamily, ...]) -> str:
    family = rand.one_of(families)
    if family.serif and rand.chance() < 0.7:
        family = rand.one_of(families)
    return "sans-serif" if family.name == _GENERIC else f"'{family.name}'"


def _colours(rand: RandomBlocks, theme: Theme) -> dict[str, str]:
    """The theme's colours, and those of navigation, top bar and large coloured areas."""
    side, top = (_bar(rand, theme) for _ in range(2))
    link, grounds = theme.accent, (theme.panel, theme.ground)
    while link != theme.text and not all(_apart(link, ground) for ground in grounds):
        link = blend(link, theme.text, 0.34) if _apart(theme.text, link) else theme.text
    values = {
        "ground": theme.ground,
        "panel": theme.panel,
        "field": theme.field,
        "ink": theme.text,
        "muted": theme.muted,
        "hint": theme.placeholder,
        "line": theme.border,
        "accent": theme.accent,
        "on-accent": theme.on_accent,
        "link": link,
        "soft": blend(theme.panel, theme.text, rand.between(0.05, 0.14)),
        "side": side,
        "side-ink": readable_on(side),
        "top": top,
        "top-ink": readable_on(top),
        "shade": blend(theme.ground, theme.text, rand.between(0.04, 0.12)),
    }
    return {name: f"rgb{colour}".replace(" ", "") for name, colour in values.items()}


def _bar(rand: RandomBlocks, theme: Theme) -> Colour:
    dark = blend((20, 24, 32), theme.accent, rand.between(0.0, 0.25))
    return rand.one_of((theme.panel, theme.panel, theme.ground, theme.accent, dark, dark, theme.bar))


def _apart(one: Colour, other: Colour) -> bool:
    weights = (0.299, 0.587, 0.114)
    return abs(sum(w * (a - b) for w, a, b in zip(weights, one, other, strict=True))) > 90


_FILLED = "background:var(--accent);color:var(--on-accent)"
_ON_BARS = ":is(.top,.side,.hero) :is(.b,.btn):not(.main){color:inherit}"
_EDGE = "border-color:var(--line)"
# One of each: ordinary buttons, main buttons, fields, cards, tabs, tables, links, headings, list rows, items.
_HABITS: tuple[tuple[str, ...], ...] = (
    (
        f".b,.btn{{background:var(--panel);color:var(--ink);{_EDGE}}}",
        ".b,.btn{background:var(--soft);color:var(--ink)}",
        ".b,.btn{background:transparent;color:var(--link);border-color:currentColor}" + _ON_BARS,
        ".b,.btn{background:transparent;color:var(--link)}" + _ON_BARS,
        (
            ".b,.btn"
            "{background:linear-gradient(var(--panel),var(--soft));color:var(--ink);border-color:var(--line)}"
        ),
        ".b,.btn{background:var(--soft);color:var(--ink);border:2px outset var(--line);border-radius:0}",
    ),
    (
        f".main{{{_FILLED}}}",
        f".main{{{_FILLED}}}",
        f".main{{{_FILLED};box-shadow:0 2px 5px #0004}}",
        f".main{{{_FILLED};border-radius:3em}}",
        f".main{{{_FILLED};font-weight:700;text-transform:uppercase;letter-spacing:.04em;font-size:.9em}}",
        ".main{border:1px solid var(--ink)!important;font-weight:700}",
    ),
    (
        "input,select,textarea{border:1px solid var(--line);border-radius:var(--r)}",
        "input,select,textarea{border:1px solid var(--line);border-radius:min(var(--r),4px)}",
        "input,select,textarea{border:0;border-bottom:1px solid var(--muted)}",
        "input,select,textarea{border:1px solid transparent;background:var(--soft)!important;"
        "border-radius:var(--r)}",
        "input,select,textarea{border:2px inset var(--line)}",
    ),
    (
        ".card{border:1px solid var(--line)}",
        ".card{box-shadow:0 1px 4px #0003}",
        ".card{box-shadow:0 4px 18px #0002}",
        ".card{background:transparent}",
        ".card{border:1px solid var(--line);border-top:3px solid var(--accent)}",
    ),
    (
        ".tabs{border-bottom:1px solid var(--line)}.tabs .on{box-shadow:inset 0 -2px var(--accent)}",
        ".tabs>*{border-radius:2em}.tabs .on{background:var(--accent);color:var(--on-accent)}",
        ".tabs{border-bottom:1px solid var(--line)}.tabs .on{border:1px solid var(--line);"
        "background:var(--panel)}",
        ".tabs{background:var(--soft);border-radius:var(--r);padding:2px;width:fit-content}"
        ".tabs .on{background:var(--panel);border-radius:var(--r)}",
    ),
    (
        "td,th{border-bottom:1px solid var(--line)}",
        "tr:nth-child(even){background:var(--soft)}",
        "td,th{border:1px solid var(--line)}",
        "th{background:var(--accent);color:var(--on-accent)}td{border-bottom:1px solid var(--line)}",
        (
            "th"
            "{text-transform:uppercase;font-size:.8em;color:var(--muted)}"
            "tr+tr td{border-top:1px solid var(--line)}"
        ),
    ),
    ("a{text-decoration:none}", "a{text-decoration:none}", "p a,td a,footer a{text-decoration:underline}"),
    (
        "h1,h2,h3{font-weight:700}",
        "h1,h2,h3{font-weight:600}",
        "h1,h2,h3{font-weight:400}",
        "h2,h3{color:var(--link)}",
        "h1,h2{text-transform:uppercase;letter-spacing:.03em}",
    ),
    (
        ".li+.li{border-top:1px solid var(--line)}",
        "",
        ".li{border-radius:var(--r)}.li.on{background:var(--soft)}",
    ),
    (
        ".nav a{}",
        ".side .nav a.on{background:#fff3;color:inherit}",
        ".nav{text-transform:uppercase;font-size:.85em}",
    ),
)
_ODDITIES = ("",) * 7 + (
    "body{letter-spacing:.02em}",
    "button.b,a.btn{text-transform:uppercase;font-size:.88em}",
    "th{font-weight:400}",
)
