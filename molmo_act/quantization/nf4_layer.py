"""An NF4 layer whose weights stay exact after answers on a CPU; imported only where bitsandbytes is there.

Where a CPU has the instructions AVX512-BF16, the first forward pass of bitsandbytes' layer packs its weight
for a faster kernel and rounds its scales to bfloat16, in place. bitsandbytes turns the weight back when it is
saved or moved, but neither the rounding nor the order of the scales.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from threading import RLock
from typing import Any

from bitsandbytes.functional import _convert_weight_packed_for_cpu_inverse
from bitsandbytes.nn import Linear4bit
from torch import Tensor


class ExactLinear4bit(Linear4bit):
    """Keeps the scales of a packed weight, and unpacks it before anything reads, moves, copies or trains it.

    On such a CPU the scales take half a bit more for each weight. The layer computes what bitsandbytes' does.
    """

    _lock: RLock
    """Held while the layer packs, computes or unpacks: threads that share a model give their first answers at
    once, and one may save while another answers."""
    _released: dict[str, Any] | None = None
    """Fields of the weight's state as they were before packing replaced them; packing writes to no tensor."""

    @staticmethod
    def convert(layer: Linear4bit) -> None:
        """Makes a layer of bitsandbytes one of these.

        Args:
            layer: One whose weight is not packed. Changed in place, as torch's own FSDP does.
        """
        layer.__class__ = ExactLinear4bit
        layer._lock = RLock()

    @property
    def packed(self) -> bool:
        """Whether the weight is packed for this CPU."""
        return bool(getattr(self.weight.quant_state, "packing_format_for_cpu", False))

    def forward(self, x: Tensor) -> Tensor:
        """Multiplies; bitsandbytes packs the weight first where the fast kernel takes it.

        Args:
            x: (..., inputs), floating point.

        Returns:
            (..., outputs), in the type of the input.
        """
        with self._lock:
            if self.training or x.requires_grad:  # a packed weight passes no gradient on
                self.unpack()
            elif not self.packed:
                self._released = dict(vars(self.weight.quant_state))
            y: Tensor = super().forward(x)
            return y

    def unpack(self) -> None:
        """Brings weight and scales back as they were stored; the next answer packs them again."""
        with self._lock:
            if self._released is None or not self.packed:
                return
            state = self.weight.quant_state
            self.weight.data, _ = _convert_weight_packed_for_cpu_inverse(self.weight.data, state)
            vars(state).clear()  # in place: the layer and its weight share it
            vars(state).update(self._released)
            self._released = None

    def __getstate__(self) -> dict[str, Any]:
        with self._lock:
            self.unpack()
            return {name: value for name, value in vars(self).items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._lock = RLock()

    def __deepcopy__(self, memo: dict[int, Any]) -> ExactLinear4bit:
        with self._lock:  # also while the tensors are copied
            new = ExactLinear4bit.__new__(ExactLinear4bit)
            memo[id(self)] = new
            new.__setstate__(copy.deepcopy(self.__getstate__(), memo))
            return new

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> ExactLinear4bit:
        with self._lock:
            self.unpack()
            super()._apply(fn, recurse)
            return self

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        with self._lock:
            self.unpack()
            super()._save_to_state_dict(destination, prefix, keep_vars)
