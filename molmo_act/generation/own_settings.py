"""Keeps settings of the calling program from the model: autocast, and the default device of new tensors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch

AUTOCAST = ("cpu", "cuda", "mps", "xpu")
"""Kinds of devices that torch may cast types on by itself."""


@contextmanager
def own_settings() -> Iterator[None]:
    """A block in which a model runs in the types that it was loaded in, on the device where it is.

    Under `torch.autocast` caches and tables would mix types; under `torch.set_default_device` inputs would be
    made on another device than the model's. Also a decorator of functions.
    """
    with ExitStack() as stack:
        for kind in AUTOCAST:
            if torch.is_autocast_enabled(kind):
                stack.enter_context(torch.autocast(kind, enabled=False))
        if torch.get_default_device().type != "cpu":
            stack.enter_context(torch.device("cpu"))
        yield
