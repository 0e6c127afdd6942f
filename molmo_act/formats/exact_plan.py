"""What comes at each place of an answer with exactly n points.

Every place of such an answer is known in advance: the opening, then for each point its patch, subpatch,
location and number, then "no more points" and the end of the list, then words.
"""

from __future__ import annotations

from dataclasses import dataclass

from molmo_act.formats.grounding_tokens import AnswerGrammar
from molmo_act.formats.protocols import GroundingConfig

WORDS, PATCH, SUBPATCH, LOCATION, NO_MORE = -1, -2, -3, -4, -5
"""What comes where no certain word has to: any word, but no further point; or a kind of grounding id."""


@dataclass(frozen=True)
class ExactPlan:
    """What comes at each place of an answer with exactly n points.

    Attributes:
        kinds: The id of a word, or one of the kinds above; the last one, WORDS, holds for all later places.
        left: For each place how many points must still fit behind the point that it belongs to.
    """

    kinds: tuple[int, ...]
    left: tuple[int, ...]

    @classmethod
    def of(cls, grammar: AnswerGrammar, count: int, config: GroundingConfig) -> ExactPlan:
        """Plans an answer.

        Args:
            grammar: Ids that answers are made of.
            count: Number of points n.
            config: Configuration of the model.

        Returns:
            The plan.
        """
        kinds, left = [*grammar.opening], [0] * len(grammar.opening)
        point = [PATCH, SUBPATCH, *([LOCATION] if config.num_locations else [])]
        for number in range(1, count + 1):
            written = [*point, *grammar.number(number)]
            kinds += written
            left += [count - number] * len(written)
        kinds += [NO_MORE] * config.no_more_points_class + [grammar.list_end, WORDS]
        return cls(tuple(kinds), (*left, *[0] * (len(kinds) - len(left))))

    def __len__(self) -> int:
        """Number of places before the words at the end."""
        return len(self.kinds) - 1
