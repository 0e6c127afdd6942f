"""Where things lie in this checkout, for tests that start processes."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROS_PACKAGE = ROOT / "ros_nodes" / "molmo_act_ros"
"""The ament package; the module `molmo_act_ros` lies in it."""

SOURCES = os.pathsep.join(map(str, (ROOT, ROS_PACKAGE)))
"""PYTHONPATH with which a process finds every package of this checkout."""
