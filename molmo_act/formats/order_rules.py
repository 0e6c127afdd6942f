"""In what order the points of an answer may come: the released rules, as masks over patches and slots.

`allowed_patches` and `allowed_subpatches` take arrays of NumPy or tensors of torch alike, since comparing and
combining them is all that they do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from molmo_act.formats.protocols import DecodingConfig


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
    def of(cls, config: DecodingConfig) -> OrderRules:
        """The rules that a model's configuration asks for at inference.

        Args:
            config: Configuration of the model; `mask_repeats`, `mask_patches` and `mask_subpatches` count.

        Returns:
            The rules that hold "always" or at "inference".
        """
        asked = (config.mask_repeats, config.mask_patches, config.mask_subpatches)
        return cls(*(when in ("always", "inference") for when in asked))


def allowed_patches(
    index: Any, last_patch: Any, last_slot: Any, num_subpatches: int, order: OrderRules
) -> Any:
    """Which patches may begin the next point.

    Args:
        index: int64 (P,), 0, 1, 2 … of the patches asked about; that of "no more points" may be among them.
        last_patch: int64 (...) patch of the last complete point, -1 when there is none.
        last_slot: int64 (...) slot of the last complete point, -1 when there is none.
        num_subpatches: Number of slots K of a pooling window.
        order: The rules that hold.

    Returns:
        bool (..., P), or (P,) where no rule holds.
    """
    allowed = index >= 0
    if order.force_patch_sorted:
        allowed = index >= last_patch[..., None]
    if order.force_subpatch_sorted and order.prevent_repeats:
        used_up = (last_slot == num_subpatches - 1)[..., None]
        allowed = allowed & ~((index == last_patch[..., None]) & used_up)
    return allowed


def allowed_subpatches(index: Any, patch: Any, last_patch: Any, last_slot: Any, order: OrderRules) -> Any:
    """Which slots may follow the patch just chosen; inside one patch points go forward too.

    Args:
        index: int64 (K,), 0, 1, 2 … of the slots of a pooling window.
        patch: int64 (...) the patch just chosen.
        last_patch: int64 (...) patch of the last complete point, -1 when there is none.
        last_slot: int64 (...) slot of the last complete point, -1 when there is none.
        order: The rules that hold.

    Returns:
        bool (..., K), or (K,) where no rule holds.
    """
    if not order.force_subpatch_sorted:
        return index >= 0
    again = (last_patch == patch) & (last_slot >= 0)
    return ~again[..., None] | (index >= last_slot[..., None] + int(order.prevent_repeats))
