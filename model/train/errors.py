"""Errors of training; the tree of errors is in `molmo_act.errors`."""

from __future__ import annotations

import errno

from molmo_act.errors import MolmoActError

_FULL = (errno.ENOSPC, errno.EDQUOT)


class TrainingError(MolmoActError, RuntimeError):
    """A run cannot go on: its loss is not finite, the disk is full, or its folder is another run's."""


def disk_advice(error: BaseException) -> str:
    """Says what to do about a file that could not be written.

    Args:
        error: What writing it raised.

    Returns:
        How a sentence begins: "Make room" where the disk or the quota is full, "Mend that" otherwise.
    """
    # safetensors and torch pass the system's error on as text only.
    text = str(error)
    full = getattr(error, "errno", None) in _FULL or any(
        f"os error {code})" in text or f"[Errno {code}]" in text for code in _FULL
    )
    return "Make room" if full else "Mend that"
