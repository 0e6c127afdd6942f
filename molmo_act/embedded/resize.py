"""Resizes images with NumPy to the very integers that torch gives, on which models were trained.

torch's bilinear kernel computes in float32 and rounds a product and a sum only once (fused multiply-add),
which NumPy cannot. That last bit decides for the few numbers next to a half alone: all are computed plainly,
and those few again as torch does.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_BLOCK = 64  # rows at a time, so that intermediate numbers stay in the cache of the processor
_NEAR_HALF = np.float32(0.4995)  # distance from an integer; plain sums are wrong by less than 1e-4


class _Axis(NamedTuple):
    """Which two lines of the input each line of the output lies between, and their weights."""

    first: np.ndarray
    second: np.ndarray
    first_weight: np.ndarray
    second_weight: np.ndarray

    @classmethod
    def of(cls, given: int, wanted: int) -> _Axis:
        """The lines along an axis of `given` pixels that becomes `wanted` pixels long."""
        scale = np.float64(np.float32(given) / np.float32(wanted))
        # Fused: the product of two float32 is exact in float64, so only the difference is rounded.
        place = (scale * (np.arange(wanted) + 0.5) - 0.5).astype(np.float32).clip(0)
        first = np.minimum(place.astype(np.int64), given - 1)
        weight = (place - first.astype(np.float32)).clip(0, 1)
        return cls(first, np.minimum(first + 1, given - 1), np.float32(1) - weight, weight)

    def part(self, block: slice) -> _Axis:
        """Some lines of the output."""
        return _Axis(*(values[block] for values in self))


def resize(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resizes an image, ignoring the aspect ratio: bilinear, not antialiased, halves to even.

    Args:
        pixels: uint8 (H, W, 3).
        height: Wanted, in pixels.
        width: Wanted, in pixels.

    Returns:
        uint8 (height, width, 3), equal to what `molmo_act.models.molmo_point.tiling.resize` gives on a CPU.
    """
    rows, columns = _Axis.of(pixels.shape[0], height), _Axis.of(pixels.shape[1], width)
    resized = np.empty((height, width, 3), np.uint8)
    for start in range(0, height, _BLOCK):
        block = slice(start, start + _BLOCK)
        resized[block] = _resize_rows(pixels, rows.part(block), columns)
    return resized


def _resize_rows(pixels: np.ndarray, rows: _Axis, columns: _Axis) -> np.ndarray:
    """uint8 (rows, columns, 3)."""
    lines = _between(pixels.reshape(len(pixels), -1), rows, 0)
    values = _between(lines, _Axis(*_of_channels(columns)), 1)
    rounded = np.rint(values)
    unsure = np.flatnonzero(np.abs(values - rounded) > _NEAR_HALF)
    rounded.reshape(-1)[unsure] = np.rint(_as_torch_does(pixels, rows, columns, unsure))
    whole: np.ndarray = rounded.reshape(len(rounded), -1, 3).astype(np.uint8)
    return whole


def _of_channels(axis: _Axis) -> tuple[np.ndarray, ...]:
    """The same axis where every pixel is three numbers."""
    places = ((line[:, None] * 3 + np.arange(3)).reshape(-1) for line in (axis.first, axis.second))
    return (*places, *(np.repeat(weight, 3) for weight in (axis.first_weight, axis.second_weight)))


def _between(values: np.ndarray, axis: _Axis, along: int) -> np.ndarray:
    """float32, lines between those of a matrix."""
    shape = (-1, 1) if along == 0 else (1, -1)
    lines: np.ndarray = np.take(values, axis.first, axis=along) * axis.first_weight.reshape(shape)
    lines += np.take(values, axis.second, axis=along) * axis.second_weight.reshape(shape)
    return lines


def _as_torch_does(pixels: np.ndarray, rows: _Axis, columns: _Axis, places: np.ndarray) -> np.ndarray:
    """float32, the numbers at some places of the output, flat."""
    row, rest = np.divmod(places, 3 * len(columns.first))
    column, channel = np.divmod(rest, 3)

    def term(row_side: int, column_side: int) -> tuple[np.ndarray, np.ndarray]:
        """Weight and number of one of the four pixels around a place."""
        weight = rows[2 + row_side][row] * columns[2 + column_side][column]
        return weight.astype(np.float64), pixels[rows[row_side][row], columns[column_side][column], channel]

    weight, number = term(0, 1)  # compiled so that the second product is rounded by itself
    total: np.ndarray = (weight * number).astype(np.float32)
    for weight, number in (term(0, 0), term(1, 0), term(1, 1)):
        total = (weight * number + total).astype(np.float32)
    return total
