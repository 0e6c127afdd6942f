"""A machine without torch: the wheel, installed beside four packages, points with an exported model."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("numpy", "pillow", "tokenizers", "onnxruntime")
SECONDS = 900

POINTING = """
import sys
import numpy as np
import molmo_act
model = molmo_act.load(sys.argv[1])
image = np.full((240, 320, 3), 225, np.uint8)
image[60:110, 200:250] = (200, 30, 30)
[point] = model.point(image, "the red square")
assert 195 < point.x < 255 and 55 < point.y < 115, point
assert model.count(image, ["red square"]) == [1]
try:
    molmo_act.load()
except molmo_act.PlatformError as error:
    print(error)
print(sorted({"torch", "transformers", "cv2", "scipy"} & set(sys.modules)), molmo_act.__file__)
"""


def run(*command: object, **options: object) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [*map(str, command)], capture_output=True, text=True, timeout=SECONDS, env=environment, **options
    )


def interpreter(version: str) -> Path | None:
    """A Python of a version that runs: on the path, or one that pyenv keeps."""
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [*kept.glob(f"{version}.*/bin/python"), shutil.which(f"python{version}")]
    return next((Path(one) for one in found if one and run(one, "-c", "").returncode == 0), None)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    sources = shutil.copytree(
        ROOT,
        folder / "sources",
        ignore=shutil.ignore_patterns(".*", "build", "runs", "tests", "docs", "data"),
        symlinks=True,
    )
    built = run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder, sources)
    if built.returncode and "Could not find a version" in built.stderr:
        pytest.skip("no package index can be reached")
    assert built.returncode == 0, built.stderr
    return next(folder.glob("molmo_act-*.whl"))


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.parametrize("version", ["3.10", "3.12"])
def test_a_machine_without_torch_points(version, wheel, nano_onnx, tmp_path):
    python = interpreter(version)
    if python is None:
        pytest.skip(f"there is no Python {version} here")
    assert run(python, "-m", "venv", tmp_path / "clean").returncode == 0
    clean = tmp_path / "clean/bin/python"
    installed = run(clean, "-m", "pip", "install", *PACKAGES)
    if installed.returncode and "Could not find a version" in installed.stderr:
        pytest.skip("no package index can be reached")
    assert installed.returncode == 0, installed.stderr
    assert run(clean, "-m", "pip", "install", "--no-deps", wheel).returncode == 0
    found = run(clean, "-c", POINTING, nano_onnx, cwd=tmp_path)
    assert found.returncode == 0, found.stderr
    advice, imported = found.stdout.splitlines()
    assert "needs the package 'torch', which is not installed" in advice
    assert "molmo-act export CHECKPOINT" in advice
    assert imported.startswith("[] ")
    assert str(tmp_path) in imported
