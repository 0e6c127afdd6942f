"""What decoding keeps of a prompt's images, and how extended ids are read.

Shape letters: B batch, P image tokens of a prompt (padded to the longest of the batch), K slots of a pooling
window, C width of gathered ViT features, D text width, E width of grounding keys.

Behind the ordinary vocabulary every prompt has ids of its own (MolmoPoint format):
`patch 0 … patch P-1 | no more points | subpatch 0 … K-1 | location 0 … L-1`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class ExtendedIds:
    """Where the extended ids of each row of a batch begin.

    Attributes:
        start: First extended id, the number of rows of the word table.
        num_patches_B: int64 (B,), image tokens of each row's prompt.
        num_subpatches: K.
        num_locations: L.
        no_more_points: Whether one id behind the patches means "no more points".
    """

    start: int
    num_patches_B: Tensor
    num_subpatches: int
    num_locations: int
    no_more_points: bool

    @property
    def subpatch_start_B(self) -> Tensor:
        """(B,) offset of subpatch 0 from `start`."""
        return self.num_patches_B + int(self.no_more_points)

    @property
    def location_start_B(self) -> Tensor:
        """(B,) offset of location 0 from `start`."""
        return self.subpatch_start_B + self.num_subpatches

    @property
    def end_B(self) -> Tensor:
        """(B,) number of extended ids of each row."""
        return self.location_start_B + self.num_locations

    def read(self, ids_B: Tensor) -> TokenReading:
        """Says what each id means for its row.

        Args:
            ids_B: One id of each row.

        Returns:
            Kind and index of each.
        """
        offset_B = ids_B - self.start
        subpatch_B = offset_B - self.subpatch_start_B
        location_B = offset_B - self.location_start_B
        return TokenReading(
            is_patch_B=(offset_B >= 0) & (offset_B < self.num_patches_B),
            is_no_more_B=(offset_B == self.num_patches_B) & self.no_more_points,
            is_subpatch_B=(subpatch_B >= 0) & (subpatch_B < self.num_subpatches),
            is_location_B=(location_B >= 0) & (location_B < self.num_locations),
            patch_B=torch.minimum(offset_B.clamp_min(0), (self.num_patches_B - 1).clamp_min(0)),
            subpatch_B=subpatch_B.clamp(0, self.num_subpatches - 1),
        )


@dataclass(frozen=True)
class TokenReading:
    """The meaning of one id per row; the index fields are clamped, valid only where the flag is set."""

    is_patch_B: Tensor
    is_no_more_B: Tensor
    is_subpatch_B: Tensor
    is_location_B: Tensor
    patch_B: Tensor
    subpatch_B: Tensor


@dataclass(frozen=True)
class GroundingState:
    """Everything later steps need of the images, computed once at prefill.

    Attributes:
        ids: The extended ids of each row.
        patch_keys_BPE: Rotated keys of the image tokens.
        indexable_BP: Which image tokens may be pointed at (not those of global crops, not padding).
        positions_BP: Position of each image token among the indexable ones; -1 before the first.
        image_features_BPD: Connector output, the input embedding of a chosen patch.
        vit_features_BPKC: Gathered ViT features.
        subpatch_keys_BPKE: Keys of the ViT patches.
        subpatch_valid_BPK: False where a window has no patch.
        last_patch_B: Index of the last patch fed to the model, -1 before the first.
    """

    ids: ExtendedIds
    patch_keys_BPE: Tensor
    indexable_BP: Tensor
    positions_BP: Tensor
    image_features_BPD: Tensor
    vit_features_BPKC: Tensor
    subpatch_keys_BPKE: Tensor
    subpatch_valid_BPK: Tensor
    last_patch_B: Tensor

    @property
    def last_position_B(self) -> Tensor:
        """(B,) position of the last patch among the indexable tokens; -1 when there is none."""
        position_B = self.positions_BP.gather(1, self.last_patch_B.clamp_min(0)[:, None])[:, 0]
        return torch.where(self.last_patch_B < 0, -1, position_B)

    def window(self, table_BPx: Tensor, patch_B: Tensor) -> Tensor:
        """Looks up one patch of each row.

        Args:
            table_BPx: (B, P, ...) table with an entry for every patch.
            patch_B: Which patch.

        Returns:
            (B, ...).
        """
        return table_BPx[torch.arange(len(patch_B), device=patch_B.device), patch_B]

    def after(self, reading: TokenReading) -> GroundingState:
        """The state once these tokens have been fed.

        Args:
            reading: What they mean.

        Returns:
            The same tables with the last patch moved on.
        """
        return replace(self, last_patch_B=torch.where(reading.is_patch_B, reading.patch_B, self.last_patch_B))

    def select(self, rows: Tensor) -> GroundingState:
        """Some rows of the batch.

        Args:
            rows: Their indices, or a mask.

        Returns:
            The state of these rows.
        """
        return self._map(lambda value: value[rows])

    def clone(self) -> GroundingState:
        """Copies the state.

        Returns:
            The same values in tensors of its own.
        """
        return self._map(torch.clone)

    def copy_(self, other: GroundingState) -> None:
        """Takes over the values of a state of the same shapes, in place.

        Args:
            other: Where the values come from.
        """
        self.ids.num_patches_B.copy_(other.ids.num_patches_B)
        for name, value in self._tensors().items():
            value.copy_(getattr(other, name))

    def padded(self, patches: int) -> GroundingState:
        """Pads the tables.

        Args:
            patches: Number of image tokens wanted.

        Returns:
            The same with so many image tokens; those added cannot be pointed at.
        """
        missing = patches - self.indexable_BP.shape[1]
        tables: dict[str, Any] = {
            name: F.pad(value, (*[0, 0] * (value.ndim - 2), 0, missing))
            for name, value in self._tensors().items()
            if value.ndim > 1
        }
        return replace(self, **tables)

    def _tensors(self) -> dict[str, Tensor]:
        return {name: value for name, value in vars(self).items() if isinstance(value, Tensor)}

    def _map(self, change: Callable[[Tensor], Tensor]) -> GroundingState:
        tensors: dict[str, Any] = {name: change(value) for name, value in self._tensors().items()}
        return replace(self, ids=replace(self.ids, num_patches_B=change(self.ids.num_patches_B)), **tensors)
