"""Icons as SVG for composed pages, by style and concept; knows no page. Fetched with npm once."""

from __future__ import annotations

from functools import lru_cache

from model.data.fetch_icons import ICON_SETS, choose_drawings, read_set
from model.data.npm_packages import fetch_package

_LINE = '<svg viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.3">{}</svg>'
_WINDOW_BUTTONS = {
    "minimise": _LINE.format('<path d="M3 8.5h10"/>'),
    "maximise": _LINE.format('<rect x="3.5" y="3.5" width="9" height="9"/>'),
}

Drawings = dict[str, dict[str, str]]
"""Style → concept key → SVG."""


@lru_cache(maxsize=2)
def svg_icons(split: str) -> Drawings:
    """All styles of a split; a style borrows what it lacks from another one of its set, or of another set.

    Args:
        split: "train" or "eval", which share no icon set.

    Raises:
        PlatformError: The sets are not there and cannot be fetched.
    """
    styles: Drawings = {}
    for package, (_, of_split) in ICON_SETS.items():
        if of_split != split:
            continue
        bodies, width, height = read_set(fetch_package(package))
        for (variant, concept), body in choose_drawings(bodies).items():
            svg = f'<svg viewBox="0 0 {width} {height}">{body}</svg>'
            styles.setdefault(f"{package}-{variant}", {})[concept] = svg
    every = _WINDOW_BUTTONS | {
        concept: svg for style in sorted(styles) for concept, svg in styles[style].items()
    }
    of_set: Drawings = {}
    for style, icons in sorted(styles.items()):
        of_set.setdefault(style.rsplit("-", 1)[0], {}).update(icons)
    return {style: {**every, **of_set[style.rsplit("-", 1)[0]], **icons} for style, icons in styles.items()}
