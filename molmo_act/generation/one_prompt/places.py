"""Where points still fit in a prompt, for answers with a certain number of them.

As `molmo_act.models.molmo_point.exact_points.Places`, for one prompt. Shape letters are those of `network`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from molmo_act.errors import InputError
from molmo_act.formats.order_rules import OrderRules, allowed_patches, allowed_subpatches


@dataclass(frozen=True, eq=False)
class Places:
    """Where points fit.

    Attributes:
        after: int64 (P, K), how many more places come after each slot; -1 where no point can lie.
        order: The rules that hold. Only where all of them do are places used up.
    """

    after: np.ndarray
    order: OrderRules

    @classmethod
    def of(cls, valid: np.ndarray, indexable: np.ndarray, order: OrderRules) -> Places:
        """Counts the places of a prompt.

        Args:
            valid: bool (P, K), which slots of the windows hold a ViT patch.
            indexable: bool (P,), which image tokens may be pointed at.
            order: The rules that hold.

        Returns:
            The places.
        """
        usable = valid & indexable[:, None]
        rest = usable.reshape(-1)[::-1].cumsum()[::-1] - 1
        return cls(np.where(usable, rest.reshape(usable.shape), -1), order)

    def check(self, count: int) -> None:
        """Refuses more points than there are places.

        Args:
            count: Number of points that are wanted.

        Raises:
            InputError: The prompt has fewer places.
        """
        places = int(self.after.max()) + 1
        if places < (count if self._used_up else 1):
            raise InputError(
                f"exactly={count} points were asked for, but the image has {places} places for a point. Ask "
                "for fewer, or give more max_crops."
            )

    def patches(self, last_patch: int, last_slot: int, left: int) -> np.ndarray:
        """Which patches may begin a point, so that the points to come still fit.

        Args:
            last_patch: Patch of the last complete point, -1 when there is none.
            last_slot: Slot of the last complete point, -1 when there is none.
            left: How many points come after this one.

        Returns:
            bool (P,).
        """
        patches, slots = self.after.shape
        last = np.asarray(last_patch), np.asarray(last_slot)
        in_order = allowed_patches(np.arange(patches), *last, slots, self.order)
        fits = self.after.max(-1) >= self._needed(left)
        own = max(last_patch, 0)
        fits[own] = self.subpatches(own, last_patch, last_slot, left).any()
        allowed: np.ndarray = in_order & fits
        return allowed

    def subpatches(self, patch: int, last_patch: int, last_slot: int, left: int) -> np.ndarray:
        """Which slots of a patch may be chosen, so that the points to come still fit.

        Args:
            patch: The patch that was chosen.
            last_patch: See `patches`.
            last_slot: See `patches`.
            left: See `patches`.

        Returns:
            bool (K,).
        """
        slots = self.after.shape[1]
        chosen, *last = (np.asarray(value) for value in (patch, last_patch, last_slot))
        in_order = allowed_subpatches(np.arange(slots), chosen, last[0], last[1], self.order)
        allowed: np.ndarray = in_order & (self.after[patch] >= self._needed(left))
        return allowed

    @property
    def _used_up(self) -> bool:
        """Whether a place is gone once a point lies at it or behind it."""
        order = self.order
        return order.prevent_repeats and order.force_patch_sorted and order.force_subpatch_sorted

    def _needed(self, left: int) -> int:
        return left if self._used_up else 0
