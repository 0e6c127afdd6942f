"""Generated images with known truth, of which benchmarks write stand-ins in the schema of their data sets.

They are made of what every checkout has: windows with buttons, and scenes of coloured shapes.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from model.data.scenes.generate import draw_scene
from model.data.schema import ImageSample, Query, Target
from model.data.screens.forms import draw_form

SIDES = (200, 360)  # pixels


def forms(rng: np.random.Generator, size: tuple[int, int] | None = None) -> Iterator[ImageSample]:
    """Yields windows with a few named buttons, without end.

    Args:
        rng: Source of every choice.
        size: (width, height) in pixels; None for small ones.
    """
    while True:
        width, height = size or (int(side) for side in rng.integers(*SIDES, 2))
        yield draw_form(rng, width, height, split="eval")


def scenes(rng: np.random.Generator) -> Iterator[ImageSample]:
    """Yields images of coloured shapes with exact masks, without end."""
    while True:
        width, height = (int(side) for side in rng.integers(*SIDES, 2))
        yield draw_scene(rng, width, height, library=None)


def asked(
    samples: Iterator[ImageSample], rng: np.random.Generator, count: int, *, absent: bool = False
) -> Iterator[tuple[ImageSample, Query]]:
    """Yields one query of each image.

    Args:
        samples: Images without end.
        rng: Source of every choice.
        count: How many.
        absent: Whether queries are allowed that nothing matches.

    Yields:
        The image and the query.
    """
    while count:
        sample = next(samples)
        queries = [query for query in sample.queries if query.targets or absent]
        if queries:
            count -= 1
            yield sample, queries[int(rng.integers(len(queries)))]


def png(image: np.ndarray) -> bytes:
    """Encodes an image, uint8 (H, W, 3) or (H, W)."""
    encoded = io.BytesIO()
    Image.fromarray(image).save(encoded, "PNG")
    return encoded.getvalue()


def mask_of(target: Target, image: np.ndarray) -> np.ndarray:
    """Draws the mask of a target, bool (H, W)."""
    mask = np.zeros(image.shape[:2], bool)
    x0, y0, x1, y1 = (round(value) for value in target.box)
    mask[y0:y1, x0:x1] = True if target.mask is None else target.mask
    return mask


def write_parquet(path: Path, rows: list[dict[str, Any]]) -> None:
    """Writes rows as a parquet file; an image is ``{"bytes": …, "path": …}``, as on the hub."""
    import pyarrow
    import pyarrow.parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path, row_group_size=8)
