"""Which id may come next in an answer: the released order rules of decoding.

Words and points take turns freely; inside a point the order is fixed: patch, subpatch, location. Points go
forward in the prompt, and "no more points" ends them for good.

`molmo_act.formats.order_rules` holds the rules themselves, as masks for a caller that knows the last complete
point, such as the engine. `GroundingLogitsProcessor` applies them in transformers' `generate`, where the last
point is read from all ids so far.

Shape letters: B batch, S sequence, V words, T extended ids, P image tokens of a prompt, K slots of a window.
"""

from __future__ import annotations

import torch
from torch import Tensor
from transformers import LogitsProcessor

from molmo_act.formats.order_rules import OrderRules, allowed_patches, allowed_subpatches
from molmo_act.models.molmo_point.grounding_state import ExtendedIds

RELEASED_RULES = OrderRules()


class GroundingLogitsProcessor(LogitsProcessor):
    """Sets the scores of ids that may not come next to minus infinity, for transformers' `generate`.

    Args:
        ids: Where the extended ids of each row begin.
        order: The rules that hold.
        list_end: First id of what ends a list of points: all that may come right behind "no more points".
            None leaves words free there, as the released code does.
    """

    def __init__(
        self, ids: ExtendedIds, order: OrderRules = RELEASED_RULES, list_end: int | None = None
    ) -> None:
        self.ids, self.order, self._list_end = ids, order, list_end

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Masks scores.

        Args:
            input_ids: (B, S) all ids so far, the prompt included.
            scores: (B, V + T) scores of words and extended ids.

        Returns:
            (B, V + T) the scores, minus infinity where an id may not come next.

        Raises:
            RuntimeError: A point has reached its subpatch but the model has no locations.
        """
        words, extended = self.forbidden(input_ids, scores.shape[-1] - self.ids.start)
        words = words[:, None].expand(-1, self.ids.start)
        if self._list_end is not None and self.ids.no_more_points:
            just_ended_B = input_ids[:, -1] - self.ids.start == self.ids.num_patches_B
            is_end = torch.arange(self.ids.start, device=input_ids.device) == self._list_end
            words = words | (just_ended_B[:, None] & ~is_end)
        return scores.masked_fill(torch.cat((words, extended), dim=-1), -torch.inf)

    def forbidden(self, input_ids: Tensor, num_extended: int) -> tuple[Tensor, Tensor]:
        """What may not come next.

        Args:
            input_ids: (B, S) all ids so far, the prompt included.
            num_extended: Number of extended ids T of the longest row.

        Returns:
            bool (B,) whether words may not come next, and bool (B, T) which extended ids may not.

        Raises:
            RuntimeError: A point has reached its subpatch but the model has no locations.
        """
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

        slot_K = torch.arange(slots, device=input_ids.device)
        in_order = allowed_patches(columns[:1], last_patch, last_slot, slots, self.order)
        slot_in_order = allowed_subpatches(slot_K, offset_BS[:, -1], last_patch, last_slot, self.order)
        slot_in_order = slot_in_order.expand(len(columns), -1).gather(
            -1, (columns - first_slot).clamp(0, slots - 1)
        )
        allowed = torch.where(
            after_patch[:, None],
            is_slot & slot_in_order,
            torch.where(after_slot[:, None], is_location, is_patch & in_order),
        )
        return (after_patch | after_slot) & ~ended, ~allowed | ended[:, None]


def _last_value(values_BS: Tensor, where_BS: Tensor, ignored: int) -> Tensor:
    """(B,) value at the last set entry, the last `ignored` positions left out; -1 when there is none."""
    values_BS, where_BS = values_BS[:, :-ignored], where_BS[:, :-ignored]
    if not values_BS.shape[1]:
        return values_BS.new_full((len(values_BS),), -1)
    positions = torch.arange(values_BS.shape[1], device=values_BS.device)
    last = torch.where(where_BS, positions, -1).amax(-1)
    return torch.where(last >= 0, values_BS.gather(1, last.clamp_min(0)[:, None])[:, 0], -1)
