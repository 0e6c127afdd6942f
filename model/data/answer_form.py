"""How points are written in answers that are learned: the released form, and the paper's ablations of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from molmo_act.errors import InputError
from molmo_act.modeling.configuration import MolmoPointConfig
from molmo_act.modeling.coordinate_text import write_coordinate_points

NONE_IN_WORDS = "There are none."
CHOICES = {"coordinates": ("tokens", "text"), "order": ("ascending", "shuffled"), "empty": ("list", "words")}


def extended_starts(patches: int, slots: int) -> np.ndarray:
    """int64 (3,): numbers of the first patch, the first slot and the first location."""
    return np.array([0, patches + 1, patches + 1 + slots])


@dataclass(frozen=True)
class AnswerForm:
    """How points are written.

    Attributes:
        coordinates: "tokens": grounding tokens; "text": thousandths of width and height, as Molmo2 does.
        order: "ascending": points of one answer in the order of the image tokens; "shuffled": in any.
        empty: What is said when nothing matches: a "list" of no more points, as nano does, or "words", as
            released models do. Without `no_more_points`, or in text, always words.
        no_more_points: Whether a list of grounding tokens ends with one. Without, the class stays in the
            softmax and is never right, and lists end with a word.

    Raises:
        InputError: A value that is not listed here.
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
        """Makes a model's configuration say what is learned, so that decoding agrees with training."""
        if self.order == "shuffled":
            config.mask_patches = config.mask_subpatches = "never"

    def write_tokens(
        self,
        triples: np.ndarray,
        label: str,
        patches: int,
        slots: int,
        *,
        object_ids: Iterable[int] | None = None,
        tag: str = "points",
    ) -> str:
        """An answer in grounding tokens.

        Args:
            triples: int (N, 3) patch, subpatch and location, in the order in which they are to be said.
            label: What was pointed at.
            patches: Number of image tokens of the prompt.
            slots: Number of slots of a pooling window.
            object_ids: What follows each point; 1, 2, 3… unless given.
            tag: "points", or "tracks" when objects recur over frames.
        """
        if not len(triples) and (self.empty == "words" or not self.no_more_points):
            return NONE_IN_WORDS
        rows = (triples + extended_starts(patches, slots)).tolist()
        points = "".join(
            "".join(f"<POINT_{number}>" for number in row) + str(object_id)
            for object_id, row in zip(object_ids or range(1, len(rows) + 1), rows, strict=True)
        )
        end = f"<POINT_{patches}>" if self.no_more_points else ""
        return f'<{tag} coords="{points}{end}">{label}</{tag}>'

    def write_text(self, xy: np.ndarray, label: str, image_size: tuple[int, int]) -> str:
        """An answer in coordinates of text, from the top to the bottom when ascending, else as they come.

        Args:
            xy: float (N, 2), pixels of the picture.
            label: What was pointed at.
            image_size: (width, height) of the picture.
        """
        if self.order == "ascending":
            xy = xy[np.lexsort((xy[:, 0], xy[:, 1]))]
        rows = [(number, 0, x, y) for number, (x, y) in enumerate(xy.tolist(), 1)]
        return write_coordinate_points(rows, label, [image_size])
