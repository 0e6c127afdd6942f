"""Windows and dialogs, as HTML.

See `controls` for what all parts share.
"""

from __future__ import annotations

from model.data.web.components.controls import button, dropdown, field, form, icon, icon_button, options
from model.data.web.composer import Composer


def title_bar(c: Composer, title: str) -> str:
    """A window's title bar in the manner of one of the platforms."""
    dots = "".join(f'<i style="background:{colour}"></i>' for colour in ("#ff5f57", "#febc2e", "#28c840"))
    if c.rand.chance() < 0.3:
        return (
            f'<div class="title"><span class="dots">{dots}'
            f'</span><span class="fill centre">{title}</span></div>'
        )
    ends = "".join(icon_button(c, concept) for concept in ("minimise", "maximise", "close"))
    drawn = icon(c, c.concept()) if c.rand.chance() < 0.5 else ""
    return f'<div class="title">{drawn}<span class="fill">{title}</span><div class="tools">{ends}</div></div>'


def window(c: Composer, title: str, inside: str, *, kind: str = "", style: str = "") -> str:
    """A window with its title bar."""
    return f'<div class="window {kind}" style="{style}">{title_bar(c, title)}{inside}</div>'


def dialog(c: Composer) -> str:
    """A question or a small form in a window of its own."""
    ask = f"<p>{c.sentence()}</p>"
    inside = c.rand.one_of((ask, ask + options(c), form(c, 1, 3), ask + field(c), options(c) + dropdown(c)))
    end = (
        '<div class="row tight" style="justify-content:'
        f"{c.rand.one_of(('flex-end', 'center', 'flex-start'))}"
        '">'
    )
    end += button(c, kind="main") + c.times(1, 2, lambda: button(c)) + "</div>"
    width = min(c.width - 24, 240 + c.rand.below(260))
    return window(
        c,
        c.label("heading"),
        f'<div class="card col" style="border:0;border-radius:0">{inside}{end}</div>',
        style=f"width:{width}px;box-shadow:0 6px 24px #0005",
    )
