"""A key-value cache of fixed size that holds drafted tokens beside one another.

Shape letters: L layers, B batch, H key-value heads, S positions, W fed tokens, N moved entries, D head width.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor


class TreeCache:
    """Keys and values of all layers in one tensor, written at given positions and read up to a given one.

    Unlike the caches of transformers it holds alternative tokens of a draft beside one another; `move` then
    brings the right ones to where they belong. Rotary angles depend on the position in the answer, which
    siblings in a draft share, so moving is exact.

    Args:
        layers: L.
        batch: B.
        heads: H.
        capacity: S.
        width: D.
        like: A tensor of the wanted type and device.
    """

    def __init__(self, layers: int, batch: int, heads: int, capacity: int, width: int, like: Tensor) -> None:
        self.values_2LBHSD = like.new_zeros(2, layers, batch, heads, capacity, width)
        self._write_BW = torch.zeros(batch, 1, dtype=torch.long, device=like.device)
        self._end, self._in_line = capacity, False

    @classmethod
    def of(cls, text_config: Any, batch: int, capacity: int, like: Tensor) -> TreeCache:
        """Makes an empty cache for a language model.

        Args:
            text_config: Its configuration.
            batch: Number of rows.
            capacity: Number of positions.
            like: A tensor of the wanted type and device.

        Returns:
            The cache.
        """
        heads, width = text_config.num_attention_heads, getattr(text_config, "head_dim", None)
        width = width or text_config.hidden_size // heads
        return cls(
            text_config.num_hidden_layers, batch, text_config.num_key_value_heads, capacity, width, like
        )

    @property
    def capacity(self) -> int:
        """S."""
        return self.values_2LBHSD.shape[4]

    def prepare(self, write_BW: Tensor, end: int, *, in_line: bool = False) -> None:
        """Says where the tokens of the next forward pass go.

        Args:
            write_BW: Position of each token.
            end: First position that is not read; nothing is written there or behind it.
            in_line: Whether the tokens of every row go right before `end`, in order, which is faster.
        """
        self._write_BW, self._end, self._in_line = write_BW, end, in_line
        self._rows_B1 = torch.arange(len(write_BW), device=write_BW.device)[:, None]

    def update(
        self, keys_BHWD: Tensor, values_BHWD: Tensor, layer: int, *_: Any, **__: Any
    ) -> tuple[Tensor, Tensor]:
        """Stores what was fed; called by the attention layers of transformers.

        Args:
            keys_BHWD: Keys of the fed tokens.
            values_BHWD: Their values.
            layer: Index of the layer.

        Returns:
            Keys and values (B, H, end, D) of all positions that may be attended to.
        """
        found = []
        for stored_LBHSD, fed_BHWD in zip(self.values_2LBHSD, (keys_BHWD, values_BHWD), strict=True):
            stored_BHSD = stored_LBHSD[layer]
            if self._in_line:
                stored_BHSD[:, :, self._end - fed_BHWD.shape[2] : self._end] = fed_BHWD
            else:
                stored_BHSD[self._rows_B1, :, self._write_BW] = fed_BHWD.transpose(1, 2)
            found.append(stored_BHSD[:, :, : self._end])
        return found[0], found[1]

    @property
    def is_initialized(self) -> bool:
        """Tells transformers whether there is memory for keys and values; there is from the start."""
        return True

    def get_seq_length(self, *_: Any) -> int:
        """Tells transformers how many positions are in use; masks and positions are given to it anyway.

        Returns:
            Positions before those that the next forward pass writes.
        """
        return self._end - self._write_BW.shape[1]

    def move(self, from_BN: Tensor, to_BN: Tensor) -> None:
        """Moves entries within each row.

        Args:
            from_BN: Positions of the entries.
            to_BN: Where they go.
        """
        rows_B1 = torch.arange(len(from_BN), device=from_BN.device)[:, None]
        moved = self.values_2LBHSD[:, :, rows_B1, :, from_BN]
        self.values_2LBHSD[:, :, rows_B1, :, to_BN] = moved

    def close_up(self, keep: np.ndarray) -> None:
        """Moves the entries that stay valid to the front, of a batch of one row.

        Args:
            keep: int64 (N,), positions of these entries, ascending.
        """
        moved = np.flatnonzero(keep != np.arange(len(keep)))
        if len(moved):
            first = int(moved[0])
            behind = self.values_2LBHSD.index_select(4, torch.from_numpy(keep[first:]))
            self.values_2LBHSD[:, :, :, :, first : len(keep)] = behind

    def select(self, rows: Tensor) -> None:
        """Keeps some rows of the batch.

        Args:
            rows: Their indices; a row may be named several times.
        """
        self.values_2LBHSD = self.values_2LBHSD[:, :, rows]
