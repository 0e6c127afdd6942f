"""Makes the probe pictures bundled with the library: `python -m model.data.make_probes`.

A few composed scenes of shapes and drawn windows with queries, to measure how far quantising moves points.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

import molmo_act
from model.command import command
from model.data.forms import draw_form
from model.data.sample import Picture
from model.data.scenes import draw_scene

SEED = 4242
SCENES, WINDOWS, QUERIES = 8, 4, 3
SIZE = (320, 240)
QUALITY = 90  # of JPEG


def pictures() -> list[Picture]:
    """Scenes of shapes, then plain windows, each with queries."""
    drawn: list[Picture] = []
    number = 0
    while len(drawn) < SCENES + WINDOWS:
        rng = np.random.default_rng([SEED, number])
        number += 1
        picture = draw_scene(rng, *SIZE, None) if len(drawn) < SCENES else draw_form(rng, *SIZE, split="eval")
        if len(picture.queries) >= QUERIES:
            drawn.append(picture)
    return drawn


@command
def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path(molmo_act.__file__).parent / "probes")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    probes = []
    for number, picture in enumerate(pictures()):
        name = f"probe_{number:02d}.jpg"
        Image.fromarray(picture.image).save(args.out / name, quality=QUALITY)
        probes.append({"picture": name, "queries": [query.text for query in picture.queries[:QUERIES]]})
    (args.out / "probes.json").write_text(json.dumps(probes, indent=1) + "\n", encoding="utf-8")
    size = sum(path.stat().st_size for path in args.out.iterdir())
    print(f"{args.out}: {len(probes)} pictures, {size / 1e3:.0f} kB")


if __name__ == "__main__":
    sys.exit(main())
