"""Measures the icon network on icon sets it has not learned: `python -m model.evaluation.icons`.

Whole sets are held out (`model.data.assets.named_icons`, split "eval"). Each drawing is drawn in
a random size and in random colours, on buttons, beside others. GTK's icons of the Debian package
adwaita-icon-theme, where that is installed, are taken as they are, 16 pixels large. The others of a set are
icons that no concept names: there, any concept is wrong.

    python -m model.data.assets.named_icons
    python -m model.evaluation.icons
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from model._cli import command, make_parser
from model.data.assets.named_icons import NONE, load_named_icons
from model.data.paths import table_lines
from model.data.random_blocks import RandomBlocks
from model.data.screens.icon_crops import icon_scene
from model.evaluation.calibration import Claims, calibration_error, reliability
from molmo_act.reading.icons.crops import crop_shapes
from molmo_act.reading.icons.network import NETWORK_FILE, IconNetwork, icon_network
from molmo_act.reading.icons.shapes import find_shapes

GTK_FOLDER = Path("/usr/share/icons/Adwaita/16x16")
CONFUSABLE = (
    ("arrow-left", "arrow-right"),
    ("chevron-left", "chevron-right"),
    ("arrow-up", "arrow-down"),
    ("chevron-up", "chevron-down"),
    ("plus", "close"),
    ("download", "upload"),
    ("lock", "unlock"),
    ("undo", "redo"),
    ("zoom-in", "zoom-out"),
    ("sign-in", "sign-out"),
)
"""Pairs that must be told apart."""
SEED = 20
SURE = 0.5
"""Probability above which an icon counts as recognised."""


@dataclass(frozen=True, eq=False)
class Shown:
    """Crops of one set.

    Attributes:
        name: The set.
        crops: float32 (N, S, S).
        concepts: N keys, or `NONE`.
    """

    name: str
    crops: np.ndarray
    concepts: Sequence[str]


def held_out_sets(times: int) -> Iterator[Shown]:
    """Draws the icons of each set that is held out.

    Args:
        times: How often each icon is drawn.

    Yields:
        The sets.
    """
    icons = load_named_icons("eval")
    for style in sorted({icon.style for icon in icons}):
        rand = RandomBlocks(np.random.default_rng(SEED))
        own = [icon for icon in icons if icon.style == style for _ in range(times)]
        yield Shown(
            style, np.stack([icon_scene(icon.mask, rand).crop() for icon in own]), [i.concept for i in own]
        )


def gtk_icons(folder: Path = GTK_FOLDER) -> Shown | None:
    """Takes the icons of GTK as they are, dark on light and light on dark.

    Args:
        folder: The icons of 16 pixels of the theme.

    Returns:
        The icons that are found by `find_shapes`, and an empty crop for those that are not; None where the
        theme is not installed.
    """
    crops, concepts = [], []
    for line in table_lines("gtk_icons.txt"):
        name, _, concept = line.partition(" = ")
        for file in sorted(folder.glob(f"*/{name}-symbolic.symbolic.png"))[:1]:
            alpha = np.asarray(Image.open(file).convert("RGBA"))[..., 3:].astype(np.float32) / 255
            for ground, ink in ((245, 46), (48, 238)):
                image = np.full((40, 40, 3), ground, np.float32)
                image[12:28, 12:28] += alpha * (ink - ground)
                pixels = image.astype(np.uint8)
                boxes = find_shapes(pixels)
                largest = sorted(boxes.tolist(), key=lambda box: (box[2] - box[0]) * (box[3] - box[1]))[-1:]
                crops.append(crop_shapes(pixels, largest)[0] if largest else np.zeros((32, 32), np.float32))
                concepts.append(concept)
    return Shown("adwaita", np.stack(crops), concepts) if crops else None


def measure(network: IconNetwork, shown: Shown) -> dict[str, float]:
    """Says how many icons are recognised, and what the probabilities are worth.

    Args:
        network: The network.
        shown: The icons.

    Returns:
        ``icons``: how many show a concept. ``right``: share of them for which it is the likeliest class.
        ``sure``: share for which that is at least `SURE`. ``others``: how many show none. ``taken for one``:
        share of these that look like some concept with at least `SURE`. ``ece``: expected calibration
        error of the likeliest concept.
    """
    probabilities = network.probabilities(shown.crops)
    names = np.array([*(concept.name for concept in network.vocabulary.concepts), NONE])
    truth = np.array(shown.concepts)
    best = names[probabilities.argmax(axis=1)]
    concept, most = names[probabilities[:, :-1].argmax(axis=1)], probabilities[:, :-1].max(axis=1)
    named = truth != NONE
    own = np.array([probabilities[row, names == each].sum() for row, each in enumerate(truth)])
    claims = Claims.gather(list(zip(most.tolist(), (concept == truth).tolist(), strict=True)))
    found = {
        "icons": float(named.sum()),
        "right": float((best == truth)[named].mean()),
        "sure": float((own >= SURE)[named].mean()),
        "ece": calibration_error(reliability(claims)),
    }
    if not named.all():
        found |= {"others": float((~named).sum()), "taken for one": float((most >= SURE)[~named].mean())}
    return {name: round(value, 4) for name, value in found.items()}


def told_apart(network: IconNetwork, sets: Sequence[Shown]) -> dict[str, float]:
    """Gives, for each of `CONFUSABLE`, the share of drawings of both that look more like what they are."""
    names = [concept.name for concept in network.vocabulary.concepts]
    shares = {}
    for pair in CONFUSABLE:
        outcomes: list[bool] = []
        for shown in sets:
            rows = [row for row, concept in enumerate(shown.concepts) if concept in pair]
            if rows:
                found = network.probabilities(shown.crops[rows])
                for values, row in zip(found, rows, strict=True):
                    own = shown.concepts[row]
                    other = pair[1 - pair.index(own)]
                    outcomes.append(bool(values[names.index(own)] > values[names.index(other)]))
        if outcomes:
            shares[" / ".join(pair)] = round(float(np.mean(outcomes)), 3)
    return shares


@command
def main() -> None:
    """Command line."""
    parser = make_parser(__doc__)
    parser.add_argument("--network", type=Path, default=NETWORK_FILE, help="file (default: %(default)s)")
    parser.add_argument("--times", type=int, default=3, help="drawings of each icon (default: %(default)s)")
    args = parser.parse_args()
    network = icon_network(args.network)
    sets = list(held_out_sets(args.times))
    if (gtk := gtk_icons()) is not None:
        sets.append(gtk)
    print("| set | icons | right | sure | others | taken for one | calibration error |\n|---|" + "---|" * 6)
    rows = {shown.name: measure(network, shown) for shown in sets}
    for name, row in rows.items():
        cells = [
            f"{row['icons']:.0f}",
            f"{row['right']:.2f}",
            f"{row['sure']:.2f}",
            f"{row.get('others', 0):.0f}",
            f"{row['taken for one']:.2f}" if "taken for one" in row else "",
            f"{row['ece']:.3f}",
        ]
        print(f"| {name} | " + " | ".join(cells) + " |")
    apart = told_apart(network, sets)
    for pair, share in apart.items():
        print(f"{pair}: {share:.2f}")
    print(json.dumps({"machine": platform.machine(), "sets": rows, "told apart": apart}))


if __name__ == "__main__":
    sys.exit(main())
