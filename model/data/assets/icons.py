"""Makes the icon archive of the drawn screens from openly licensed icon sets; run once, needs npm.

Run from the repository root:  python -m model.data.assets.icons
"""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from model._cli import command, make_parser
from model.data.assets.names import icon_concepts
from model.data.assets.npm import fetch_package, read_member
from model.data.assets.rasterize import svg_to_png
from model.data.paths import ICON_FILE
from molmo_act.io.atomic import atomic_file

MASK_SIZE = 72  # pixels; a multiple of 12, 18, 24 and 36, the sizes at which most icons are drawn

# Package with exact version: licence of the icons, split that may draw them.
ICON_SETS = {
    "@iconify-json/tabler@1.2.41": ("MIT", "train"),
    "@iconify-json/bi@1.2.7": ("MIT", "train"),
    "@iconify-json/mdi@1.2.3": ("Apache-2.0", "train"),
    "@iconify-json/ph@1.2.2": ("MIT", "train"),
    "@iconify-json/material-symbols@1.2.93": ("Apache-2.0", "train"),
    "@iconify-json/heroicons@1.2.3": ("MIT", "train"),
    "@iconify-json/octicon@1.2.36": ("MIT", "train"),
    "@iconify-json/carbon@1.2.29": ("Apache-2.0", "train"),
    "@iconify-json/lucide@1.2.137": ("ISC", "eval"),
    "@iconify-json/ion@1.2.7": ("MIT", "eval"),
}
_VARIANTS = (  # ending of a name in some set → variant; the first match wins
    (re.compile(r"-(duotone)$"), "duotone"),
    (re.compile(r"-(filled|fill|solid|sharp)$"), "filled"),
    (re.compile(r"-(bold)$"), "bold"),
    (re.compile(r"-(thin|light)$"), "light"),
    (re.compile(r"-(outline|outlined|outline-rounded|rounded|line)$"), "outline"),
    (re.compile(r"-(16|20-solid)$"), "small"),
    (re.compile(r"-24$"), "regular"),
)


def split_variant(name: str) -> tuple[str, str]:
    """Divides an icon's name into its base name and its variant: "bell-fill" → ("bell", "filled").

    Args:
        name: Name in its set.
    """
    for ending, variant in _VARIANTS:
        if ending.search(name):
            return ending.sub("", name), variant
    return name, "regular"


def choose_drawings(icons: dict[str, str]) -> dict[tuple[str, str], str]:
    """Chooses the drawing of each concept in each variant of a set.

    Args:
        icons: Name in the set → SVG body.

    Returns:
        (variant, concept key) → SVG body. A variant that covers fewer than 40 concepts is left out.
    """
    by_variant: dict[str, dict[str, str]] = {}
    for name, body in icons.items():
        base, variant = split_variant(name)
        by_variant.setdefault(variant, {}).setdefault(base, body)
        by_variant[variant].setdefault(name, body)
    chosen = {}
    for variant, bodies in by_variant.items():
        found = {
            (variant, concept.name): next(bodies[name] for name in concept.filed if name in bodies)
            for concept in icon_concepts().values()
            if any(name in bodies for name in concept.filed)
        }
        if len(found) >= 40:
            chosen.update(found)
    return chosen


def icon_mask(body: str, width: int, height: int) -> np.ndarray:
    """Rasterizes an SVG body.

    Args:
        body: Content of the SVG.
        width: Of its view box.
        height: Of its view box.

    Returns:
        Its opacity, uint8 (MASK_SIZE, MASK_SIZE).

    Raises:
        MissingExtraError: resvg-py is not installed.
    """
    side = max(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="{left} {top} {side} {side}" color="black">{body}</svg>'
    )
    png = svg_to_png(svg, MASK_SIZE, MASK_SIZE)
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))[..., 3]


def read_set(archive: Path) -> tuple[dict[str, str], int, int]:
    """Reads one set's package.

    Args:
        archive: What `fetch_package` returned.

    Returns:
        Name → SVG body (aliases included, hidden icons left out), and the width and height of the view box.
    """
    stored = json.loads(read_member(archive, "icons.json"))
    info = json.loads(read_member(archive, "info.json"))
    size = stored.get("height") or info.get("height") or 16
    size = size[0] if isinstance(size, list) else size
    icons = {
        name: icon["body"]
        for name, icon in stored["icons"].items()
        if not icon.get("hidden") and icon.get("width", size) == icon.get("height", size)
    }
    sizes = {name: icon.get("height", stored.get("height", 16)) for name, icon in stored["icons"].items()}
    usual = max(set(sizes.values()), key=list(sizes.values()).count)
    for alias, icon in stored.get("aliases", {}).items():
        if set(icon) == {"parent"} and icon["parent"] in icons:
            icons.setdefault(alias, icons[icon["parent"]])
            sizes[alias] = sizes[icon["parent"]]
    return {name: body for name, body in icons.items() if sizes[name] == usual}, usual, usual


def drawings() -> Iterator[tuple[str, str, str, np.ndarray]]:
    """Fetches every drawing of every set.

    Yields:
        Split, style, concept key and mask of each.
    """
    for package, (_, split) in ICON_SETS.items():
        icons, width, height = read_set(fetch_package(package))
        set_name = package.split("/")[1].split("@")[0]
        for (variant, concept), body in sorted(choose_drawings(icons).items()):
            mask = icon_mask(body, width, height)
            if mask.any():
                yield split, f"{set_name}-{variant}", concept, mask


@command
def main() -> None:
    """Fetch all sets and write the archive."""
    parser = make_parser(__doc__)
    parser.add_argument("--out", type=Path, default=ICON_FILE, help="archive to write (default: %(default)s)")
    out = parser.parse_args().out
    splits, styles, concepts, masks = zip(*drawings(), strict=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(out) as partial, partial.open("wb") as file:
        np.savez_compressed(
            file,
            split=np.array(splits),
            style=np.array(styles),
            concept=np.array(concepts),
            mask=np.stack(masks),
        )
    print(f"{len(masks)} drawings of {len(set(concepts))} icons in {len(set(styles))} styles: {out}")


if __name__ == "__main__":
    sys.exit(main())
