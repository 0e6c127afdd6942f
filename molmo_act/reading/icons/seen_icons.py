"""SeenIcons: the small shapes of one image, with what each of them may show."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from molmo_act.reading.icons.crops import crop_shapes
from molmo_act.reading.icons.network import IconNetwork, icon_network
from molmo_act.reading.icons.shapes import find_shapes
from molmo_act.reading.icons.vocabulary import Vocabulary
from molmo_act.reading.text import Box, ReadText, overlap

LEAST = 0.02
"""Shapes that show what is asked for with a lower probability are left out."""
_SAME = 0.5  # share of the smaller of two boxes that are one icon, or an icon and its button


@dataclass(frozen=True)
class IconMatch:
    """A shape that may be the icon which is asked for.

    Attributes:
        box: Where it is, in pixels of the image.
        concept: Key of what it shows.
        probability: That it shows that, by its looks alone, in [0, 1].
        alike: Probability that it shows something that looks like it: a plus in a circle for a plus.
    """

    box: Box
    concept: str
    probability: float
    alike: float

    @property
    def middle(self) -> tuple[float, float]:
        """The middle of its box, in pixels."""
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2


@dataclass(frozen=True, eq=False)
class SeenIcons:
    """What the shapes of an image show, for any number of queries.

    Attributes:
        boxes: float64 (N, 4), pixels of the image.
        probabilities: float32 (N, C + 1), see `IconNetwork.probabilities`.
        vocabulary: The concepts.
        seconds: That looking took.
    """

    boxes: np.ndarray
    probabilities: np.ndarray
    vocabulary: Vocabulary
    seconds: float = 0.0

    @classmethod
    def look(
        cls, image: np.ndarray, text: ReadText | None = None, network: IconNetwork | None = None
    ) -> SeenIcons:
        """Looks at all shapes of an image.

        Args:
            image: uint8 (H, W, 3), RGB.
            text: What was read in it; letters of its words are left out.
            network: What recognises them; the one of the library unless given.

        Returns:
            The shapes.

        Raises:
            MissingExtraError: OpenCV is not installed.
            CheckpointError: The network's file is damaged.
        """
        began = time.perf_counter()
        network = icon_network() if network is None else network
        boxes = find_shapes(image, text)
        found = network.probabilities(crop_shapes(image, boxes))
        return cls(boxes.astype(np.float64), found, network.vocabulary, time.perf_counter() - began)

    def find(self, label: str) -> list[IconMatch]:
        """Finds the icons that people call so.

        Args:
            label: A query without verb and article, see `Vocabulary.find`.

        Returns:
            The matches, the likeliest first; of an icon and its button one.
        """
        matches: list[IconMatch] = []
        for number in self.vocabulary.find(label):
            concept = self.vocabulary.concepts[number]
            numbers = {each.name: at for at, each in enumerate(self.vocabulary.concepts)}
            near = [numbers[name] for name in concept.alike if name in numbers]
            for row in np.flatnonzero(self.probabilities[:, number] >= LEAST):
                x0, y0, x1, y1 = self.boxes[row].tolist()
                alike = float(self.probabilities[row, near].sum())
                matches.append(
                    IconMatch((x0, y0, x1, y1), concept.name, float(self.probabilities[row, number]), alike)
                )
        matches.sort(key=lambda match: -match.probability)
        kept: list[IconMatch] = []
        for match in matches:
            if not any(_is_same(match.box, other.box) for other in kept):
                kept.append(match)
        return kept


def _is_same(first: Box, second: Box) -> bool:
    least = min((box[2] - box[0]) * (box[3] - box[1]) for box in (first, second))
    return overlap(first, second) > _SAME * least
