"""Sequences of rows over read-only arrays, which are checked when they are made."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar, overload

import numpy as np
from numpy.typing import ArrayLike

from molmo_act.errors import InputError
from molmo_act.validation import wrong

if TYPE_CHECKING:
    from typing_extensions import Self

Row = TypeVar("Row")
Selection = slice | np.ndarray | Sequence[int] | Sequence[bool]
"""What selects rows, as NumPy takes it: a slice, a mask, or row numbers."""
_ROUNDING = 1e-6  # a product of float32 probabilities may be so much more than 1


def readonly(values: ArrayLike, dtype: type, shape: tuple[int, ...], name: str) -> np.ndarray:
    """Copies values into an array that cannot be written to.

    Args:
        values: What to copy.
        dtype: Type of the array's elements.
        shape: The shape it must have, -1 for any length; an empty array takes it.
        name: What the error calls the values.

    Returns:
        The read-only copy.

    Raises:
        InputError: The values have another shape, or cannot be of that type.
    """
    array = _converted(values, dtype, name)
    if array.ndim != len(shape) and array.size == 0 and 0 in shape:
        array = array.reshape([max(want, 0) for want in shape])
    if array.ndim != len(shape) or any(
        want not in (-1, got) for want, got in zip(shape, array.shape, strict=True)
    ):
        raise InputError(f"{name} has shape {array.shape}, expected {shape} (-1 is the number of points).")
    array.setflags(write=False)
    return array


def _converted(values: ArrayLike, dtype: type, name: str) -> np.ndarray:
    """A copy of that type, unless something would be lost on the way."""
    try:
        given = np.array(values)
        if given.size and given.dtype.kind not in "biuf":
            raise TypeError(f"it is an array of {given.dtype}")
        with np.errstate(invalid="ignore", over="ignore"):
            array: np.ndarray = given.astype(dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{name} cannot be used ({error}); expected {np.dtype(dtype)} numbers.") from error
    if array.dtype.kind != "f" and given.size and (array != given).any():
        raise InputError(f"{name} holds what {array.dtype} cannot; expected whole numbers.")
    return array


def places(values: ArrayLike, name: str) -> np.ndarray:
    """Copies coordinates into an array that cannot be written to.

    Args:
        values: (N, 2), pixels; anything that is empty counts as no points.
        name: What the error calls the values.

    Returns:
        float32 (N, 2), the read-only copy.

    Raises:
        InputError: The values have another shape, or hold NaN or infinity.
    """
    given = _converted(values, np.float32, name)
    array = readonly(given, np.float32, (-1, 2) if given.size else (0, 2), name)
    if not np.isfinite(array).all():
        raise InputError(f"{name} holds NaN or infinity; expected pixels of the image.")
    return array


def within(values: np.ndarray, name: str, *, least: float = -np.inf, expected: str) -> np.ndarray:
    """Refuses numbers that are infinite or too small; NaN, which is not known, stays.

    Args:
        values: Numbers.
        name: What the error calls them.
        least: The smallest that is accepted.
        expected: What could have been given, a phrase.

    Returns:
        The same.

    Raises:
        InputError: One is.
    """
    outside = np.isinf(values) | (values < least)
    if outside.any():
        raise InputError(f"{name} holds {values[outside][0]:g}; expected {expected}.")
    return values


def probabilities(values: ArrayLike, shape: tuple[int, ...], name: str) -> np.ndarray:
    """Copies probabilities into an array that cannot be written to.

    Args:
        values: In [0, 1], or NaN where one is not known.
        shape: See `readonly`.
        name: What the error calls the values.

    Returns:
        float32, the read-only copy.

    Raises:
        InputError: The values have another shape, or lie outside [0, 1].
    """
    array = readonly(values, np.float64, shape, name)
    outside = (array < -_ROUNDING) | (array > 1 + _ROUNDING)
    if outside.any():
        raise InputError(
            f"{name} holds {array[outside][0]:g}; expected probabilities between 0 and 1, "
            "or NaN for one that is not known."
        )
    return readonly(np.clip(array, 0, 1), np.float32, shape, name)


def pixel_size(size: Sequence[int], name: str) -> tuple[int, int]:
    """Checks the size of an image.

    Args:
        size: (width, height) in pixels.
        name: What the error calls it.

    Returns:
        The same as plain numbers.

    Raises:
        InputError: It is not two whole numbers of at least 1.
    """
    width, height = readonly(size, np.int64, (2,), name).tolist()
    if width < 1 or height < 1:
        raise InputError(f"{name} is {width}×{height}; expected at least 1×1 pixels.")
    return width, height


def pixel_sizes(sizes: object, name: str) -> tuple[tuple[int, int], ...]:
    """Checks the sizes of images.

    Args:
        sizes: (width, height) in pixels of each.
        name: What the error calls them.

    Returns:
        The same as plain numbers.

    Raises:
        InputError: They are no list of sizes, see `pixel_size`.
    """
    if isinstance(sizes, np.ndarray):
        sizes = sizes.tolist()
    if not isinstance(sizes, (list, tuple)):
        raise wrong(name, sizes, "a list of (width, height)")
    return tuple(pixel_size(size, name) for size in sizes)


def words(values: object, count: int, name: str, *, nothing: bool = False) -> tuple[str | None, ...]:
    """Checks a text for each row.

    Args:
        values: The texts.
        count: How many rows there are.
        name: What the error calls them.
        nothing: Whether None is one.

    Returns:
        The texts.

    Raises:
        InputError: They are no list of texts, or of another length.
    """
    if not isinstance(values, (list, tuple)):
        raise wrong(name, values, "a list of texts")
    for value in values:
        if not isinstance(value, str) and not (nothing and value is None):
            raise wrong(f"One of {name}", value, "text" + (" or None" if nothing else ""))
    if len(values) != count:
        raise InputError(f"{name} has {len(values)} entries, expected {count}.")
    return tuple(values)


def text(value: object, name: str) -> str:
    """Checks a text.

    Args:
        value: What was given.
        name: What the error calls it.

    Returns:
        The text.

    Raises:
        InputError: It is none.
    """
    if not isinstance(value, str):
        raise wrong(name, value, "text")
    return value


def selected_rows(count: int, selection: Selection) -> np.ndarray:
    """Turns a selection into row numbers.

    Args:
        count: How many rows there are.
        selection: A slice, a mask of `count` entries, or row numbers.

    Returns:
        int64 (M,), numbers of the selected rows in the order of the selection.

    Raises:
        IndexError: The selection names rows that are not there, or is a mask of another length.
    """
    if not isinstance(selection, slice):
        selection = np.asarray(selection, dtype=None if len(selection) else np.int64)
    return np.arange(count)[selection]


class RowSequence(ABC, Generic[Row]):
    """Arrays with one entry a row as a sequence of rows, which slices, masks and row numbers select from.

    Attributes:
        object_id: int64 (N,); N is the number of rows.
    """

    object_id: np.ndarray

    def __len__(self) -> int:
        return len(self.object_id)

    def __iter__(self) -> Iterator[Row]:
        return (self[i] for i in range(len(self)))

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: Selection) -> Self: ...

    def __getitem__(self, index: int | Selection) -> Row | Self:
        """One row; or, for a slice, a mask or several row numbers, the same with only those rows."""
        if isinstance(index, (int, np.integer)):
            return self._row(int(index))
        return self._select(selected_rows(len(self), index))

    @abstractmethod
    def _row(self, index: int) -> Row:
        """Gives one row; raises IndexError beyond the last."""

    @abstractmethod
    def _select(self, rows: np.ndarray) -> Self:
        """Gives the same with only these rows, int64 (M,)."""
