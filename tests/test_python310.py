"""What has to import on Python 3.10, which transformers does not support: all that needs no model.

Run by every Python of `nox`; on newer ones the packages that 3.10 lacks are made impossible to import.
"""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from tests.support.paths import ROOT, SOURCES

MODULES = (
    "molmo_act",
    "molmo_act.outputs.points",
    "molmo_act.outputs.tracks",
    "molmo_act.io.image",
    "molmo_act.io.atomic",
    "molmo_act.loading",
    "molmo_act.model_options",
    "molmo_act.embedded.load",
    "molmo_act.request",
    "molmo_act.visualize",
    "molmo_act_ros.conversions.images",
    "molmo_act_ros.conversions.points",
    "molmo_act_ros.conversions.stamps",
    "molmo_act_ros.geometry.camera_model",
    "molmo_act_ros.geometry.depth",
    "molmo_act_ros.geometry.transforms",
    "molmo_act_ros.bag",
    "molmo_act_ros.programs",
    "gui_agent",
)

WITHOUT = """
import importlib, sys
refused = ("torch", "transformers")

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in refused:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Refuse())
importlib.import_module(sys.argv[1])
"""


@pytest.mark.parametrize("module", MODULES)
def test_it_is_imported_without_torch_and_transformers(module):
    command = [sys.executable, "-c", WITHOUT, module]
    done = subprocess.run(command, env={"PYTHONPATH": SOURCES}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("package", ["molmo_act", "gui_agent", "ros_nodes"])
def test_the_syntax_is_that_of_python_3_10(package):
    for path in sorted((ROOT / package).rglob("*.py")):
        ast.parse(path.read_text(encoding="utf-8"), filename=str(path), feature_version=(3, 10))
