"""What git holds: the agreed top level, and weights that are small and safe to read."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

FOLDERS = {"molmo_act", "ros_nodes", "gui_agent", "model", "examples", "tests", "docs", ".ci"}
FILES = {
    ".gitignore",
    ".pre-commit-config.yaml",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "constraints.txt",
    "pyproject.toml",
}
WEIGHTS = {".safetensors", ".onnx", ".data", ".gguf", ".npz", ".npy"}
UNSAFE = {".bin", ".ckpt", ".joblib", ".pickle", ".pkl", ".pt", ".pth"}
WEIGHTS_LIMIT = 45 * 2**20  # bytes: a clone stays small


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    """Paths of all files that git tracks, relative to the root."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    names = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).split("\0")
    return [Path(name) for name in names if name and (ROOT / name).exists()]


def test_top_level(tracked):
    assert {path.parts[0] for path in tracked} == FOLDERS | FILES


def test_weights_are_small(tracked):
    size = {path: (ROOT / path).stat().st_size for path in tracked if path.suffix in WEIGHTS}
    assert size, "the bundled checkpoint is missing"
    assert sum(size.values()) < WEIGHTS_LIMIT, size


def test_nothing_that_unpickles(tracked):
    assert [str(path) for path in tracked if path.suffix in UNSAFE] == []
