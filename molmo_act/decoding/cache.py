"""Keys and values of all layers in one tensor of fixed size; knows no tokens.

Shape letters: L layers, B batch, H key-value heads, S places, W fed tokens, D width of a head.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class TreeCache:
    """A cache that is written at given places and read up to a given one.

    Other than the caches of transformers it holds drafted tokens beside one another; `keep` then moves those
    that were right to where they belong. Rotary angles depend on the position in the answer, which brothers
    in a draft share, so moving is exact.

    Args:
        layers, batch, heads, places, width: L, B, H, S, D.
        like: A tensor of the wanted type and device.
    """

    def __init__(self, layers: int, batch: int, heads: int, places: int, width: int, like: Tensor) -> None:
        self.values_2LBHSD = like.new_zeros(2, layers, batch, heads, places, width)
        self._write_BW = torch.zeros(batch, 1, dtype=torch.long, device=like.device)
        self._end = places

    @property
    def places(self) -> int:
        """S."""
        return self.values_2LBHSD.shape[4]

    def expect(self, write_BW: Tensor, end: int) -> None:
        """Says where the tokens of the next forward pass go, and that nothing lies at `end` or behind it."""
        self._write_BW, self._end = write_BW, end
        self._rows_B1 = torch.arange(len(write_BW), device=write_BW.device)[:, None]

    def update(self, keys_BHWD: Tensor, values_BHWD: Tensor, layer: int, *_: Any, **__: Any) -> Any:
        """Called by the attention layers: stores what was fed, returns all that may be looked at."""
        found = []
        for stored_LBHSD, fed_BHWD in zip(self.values_2LBHSD, (keys_BHWD, values_BHWD), strict=True):
            stored_BHSD = stored_LBHSD[layer]
            stored_BHSD[self._rows_B1, :, self._write_BW] = fed_BHWD.transpose(1, 2)
            found.append(stored_BHSD[:, :, : self._end])
        return tuple(found)

    def get_seq_length(self, *_: Any) -> int:
        """Places in use; asked by transformers, which is told all masks and positions anyway."""
        return self._end - self._write_BW.shape[1]

    def keep(self, from_BN: Tensor, to_BN: Tensor) -> None:
        """Moves entries from places to places, row by row."""
        rows_B1 = torch.arange(len(from_BN), device=from_BN.device)[:, None]
        moved = self.values_2LBHSD[:, :, rows_B1, :, from_BN]
        self.values_2LBHSD[:, :, rows_B1, :, to_BN] = moved

    def select(self, rows: Tensor) -> None:
        """Keeps only these rows of the batch; a row may be named several times."""
        self.values_2LBHSD = self.values_2LBHSD[:, :, rows]
