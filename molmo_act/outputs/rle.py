"""Masks as run lengths, in the compressed form of COCO: what pycocotools reads and writes.

Runs go down the columns, the first one of background. Each length but the first three is stored as its
difference from the one two before, in groups of five bits, lowest first, as printable characters.
"""

from __future__ import annotations

import numpy as np

from molmo_act.errors import InputError

_BASE = 48  # the character of a group of zeros
_MORE, _SIGN, _BITS = 0x20, 0x10, 0x1F  # another group follows; the number is negative; the bits of a group


def encode(mask: np.ndarray) -> str:
    """Encodes a mask.

    Args:
        mask: bool (H, W).

    Returns:
        The ``counts`` of COCO's compressed run lengths.
    """
    flat = mask.T.ravel()
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    begins_inside = [0] if flat.size and flat[0] else []
    lengths = np.diff(np.concatenate([begins_inside, [0], edges, [flat.size]]).astype(np.int64))
    lengths[3:] -= lengths[1:-2].copy()
    return "".join(map(_written, lengths.tolist()))


def run_lengths(counts: str | bytes, size: tuple[int, int]) -> np.ndarray:
    """Reads the lengths of runs, background first.

    Args:
        counts: What `encode` gave, or pycocotools, whose texts are bytes.
        size: (width, height) of the mask in pixels.

    Returns:
        int64 (R,).

    Raises:
        InputError: The text is no such runs, or they are those of a mask of another size.
    """
    counts = counts.decode("latin-1") if isinstance(counts, bytes) else counts
    lengths: list[int] = []
    value = shift = 0
    for character in counts:
        group = ord(character) - _BASE
        if not 0 <= group < 2 * _MORE or shift > 60:
            raise InputError(f"The run lengths {counts[:40]!r} cannot be read; expected those of COCO.")
        value |= (group & _BITS) << shift
        shift += 5
        if not group & _MORE:
            value -= (1 << shift) if group & _SIGN else 0
            lengths.append(value + (lengths[-2] if len(lengths) > 2 else 0))
            value = shift = 0
    total, (width, height) = sum(lengths), size
    if shift or min(lengths, default=0) < 0 or total != width * height:
        raise InputError(
            f"The run lengths {counts[:40]!r} are of {total} pixels; expected those of a mask of "
            f"{width}×{height}."
        )
    return np.array(lengths, np.int64)


def decode(counts: str | bytes, size: tuple[int, int]) -> np.ndarray:
    """Decodes a mask.

    Args:
        counts: What `encode` gave.
        size: (width, height) of the mask in pixels.

    Returns:
        bool (H, W).

    Raises:
        InputError: See `run_lengths`.
    """
    lengths = run_lengths(counts, size)
    inside = np.arange(len(lengths)) % 2 == 1
    return np.repeat(inside, lengths).reshape(size[0], size[1]).T


def _written(value: int) -> str:
    groups = []
    while True:
        group, value = value & _BITS, value >> 5
        more = value != (-1 if group & _SIGN else 0)
        groups.append(chr(_BASE + group + (_MORE if more else 0)))
        if not more:
            return "".join(groups)
