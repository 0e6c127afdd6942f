"""Stands in for launch and launch_ros, which PyPI does not have: keeps what the launch files say to them."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class Said:
    """Whatever was constructed, with its arguments."""

    def __init__(self, *words: Any, **named: Any) -> None:
        self.words, self.named = words, named


class LaunchConfiguration(Said):
    def perform(self, context: dict[str, str]) -> str:
        return context[self.words[0]]


class DeclareLaunchArgument(Said):
    pass


class OpaqueFunction(Said):
    pass


class IncludeLaunchDescription(Said):
    pass


MODULES = {
    "launch": {"LaunchContext": dict, "LaunchDescription": Said},
    "launch.actions": {
        kind.__name__: kind for kind in (DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction)
    },
    "launch.launch_description_sources": {"PythonLaunchDescriptionSource": Said},
    "launch.substitutions": {"LaunchConfiguration": LaunchConfiguration},
    "launch_ros": {},
    "launch_ros.actions": {"LifecycleNode": Said},
    "launch_ros.parameter_descriptions": {"ParameterValue": Said},
}


def install(patch: Any) -> None:
    """Puts the modules in place for as long as the monkeypatch lasts."""
    for name, content in MODULES.items():
        module = ModuleType(name)
        vars(module).update(content)
        patch.setitem(sys.modules, name, module)
