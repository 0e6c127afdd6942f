"""Advice fits what went wrong, also where libraries pass it on as text."""

from __future__ import annotations

import errno

import pytest
from safetensors import SafetensorError

from model.train.errors import disk_advice


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_room_is_asked_for_where_there_is_none(code: int) -> None:
    assert disk_advice(OSError(code, "full")) == "Make room"
    assert disk_advice(SafetensorError(f"I/O error: full (os error {code})")) == "Make room"
    assert disk_advice(OSError(f"[Errno {code}] full")) == "Make room"


def test_other_errors_are_not_about_room() -> None:
    assert disk_advice(FileNotFoundError(errno.ENOENT, "gone", "run.json")) == "Mend that"
    assert disk_advice(SafetensorError("I/O error: gone (os error 2)")) == "Mend that"
