"""A torchvision that cannot be imported is treated as absent."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from molmo_act.models.broken_torchvision import hide_broken_torchvision

ROOT = Path(__file__).parents[3]
BROKEN = 'raise RuntimeError("operator torchvision::nms does not exist")'  # CUDA build beside a CPU torch

PROBE = """
import sys
from molmo_act.models.molmo_point.processing_molmo_point import MolmoPointProcessor
from PIL import Image
processor = MolmoPointProcessor.from_pretrained(sys.argv[1])
got = processor(text="<|image|>", images=Image.new("RGB", (30, 20)))
print(tuple(got["pixel_values"].shape))
"""


def install(folder: Path, code: str) -> None:
    package = folder / "torchvision"
    package.mkdir()
    (package / "__init__.py").write_text(code)
    record = folder / "torchvision-0.28.0.dist-info"  # by this transformers knows that it is installed
    record.mkdir()
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: torchvision\nVersion: 0.28.0\n")


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A folder that is first on the import path, in a process that has not imported torchvision."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, "torchvision", None)  # so that monkeypatch restores what was there
    del sys.modules["torchvision"]
    return tmp_path


@pytest.mark.parametrize(
    "code", [BROKEN, 'raise OSError("libcudart.so.13: cannot open")', "import torchvision.what_is_missing"]
)
def test_a_broken_one_is_hidden(path, code):
    install(path, code)
    assert hide_broken_torchvision() is True
    with pytest.raises(ImportError):
        import torchvision  # noqa: F401
    assert hide_broken_torchvision() is False


def test_a_working_one_is_left_alone(path):
    install(path, "works = True")
    assert hide_broken_torchvision() is False
    import torchvision

    assert torchvision.works


@pytest.mark.slow
def test_images_are_processed_beside_a_broken_one(tmp_path):
    install(tmp_path, BROKEN)
    got = subprocess.run(
        [sys.executable, "-c", PROBE, str(ROOT / "tests" / "data" / "molmo_point_tiny")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert got.stdout.strip() == "(2, 64, 588)", got.stderr
