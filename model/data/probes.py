"""Makes the probe images that come with the library: `python -m model.data.probes`.

They are a few composed scenes of shapes and drawn windows with queries, on which the library measures how far
quantization moves points.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

import molmo_act
from model._cli import command, make_parser
from model.data.scenes.generate import draw_scene
from model.data.schema import ImageSample
from model.data.screens.forms import draw_form

SEED = 4242
SCENES, WINDOWS, QUERIES = 8, 4, 3
SIZE = (320, 240)
QUALITY = 90  # of JPEG


def samples() -> list[ImageSample]:
    """Draws the probes.

    Returns:
        Scenes of shapes, then plain windows, each with at least `QUERIES` queries.
    """
    drawn: list[ImageSample] = []
    number = 0
    while len(drawn) < SCENES + WINDOWS:
        rng = np.random.default_rng([SEED, number])
        number += 1
        sample = draw_scene(rng, *SIZE, None) if len(drawn) < SCENES else draw_form(rng, *SIZE, split="eval")
        if len(sample.queries) >= QUERIES:
            drawn.append(sample)
    return drawn


@command
def main() -> None:
    """Command line."""
    parser = make_parser(__doc__)
    probes_folder = Path(molmo_act.__file__).parent / "quantization" / "probes"
    parser.add_argument("--out", type=Path, default=probes_folder)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    probes = []
    for number, sample in enumerate(samples()):
        name = f"probe_{number:02d}.jpg"
        Image.fromarray(sample.image).save(args.out / name, quality=QUALITY)
        probes.append({"image": name, "queries": [query.text for query in sample.queries[:QUERIES]]})
    (args.out / "probes.json").write_text(json.dumps(probes, indent=1) + "\n", encoding="utf-8")
    size = sum(path.stat().st_size for path in args.out.iterdir())
    print(f"{args.out}: {len(probes)} images, {size / 1e3:.0f} kB")


if __name__ == "__main__":
    sys.exit(main())
