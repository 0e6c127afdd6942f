"""How points are written in the answers a model learns: the released format, and its ablations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from molmo_act.errors import InputError
from molmo_act.formats.coordinate_text import NO_POINTS, write_coordinate_points
from molmo_act.formats.grounding_tokens import GroundedText, PromptIds, write_points
from molmo_act.models.molmo_point.configuration_molmo_point import MolmoPointConfig

CHOICES = {"coordinates": ("tokens", "text"), "order": ("ascending", "shuffled"), "empty": ("list", "words")}


@dataclass(frozen=True)
class AnswerFormat:
    """How points are written.

    Attributes:
        coordinates: "tokens": grounding tokens; "text": thousandths of width and height, as Molmo2 does.
        order: "ascending": points of one answer in the order of the image tokens; "shuffled": in any.
        empty: How an answer says that nothing matches: with a "list" of no more points, as nano does, or in
            "words", as released models do. Without `no_more_points`, or in text, always in words.
        no_more_points: Whether a list of grounding tokens ends with one. Without, the class stays in the
            softmax and is never right, and lists end with a word; so they do for models without the class.

    Raises:
        InputError: A value is not one of those above.
    """

    coordinates: str = "tokens"
    order: str = "ascending"
    empty: str = "list"
    no_more_points: bool = True

    def __post_init__(self) -> None:
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise InputError(
                    f"{name} is {getattr(self, name)!r}; expected {' or '.join(map(repr, known))}."
                )

    def configure(self, config: MolmoPointConfig) -> None:
        """Makes a model's configuration match what is learned, so that decoding agrees with training.

        Args:
            config: Changed in place.
        """
        if self.order == "shuffled":
            config.mask_patches = config.mask_subpatches = "never"

    def write_tokens(
        self,
        triples: np.ndarray,
        label: str,
        ids: PromptIds,
        *,
        object_ids: Iterable[int] | None = None,
        tag: str = "points",
    ) -> GroundedText:
        """Writes an answer in grounding tokens.

        Args:
            triples: int (N, 3) patch, subpatch and location, in the order in which they are to be written.
            label: What was pointed at.
            ids: The grounding ids of the prompt.
            object_ids: The id behind each point; 1, 2, 3… unless given.
            tag: "points", or "tracks" when objects recur over frames.

        Returns:
            Words with grounding ids among them.
        """
        ends = self.no_more_points and ids.no_more_points_class
        if not len(triples) and (self.empty == "words" or not ends):
            return [NO_POINTS]
        numbers = object_ids or range(1, len(triples) + 1)
        return write_points(triples, numbers, label, ids, tag=tag, no_more_points=ends)

    def write_text(self, xy: np.ndarray, label: str, image_size: tuple[int, int]) -> str:
        """Writes an answer in text coordinates.

        Args:
            xy: float (N, 2), image pixels. Written from top to bottom when the order is ascending, else as
                they come.
            label: What was pointed at.
            image_size: (width, height) of the image.

        Returns:
            The text of the answer.
        """
        if self.order == "ascending":
            xy = xy[np.lexsort((xy[:, 0], xy[:, 1]))]
        rows = [(number, 0, x, y) for number, (x, y) in enumerate(xy.tolist(), 1)]
        return write_coordinate_points(rows, label, [image_size])
