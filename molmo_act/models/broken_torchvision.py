"""Lets transformers run beside a torchvision that cannot be imported.

PyPI's torchvision belongs to the CUDA build of torch. Beside another build its import fails, and transformers
fails with it: 5.23 still imports it wherever it is installed. Nothing in molmo_act needs torchvision.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec


def hide_broken_torchvision() -> bool:
    """Make a torchvision that cannot be imported look absent, for this process.

    Must run before transformers is asked for anything that looks for torchvision. A working or absent one is
    left alone.

    Returns:
        Whether one was hidden.
    """
    if "torchvision" in sys.modules or find_spec("torchvision") is None:
        return False
    try:
        import_module("torchvision")
    except Exception:  # a missing operator raises RuntimeError, a missing library OSError or ImportError
        sys.modules["torchvision"] = None  # type: ignore[assignment]  # Python reads this as "not there"
        return True
    return False
