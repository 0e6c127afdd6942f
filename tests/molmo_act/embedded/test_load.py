"""Exported models load where torch and transformers cannot be imported."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest

import molmo_act
from molmo_act.embedded.load import load_exported
from molmo_act.errors import CheckpointError, InputError, PlatformError
from tests.support.paths import SOURCES

POINTING = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError("No module named " + repr(name), name=name)
sys.meta_path.insert(0, Blocked())
import numpy as np
import molmo_act
model = molmo_act.load(sys.argv[1], providers=["CPUExecutionProvider"])
image = np.full((240, 320, 3), 225, np.uint8)
image[60:110, 200:250] = (200, 30, 30)
points = model.point(image, "the red square")
assert len(points) == 1, points
assert 195 < points.xy[0, 0] < 255, points
assert 55 < points.xy[0, 1] < 115, points
try:
    molmo_act.load()
except molmo_act.PlatformError as error:
    print(error)
"""
BLOCKED = ("torch", "transformers", "safetensors", "huggingface_hub", "jinja2", "cv2", "scipy", "onnx")


def test_without_torch_a_model_points(nano_onnx):
    command = [sys.executable, "-c", POINTING.format(blocked=BLOCKED), str(nano_onnx)]
    found = subprocess.run(command, capture_output=True, text=True, timeout=300, env={"PYTHONPATH": SOURCES})
    assert found.returncode == 0, found.stderr
    assert "needs the package 'torch', which is not installed" in found.stdout


def test_what_load_gives_and_refuses(nano_onnx, tmp_path):
    assert isinstance(molmo_act.load(nano_onnx), molmo_act.EmbeddedModel)
    model = molmo_act.load(str(nano_onnx), providers="auto")
    model.check_files()
    assert repr(pickle.loads(pickle.dumps(model))) == repr(model) == "EmbeddedModel('nano', precision='fp32')"
    with pytest.raises(InputError, match="providers is 5"):
        molmo_act.load(nano_onnx, providers=5)
    with pytest.raises(PlatformError, match="NoSuchProvider was asked for"):
        molmo_act.load(nano_onnx, providers=["NoSuchProvider"])
    with pytest.raises(CheckpointError, match="There is no exported model"):
        load_exported(tmp_path)
    with pytest.raises(InputError, match="folder is 5"):
        load_exported(5)
