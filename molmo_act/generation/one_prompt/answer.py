"""State of an answer in the making, and how a decode step advances it.

As `molmo_act.generation.decode_state`, for one prompt. Shape letters: N tokens along the branch that a step
reads, P image tokens of the prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from molmo_act.generation.limits import MAX_DRAFTED_WORDS, MAX_LABEL_IDS, NONE, GenerationLimits


@dataclass(frozen=True, eq=False)
class StepChoices:
    """What one decode step has chosen along its branch, before the draft is compared.

    Attributes:
        fed: int64 (N,) ids along the branch; -1 for what was not fed.
        ids: int64 (N,), the id that was chosen after each of them.
        probabilities: (N,), their probabilities.
        patch_probabilities: (·, P + 1), patch probabilities at the last positions of the branch, where words
            and patches compete.
        completes: Whether a point was completed.
        refused: bool (N,), where a word was chosen because the best patch lies before the last point.
    """

    fed: np.ndarray
    ids: np.ndarray
    probabilities: np.ndarray
    patch_probabilities: np.ndarray
    completes: bool
    refused: np.ndarray


@dataclass
class Answer:
    """An answer in the making.

    Attributes:
        first_extended_id: First id behind the words.
        no_more_points_id: Id of "no more points"; -1 where the model has none.
        end_ids: Ids that end an answer.
        limits: When it ends at the latest.
        draft: Drafted end of the answer.
        closing: Ids that end the list of points; they are drafted at any moment behind the points.
        tokens: Ids so far.
        probabilities: Their probabilities.
        pending: The id that was chosen last and has not been fed yet.
        last_patch: Patch of the last complete point, -1 before the first.
        last_slot: Slot of the last complete point, -1 before the first.
        ended: Whether "no more points" was chosen.
        refused: Whether the best patch lay before the last point, and none was chosen since.
        complete: Whether the answer is complete.
        num_points: Complete points.
        draft_position: How much of the draft has come true; -1 before it begins and once the answer went
            another way.
        first_patch_probabilities: (P + 1,) at the first patch step; None before it.
    """

    first_extended_id: int
    no_more_points_id: int
    end_ids: frozenset[int]
    limits: GenerationLimits
    draft: Sequence[int]
    closing: Sequence[int]
    tokens: list[int] = field(default_factory=list)
    probabilities: list[float] = field(default_factory=list)
    pending: int = NONE
    last_patch: int = NONE
    last_slot: int = NONE
    ended: bool = False
    refused: bool = False
    complete: bool = False
    num_points: int = 0
    draft_position: int = NONE
    first_patch_probabilities: np.ndarray | None = None

    def __post_init__(self) -> None:
        self.draft = [*self.draft][: MAX_LABEL_IDS + 1]

    @property
    def stopped(self) -> bool:
        """Whether it is complete or as long as it may be."""
        return self.complete or len(self.tokens) >= self.limits.max_new_tokens

    def drafted_words(self) -> list[int]:
        """Drafts the words that probably follow the pending id.

        Returns:
            Ids, at most `MAX_DRAFTED_WORDS`.
        """
        if self.draft_position >= 0:
            return [*self.draft[self.draft_position : self.draft_position + MAX_DRAFTED_WORDS]]
        return [*self.closing[:MAX_DRAFTED_WORDS]] if self.ended else []

    def accept(self, choices: StepChoices) -> int:
        """Takes over what a step has chosen, up to the first id that was not the drafted one.

        Args:
            choices: The choices and the draft.

        Returns:
            How many of the ids along the branch are part of the answer; what was fed behind them is not.
        """
        right = choices.ids[:-1] == choices.fed[1:]
        last = len(right) if right.all() else int(right.argmin())
        pending = int(choices.ids[last])
        extended = pending >= self.first_extended_id
        self.num_points += choices.completes
        most = self.limits.max_points
        over = pending in self.end_ids or (most is not None and extended and self.num_points >= most)
        if self.first_patch_probabilities is None and extended and not over:
            at = last - (len(choices.ids) - len(choices.patch_probabilities))
            self.first_patch_probabilities = choices.patch_probabilities[max(at, 0)]
        self._advance_draft(pending, last)
        self.ended |= pending == self.no_more_points_id
        self._keep_refusal(choices, last)
        self.complete = over
        taken = last if over else last + 1
        self.tokens += choices.ids[:taken].tolist()
        self.probabilities += choices.probabilities[:taken].tolist()
        self.pending = pending
        return last + 1

    def _keep_refusal(self, choices: StepChoices, last: int) -> None:
        """Whether the last thing that the order of points decided was to refuse a patch."""
        ids, refused = choices.ids[: last + 1], choices.refused[: last + 1]
        last_patch, last_refused = (
            int(np.flatnonzero(such)[-1]) if such.any() else NONE
            for such in (ids >= self.first_extended_id, refused)
        )
        self.refused = last_refused > last_patch or (self.refused and last_patch < 0)

    def _advance_draft(self, pending: int, accepted: int) -> None:
        """Whether the answer still goes as drafted, and how far."""
        if pending == self.no_more_points_id:
            self.draft_position = 0
        elif self.draft_position >= 0:
            index = self.draft_position + accepted
            self.draft_position = index + 1 if self.draft[index : index + 1] == [pending] else NONE
        elif not self.ended and self.draft[:1] == [pending]:
            self.draft_position = 1
