"""Which grounding id may follow which: the released rules of decoding, for `generate`; knows ids, no words.

Words and points take turns freely; inside a point the order is fixed: patch, subpatch, location. Points go
forward in the prompt, and "no more points" ends them for good.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import LogitsProcessor

from molmo_act.modeling.configuration import MolmoPointConfig
from molmo_act.modeling.grounding_state import ExtendedIds


@dataclass(frozen=True)
class OrderRules:
    """In what order points may come.

    Attributes:
        prevent_repeats: No point twice.
        force_patch_sorted: A patch never lies before the last completed one.
        force_subpatch_sorted: Inside one patch, nor does a subpatch.
    """

    prevent_repeats: bool = True
    force_patch_sorted: bool = True
    force_subpatch_sorted: bool = True

    @classmethod
    def of(cls, config: MolmoPointConfig) -> OrderRules:
        """The rules that a model's configuration asks for at inference."""
        asked = (config.mask_repeats, config.mask_patches, config.mask_subpatches)
        return cls(*(when in ("always", "inference") for when in asked))


class GroundingLogitsProcessor(LogitsProcessor):
    """Sets the scores of ids that may not come next to minus infinity.

    Args:
        ids: Where the extended ids of each row begin.
        prevent_repeats, force_patch_sorted, force_subpatch_sorted: See `OrderRules`.
    """

    def __init__(
        self,
        ids: ExtendedIds,
        *,
        prevent_repeats: bool = True,
        force_patch_sorted: bool = True,
        force_subpatch_sorted: bool = True,
    ) -> None:
        self.ids = ids
        self.prevent_repeats = prevent_repeats
        self.force_patch_sorted = force_patch_sorted
        self.force_subpatch_sorted = force_subpatch_sorted

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Masked scores.

        Args:
            input_ids: (B, S) all ids so far, the prompt included.
            scores: (B, V + T) scores of words and extended ids.

        Raises:
            RuntimeError: A point has reached its subpatch but the model has no locations.
        """
        words, extended = self.forbidden(input_ids, scores.shape[-1] - self.ids.start)
        words = words[:, None].expand(-1, self.ids.start)
        return scores.masked_fill(torch.cat((words, extended), dim=-1), -torch.inf)

    def forbidden(self, input_ids: Tensor, num_extended: int) -> tuple[Tensor, Tensor]:
        """Whether words may not come next (B,), and which extended ids may not (B, num_extended)."""
        ids = self.ids
        patches, slots = ids.num_patches_B[:, None], ids.num_subpatches
        first_slot, first_location = ids.subpatch_start_B[:, None], ids.location_start_B[:, None]
        offset_BS = input_ids - ids.start
        is_no_more_BS = (offset_BS == patches) & ids.no_more_points
        is_patch_BS = ((offset_BS >= 0) & (offset_BS < patches)) | is_no_more_BS
        is_slot_BS = (offset_BS >= first_slot) & (offset_BS < first_slot + slots)
        ended, after_patch, after_slot = is_no_more_BS.any(-1), is_patch_BS[:, -1], is_slot_BS[:, -1]
        if not ids.num_locations and bool(after_slot.any()):
            raise RuntimeError("A point has a subpatch, but the model has no locations to end it with.")

        open_length = 2 if ids.num_locations else 1  # the part of a point that is not complete yet
        last_patch = _last_value(offset_BS, is_patch_BS, open_length)
        last_slot = _last_value(offset_BS - first_slot, is_slot_BS, open_length)
        columns = torch.arange(num_extended, device=input_ids.device).expand(len(input_ids), -1)
        is_patch = columns < first_slot
        is_slot = (columns >= first_slot) & (columns < first_location)
        is_location = (columns >= first_location) & (columns < ids.end_B[:, None])

        allowed = torch.where(
            after_patch[:, None], is_slot, torch.where(after_slot[:, None], is_location, is_patch)
        )
        if self.force_patch_sorted:
            allowed &= ~is_patch | (columns >= last_patch)
        if self.force_subpatch_sorted:
            same_patch = after_patch[:, None] & (last_patch == offset_BS[:, -1:]) & (last_slot >= 0)
            least = last_slot + int(self.prevent_repeats)
            allowed &= ~is_slot | ~same_patch | (columns - first_slot >= least)
            if self.prevent_repeats:
                allowed &= ~(is_patch & (columns == last_patch) & (last_slot == slots - 1))
        return (after_patch | after_slot) & ~ended, ~allowed | ended[:, None]


def _last_value(values_BS: Tensor, where_BS: Tensor, ignored: int) -> Tensor:
    """(B, 1) value at the last set entry, the last `ignored` positions left out; -1 when there is none."""
    values_BS, where_BS = values_BS[:, :-ignored], where_BS[:, :-ignored]
    if not values_BS.shape[1]:
        return values_BS.new_full((len(values_BS), 1), -1)
    positions = torch.arange(values_BS.shape[1], device=values_BS.device)
    last = torch.where(where_BS, positions, -1).amax(-1, keepdim=True)
    return torch.where(last >= 0, values_BS.gather(1, last.clamp_min(0)), -1)
