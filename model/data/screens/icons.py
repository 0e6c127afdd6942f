"""Named interface icons as opacity masks, from the archive in the cache."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from model.data.paths import ICON_FILE
from molmo_act.errors import PlatformError


@dataclass(frozen=True, eq=False)
class IconLibrary:
    """Drawings of icon concepts, several styles each.

    Attributes:
        masks: uint8 (N, S, S), opacity of each drawing.
        rows: Style (icon set and variant) → concept key → row of `masks`.
    """

    masks: np.ndarray
    rows: dict[str, dict[str, int]]
    _scaled: dict[tuple[int, int], Image.Image] = field(default_factory=dict, repr=False)

    @property
    def styles(self) -> tuple[str, ...]:
        """Names of all styles, sorted."""
        return tuple(sorted(self.rows))

    def mask(self, style: str, concept: str, size: int) -> Image.Image:
        """Scales one drawing; scaled ones are kept.

        Args:
            style: Icon set and variant.
            concept: Key of the concept.
            size: Side in pixels.

        Returns:
            "L" image of size × size pixels, 255 where it is opaque.
        """
        row = self.rows[style][concept]
        scaled = self._scaled.get((row, size))
        if scaled is None:
            whole = Image.fromarray(self.masks[row])
            scaled = whole.resize((size, size), Image.Resampling.BOX, reducing_gap=None)
            if len(self._scaled) > 20_000:
                self._scaled.clear()
            self._scaled[(row, size)] = scaled
        return scaled


@lru_cache(maxsize=2)
def load_icons(split: str, archive: Path = ICON_FILE) -> IconLibrary:
    """Reads the icons of a split from the archive that `python -m model.data.assets.icons` writes.

    Args:
        split: "train" or "eval"; no icon set is in both.
        archive: Path of the archive.

    Returns:
        The icons.

    Raises:
        PlatformError: The archive has not been made on this machine.
    """
    if not archive.exists():
        raise PlatformError(
            f"No icons at {archive}; drawn screens need them. "
            "Make them with: python -m model.data.assets.icons"
        )
    with np.load(archive, allow_pickle=False) as stored:
        chosen = np.flatnonzero(stored["split"] == split)
        masks = stored["mask"][chosen]
        styles, concepts = stored["style"][chosen], stored["concept"][chosen]
    rows: dict[str, dict[str, int]] = {}
    for row, (style, concept) in enumerate(zip(styles.tolist(), concepts.tolist(), strict=True)):
        rows.setdefault(style, {})[concept] = row
    return IconLibrary(masks, rows)
