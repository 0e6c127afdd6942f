"""Answers with exactly n points: where points still fit, and what transformers' `generate` may choose.

`molmo_act.formats.exact_plan` says what comes at each place of such an answer. Of patches and subpatches the
best one is taken that leaves room for the points to come, since points go forward in the prompt.

Shape letters: B batch, S sequence, N positions of each row, P image tokens of a prompt, K slots of a pooling
window, V words, T extended ids.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import LogitsProcessor

from molmo_act.errors import InputError
from molmo_act.formats.exact_plan import LOCATION, NO_MORE, PATCH, WORDS, ExactPlan
from molmo_act.formats.order_rules import OrderRules, allowed_patches, allowed_subpatches
from molmo_act.models.molmo_point.grounding_head import NEVER, lowest
from molmo_act.models.molmo_point.logits_processor import GroundingLogitsProcessor


@dataclass(frozen=True)
class Places:
    """Where points fit in the prompts of a batch.

    Attributes:
        after_BPK: How many more places come after each slot of each patch; -1 where no point can lie.
        order: The rules that hold. Only where all of them do are places used up.
    """

    after_BPK: Tensor
    order: OrderRules

    @classmethod
    def of(cls, valid_BPK: Tensor, indexable_BP: Tensor, order: OrderRules) -> Places:
        """Counts the places of prompts.

        Args:
            valid_BPK: bool, which slots of the pooling windows hold a ViT patch.
            indexable_BP: bool, which image tokens may be pointed at.
            order: The rules that hold.

        Returns:
            The places.
        """
        valid_BPK = valid_BPK & indexable_BP[..., None]
        rest_BX = valid_BPK.flatten(1).flip(1).cumsum(1).flip(1) - 1
        return cls(torch.where(valid_BPK, rest_BX.view_as(valid_BPK), -1), order)

    def check(self, count: int) -> None:
        """Refuses more points than there are places.

        Args:
            count: Number of points that are wanted.

        Raises:
            InputError: A prompt has fewer places.
        """
        places = int(self.after_BPK.flatten(1).amax(-1).min()) + 1
        if places < (count if self._used_up else 1):
            raise InputError(
                f"exactly={count} points were asked for, but the image has {places} places for a point. Ask "
                "for fewer, or give more max_crops."
            )

    def patches(self, last_patch: Tensor, last_slot: Tensor, left: Tensor) -> Tensor:
        """Which patches may begin a point, so that the points to come still fit.

        Args:
            last_patch: (B, N) patch of the last complete point, -1 when there is none.
            last_slot: (B, N) slot of the last complete point, -1 when there is none.
            left: (B, N) how many points come after this one.

        Returns:
            bool (B, N, P).
        """
        needed = self._needed(left)
        slots = self.after_BPK.shape[-1]
        index_P = torch.arange(self.after_BPK.shape[1], device=last_patch.device)
        in_order: Tensor = allowed_patches(index_P, last_patch, last_slot, slots, self.order)
        fits_BNP = self.after_BPK.amax(-1)[:, None] >= needed[..., None]
        own = last_patch.clamp_min(0)
        own_fits = self.subpatches(own, last_patch, last_slot, left).any(-1, keepdim=True)
        return in_order & fits_BNP.scatter(-1, own[..., None], own_fits)

    def subpatches(self, patch: Tensor, last_patch: Tensor, last_slot: Tensor, left: Tensor) -> Tensor:
        """Which slots of a patch may be chosen, so that the points to come still fit.

        Args:
            patch: (B, N) the patch that was chosen.
            last_patch: See `patches`.
            last_slot: See `patches`.
            left: See `patches`.

        Returns:
            bool (B, N, K).
        """
        slots = self.after_BPK.shape[-1]
        after_BNK = self.after_BPK.gather(1, patch[..., None].expand(-1, -1, slots))
        index_K = torch.arange(slots, device=patch.device)
        in_order: Tensor = allowed_subpatches(index_K, patch, last_patch, last_slot, self.order)
        return in_order & (after_BNK >= self._needed(left)[..., None])

    @property
    def _used_up(self) -> bool:
        """Whether a place is gone once a point lies at it or behind it."""
        order = self.order
        return order.prevent_repeats and order.force_patch_sorted and order.force_subpatch_sorted

    def _needed(self, left: Tensor) -> Tensor:
        return left if self._used_up else torch.zeros_like(left)


class ExactPointsLogitsProcessor(LogitsProcessor):
    """Makes transformers' `generate` answer with exactly n points.

    `generate` needs ``rank_patches=True`` with it: see `MolmoPointForConditionalGeneration.forward`.

    Args:
        plan: What comes at each place of the answer.
        places: Where points fit.
        grounding: What is legal where the plan says nothing.
        prompt_length: Length S of the padded prompts.
    """

    def __init__(
        self, plan: ExactPlan, places: Places, grounding: GroundingLogitsProcessor, prompt_length: int
    ) -> None:
        self._plan, self._places, self._grounding = plan, places, grounding
        self._prompt_length = prompt_length

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Masks scores.

        Args:
            input_ids: (B, S) all ids so far, the prompt included.
            scores: (B, V + T) scores of words and extended ids.

        Returns:
            (B, V + T) the scores, minus infinity where an id may not come next.
        """
        place = min(input_ids.shape[1] - self._prompt_length, len(self._plan))
        kind, ids = self._plan.kinds[place], self._grounding.ids
        if kind == LOCATION:
            masked: Tensor = self._grounding(input_ids, scores)
            return masked
        column_1V = torch.arange(scores.shape[-1], device=scores.device)[None]
        if kind == WORDS:
            allowed = (column_1V < ids.start).expand(len(scores), -1)
        elif kind == NO_MORE:
            allowed = column_1V == ids.start + ids.num_patches_B[:, None]
        elif kind >= 0:
            allowed = column_1V == kind
        else:
            allowed = self._of_point(input_ids, place, kind, scores.shape[-1] - ids.start)
            self._check_ranked(scores.masked_fill(~allowed, -torch.inf))
        return scores.masked_fill(~allowed, -torch.inf)

    @staticmethod
    def _check_ranked(allowed: Tensor) -> None:
        """Refuses scores among which the best legal patch cannot be told."""
        if bool((allowed.amax(-1) <= 0.9 * lowest(NEVER, allowed.dtype)).any()):  # bfloat16 rounds it
            raise InputError(
                "Only the best patch of all has a score, and it may not come here; expected "
                "rank_patches=True in the call of generate()."
            )

    def _of_point(self, input_ids: Tensor, place: int, kind: int, num_extended: int) -> Tensor:
        """(B, V + T) which patch or subpatch may come."""
        ids, first = self._grounding.ids, self._grounding.ids.start
        answer_BS = input_ids[:, self._prompt_length :]
        begun = self._plan.kinds[: place if kind == PATCH else place - 1]
        before = [index for index, each in enumerate(begun) if each == PATCH]
        last_patch = last_slot = torch.full_like(input_ids[:, :1], -1)
        if before:
            last_patch = answer_BS[:, before[-1], None] - first
            last_slot = answer_BS[:, before[-1] + 1, None] - first - ids.subpatch_start_B[:, None]
        left = torch.full_like(last_patch, self._plan.left[place])
        if kind == PATCH:
            allowed_BX = self._places.patches(last_patch, last_slot, left)[:, 0]
            return F.pad(allowed_BX, (first, num_extended - allowed_BX.shape[1]))
        patch = answer_BS[:, -1:] - first
        allowed_BK = self._places.subpatches(patch, last_patch, last_slot, left)[:, 0]
        slot_K = torch.arange(allowed_BK.shape[1], device=patch.device)
        column_BK = first + ids.subpatch_start_B[:, None] + slot_K
        nothing_BV = torch.zeros(len(patch), first + num_extended, dtype=torch.bool, device=patch.device)
        return nothing_BV.scatter(1, column_BK, allowed_BK)
