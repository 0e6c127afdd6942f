"""Message packages that a node can do without: where they are, and what is lost without them."""

from __future__ import annotations

import importlib
from types import ModuleType


def find(module: str) -> ModuleType | None:
    """The module, or None where its package is not installed."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        return None


#: What to say once when a package of the project itself is missing.
WITHOUT_INTERFACES = (
    "molmo_act_interfaces is not installed: no topic pointed_pixels and no services. "
    "Build it with colcon, or with pip as ros_nodes/README.md says."
)
