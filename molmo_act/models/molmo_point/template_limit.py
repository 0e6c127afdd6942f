"""Bounds how long a chat template may take: it is a program of whoever made the checkpoint."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from types import FrameType
from typing import Any

TEMPLATE_SECONDS = 5.0
"""Processor time that a template may take; those of released models take milliseconds."""
_TEMPLATE = "<template>"
"""What jinja2 calls the file of the code that it makes of a template."""
_EVERY = 64  # lines and calls; asking for the time takes longer than most of them


@contextmanager
def limited_time() -> Iterator[None]:
    """Stops a template that goes on for more than `TEMPLATE_SECONDS` of this thread's processor time.

    The interpreter asks between lines of the template, so it works in every thread and leaves nothing
    behind. It does not ask within one operation of Python, such as the power of two large numbers, nor while
    a debugger or another tracer is at work, which it must not displace.

    Raises:
        TimeoutError: The template took longer.
    """
    if sys.gettrace() is not None:
        yield
        return
    end, number = time.thread_time() + TEMPLATE_SECONDS, count(1)

    def check(frame: FrameType, event: str, arg: Any) -> Any:
        if next(number) % _EVERY == 0 and time.thread_time() > end:
            raise TimeoutError(f"it takes more than {TEMPLATE_SECONDS:g} s of processor time")
        return check if frame.f_code.co_filename == _TEMPLATE else None  # line by line in templates only

    sys.settrace(check)
    try:
        yield
    finally:
        sys.settrace(None)
