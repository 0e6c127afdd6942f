"""State of the answers in the making, and how a decode step advances it.

Shape letters: B rows still decoding, S positions of the cache, N tokens along the branch that a step reads, P
image tokens of a prompt, T length of the drafted end of an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from molmo_act.generation.limits import MAX_LABEL_IDS, NONE
from molmo_act.generation.prefill import PrefillOutput


@dataclass(frozen=True)
class StepOutput:
    """What one decode step has added to the answers.

    Attributes:
        prompt_index_B: Index of each row's prompt in the batch.
        ids_BN: Chosen ids.
        probabilities_BN: Their probabilities.
        accepted_B: How many of them the answer takes.
    """

    prompt_index_B: Tensor
    ids_BN: Tensor
    probabilities_BN: Tensor
    accepted_B: Tensor


@dataclass(frozen=True)
class StepChoices:
    """What one decode step has chosen along the branch of each row, before the draft is compared.

    Attributes:
        fed_BN: Ids along the branch; -1 where nothing was fed.
        ids_BN: The id that was chosen after each of them.
        probabilities_BN: Probabilities of the chosen ids.
        patch_probabilities_BNP: Patch probabilities at the last positions of the branch, where words and
            patches compete.
        completes_B: 1 where a point was completed, else 0.
        refused_BN: bool, where a word was chosen because the best patch lies before the last point.
    """

    fed_BN: Tensor
    ids_BN: Tensor
    probabilities_BN: Tensor
    patch_probabilities_BNP: Tensor
    completes_B: Tensor
    refused_BN: Tensor


@dataclass(frozen=True)
class StopCriteria:
    """When an answer ends.

    Attributes:
        first_extended_id: First id behind the words.
        end_ids: (E,) ids that end an answer.
        max_points: An answer ends after this many complete points; None for no bound.
        max_new_tokens: An answer is truncated after this many ids.
    """

    first_extended_id: int
    end_ids: Tensor
    max_points: int | None
    max_new_tokens: int


@dataclass
class DecodeState:
    """The answers in the making; the first axis of every tensor is B.

    Attributes:
        prompt_index_B: Index of each row's prompt in the batch.
        no_more_points_id_B: Ids of "no more points"; -1 where the model has none.
        real_BS: bool, positions of the prompt that are no padding; positions behind the prompt are True.
        length_B: Positions of the cache in use.
        padding_B: How many of these are padding.
        pending_id_B: The id that was chosen last and has not been fed yet.
        last_patch_B: Patch of the last complete point, -1 before the first.
        last_slot_B: Slot of the last complete point, -1 before the first.
        ended_B: Whether "no more points" was chosen.
        refused_B: Whether the best patch lay before the last point, and none was chosen since.
        complete_B: Whether the answer is complete.
        stopped_B: Whether it is complete or as long as it may be; such a row stands still.
        num_points_B: Complete points.
        num_ids_B: Ids so far.
        draft_BT: Drafted end of the answer, -1 behind it.
        draft_position_B: How much of the draft has come true; -1 before it begins and once the answer went
            another way.
        first_patch_probabilities_BP: Patch probabilities at the first patch step, "no more points" last.
        has_first_patch_B: Whether there was a patch step.
    """

    prompt_index_B: Tensor
    no_more_points_id_B: Tensor
    real_BS: Tensor
    length_B: Tensor
    padding_B: Tensor
    pending_id_B: Tensor
    last_patch_B: Tensor
    last_slot_B: Tensor
    ended_B: Tensor
    refused_B: Tensor
    complete_B: Tensor
    stopped_B: Tensor
    num_points_B: Tensor
    num_ids_B: Tensor
    draft_BT: Tensor
    draft_position_B: Tensor
    first_patch_probabilities_BP: Tensor
    has_first_patch_B: Tensor

    @classmethod
    def from_prefill(cls, prefilled: PrefillOutput, drafts: Sequence[Sequence[int]]) -> DecodeState:
        """Begins answers; the last prompt token counts as fed in the step to come.

        Args:
            prefilled: The prompts.
            drafts: For each prompt the drafted end of its answer.

        Returns:
            The state before the first choice.
        """
        real_BS, ids = prefilled.real_BS, prefilled.state.ids
        batch, device = len(real_BS), real_BS.device
        width = MAX_LABEL_IDS + 1
        none_B = torch.full((batch,), NONE, device=device)
        false_B = torch.zeros(batch, dtype=torch.bool, device=device)
        image_tokens = prefilled.state.patch_keys_BPE.shape[1]
        return cls(
            prompt_index_B=torch.arange(batch, device=device),
            no_more_points_id_B=ids.start + ids.num_patches_B if ids.no_more_points else none_B,
            real_BS=F.pad(real_BS, (0, prefilled.cache.capacity - prefilled.length), value=True),
            length_B=torch.full_like(none_B, prefilled.length - 1),
            padding_B=(~real_BS).sum(-1),
            pending_id_B=none_B,
            last_patch_B=none_B,
            last_slot_B=none_B,
            ended_B=false_B,
            refused_B=false_B,
            complete_B=false_B,
            stopped_B=false_B,
            num_points_B=none_B + 1,
            num_ids_B=none_B + 1,
            draft_BT=torch.tensor([[*draft, *[NONE] * width][:width] for draft in drafts], device=device),
            draft_position_B=none_B,
            first_patch_probabilities_BP=torch.zeros(batch, image_tokens + 1, device=device),
            has_first_patch_B=false_B,
        )

    def select(self, rows: Tensor) -> DecodeState:
        """Selects rows.

        Args:
            rows: Indices, or a bool mask (B,).

        Returns:
            The state of these rows.
        """
        return DecodeState(**{name: value[rows] for name, value in vars(self).items()})

    def clone(self) -> DecodeState:
        """Copies the state.

        Returns:
            The same in tensors of its own.
        """
        return DecodeState(**{name: value.clone() for name, value in vars(self).items()})

    def copy_(self, other: DecodeState) -> None:
        """Takes over the values of another state, in place.

        Args:
            other: A state of the same shapes.
        """
        for name, value in vars(self).items():
            value.copy_(getattr(other, name))

    def padded(self, num_patches: int) -> DecodeState:
        """Pads the prompts with image tokens.

        Args:
            num_patches: Number of image tokens afterwards, at least as many as now.

        Returns:
            The state with wider patch probabilities; "no more points" stays last.
        """
        shares_BP = self.first_patch_probabilities_BP
        shares_BP, no_more_B1 = shares_BP[:, :-1], shares_BP[:, -1:]
        shares_BP = F.pad(shares_BP, (0, num_patches - shares_BP.shape[1]))
        return replace(self, first_patch_probabilities_BP=torch.cat((shares_BP, no_more_B1), dim=1))

    def drafted_words(self, closing: Tensor, max_words: int) -> Tensor:
        """Drafts the words that probably follow the pending id.

        Args:
            closing: Ids that end the list of points; they are drafted at any moment behind the points.
            max_words: Number of words to draft.

        Returns:
            (B, max_words) ids, -1 where nothing is drafted.
        """
        steps = torch.arange(max_words, device=self.draft_position_B.device)
        index = (self.draft_position_B[:, None] + steps).clamp(0, self.draft_BT.shape[1] - 1)
        drafted = self.draft_BT.gather(1, index)
        ending = F.pad(closing[:max_words], (0, max(0, max_words - len(closing))), value=NONE)
        off_draft = torch.where(self.ended_B[:, None], ending, NONE)
        return torch.where(self.draft_position_B[:, None] >= 0, drafted, off_draft)

    def accept(self, choices: StepChoices, stop: StopCriteria) -> StepOutput:
        """Takes over what a step has chosen, up to the first id that was not the drafted one.

        Args:
            choices: The choices and the draft.
            stop: When answers end.

        Returns:
            The ids that the answers take.
        """
        matches_BN = (choices.ids_BN[:, :-1] == choices.fed_BN[:, 1:]).long()
        last_B1 = matches_BN.cumprod(-1).sum(-1, keepdim=True)
        pending_B = choices.ids_BN.gather(1, last_B1)[:, 0]
        is_extended_B = pending_B >= stop.first_extended_id
        self.num_points_B = self.num_points_B + choices.completes_B
        over_B = torch.isin(pending_B, stop.end_ids)
        if stop.max_points is not None:
            over_B = over_B | (is_extended_B & (self.num_points_B >= stop.max_points))
        accepted_B = torch.where(self.stopped_B, 0, last_B1[:, 0] + (~over_B).long())
        self._keep_first_patch(choices, last_B1, is_extended_B & ~over_B)
        is_no_more_B = pending_B == self.no_more_points_id_B
        self._advance_draft(pending_B, is_no_more_B, last_B1[:, 0])
        self.ended_B = self.ended_B | is_no_more_B
        self._keep_refusal(choices, last_B1, stop.first_extended_id)
        self.complete_B = self.complete_B | (over_B & ~self.stopped_B)
        self.length_B = self.length_B + torch.where(self.stopped_B, 0, last_B1[:, 0] + 1)
        self.pending_id_B, self.num_ids_B = pending_B, self.num_ids_B + accepted_B
        self.stopped_B = self.complete_B | (self.num_ids_B >= stop.max_new_tokens)
        return StepOutput(self.prompt_index_B, choices.ids_BN, choices.probabilities_BN, accepted_B)

    def _keep_refusal(self, choices: StepChoices, last_B1: Tensor, first_extended_id: int) -> None:
        """Whether the last thing that the order of points decided was to refuse a patch."""
        place_N = torch.arange(choices.ids_BN.shape[1], device=last_B1.device)
        counts_BN = place_N <= last_B1
        last_patch_B, last_refused_B = (
            torch.where(counts_BN & is_such_BN, place_N, NONE).amax(-1)
            for is_such_BN in (choices.ids_BN >= first_extended_id, choices.refused_BN)
        )
        refused_B = (last_refused_B > last_patch_B) | (self.refused_B & (last_patch_B < 0))
        self.refused_B = torch.where(self.stopped_B, self.refused_B, refused_B)

    def _keep_first_patch(self, choices: StepChoices, last_B1: Tensor, is_patch_B: Tensor) -> None:
        """Keeps the patch probabilities of rows whose first patch step this is."""
        is_first_B = ~self.has_first_patch_B & is_patch_B
        shares_BNP = choices.patch_probabilities_BNP
        index = (last_B1 - (choices.ids_BN.shape[1] - shares_BNP.shape[1])).clamp_min(0)
        shares_BP = shares_BNP.gather(1, index[..., None].expand(-1, -1, shares_BNP.shape[-1]))[:, 0]
        self.first_patch_probabilities_BP = torch.where(
            is_first_B[:, None], shares_BP, self.first_patch_probabilities_BP
        )
        self.has_first_patch_B = self.has_first_patch_B | is_first_B

    def _advance_draft(self, pending_B: Tensor, is_no_more_B: Tensor, accepted_B: Tensor) -> None:
        """Whether the answer still goes as drafted, and how far."""
        index = (self.draft_position_B + accepted_B).clamp(0, self.draft_BT.shape[1] - 1)
        held_B = pending_B == self.draft_BT.gather(1, index[:, None])[:, 0]
        going = torch.where(held_B, index + 1, NONE)
        begins_B = (self.draft_position_B < 0) & ~self.ended_B & (pending_B == self.draft_BT[:, 0])
        position_B = torch.where(self.draft_position_B >= 0, going, torch.where(begins_B, 1, NONE))
        self.draft_position_B = torch.where(is_no_more_B, 0, position_B)
