"""What git holds: the agreed top level, small and safe weights, a test for every module with behaviour."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

FOLDERS = {
    "molmo_act",
    "ros_nodes",
    "gui_agent",
    "model",
    "examples",
    "tests",
    "docs",
    "docker",
    ".ci",
    ".github",
}
FILES = {
    ".gitignore",
    ".pre-commit-config.yaml",
    "CHANGELOG.md",
    "CITATION.cff",
    "CODE_OF_CONDUCT.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "MANIFEST.in",
    "Makefile",
    "README.md",
    "SECURITY.md",
    "constraints.txt",
    "noxfile.py",
    "pyproject.toml",
}
SOURCES = {"molmo_act", "ros_nodes", "gui_agent", "model"}
NOT_MODULES = {"__init__.py", "__main__.py", "setup.py"}
ROS_MODULE = "ros_nodes/molmo_act_ros/molmo_act_ros/"
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


def test_every_module_with_behaviour_has_a_test_of_its_name(tracked):
    files = set(map(Path.as_posix, tracked))
    missing = []
    for path in sorted(tracked):
        if path.suffix == ".py" and path.parts[0] in SOURCES and path.name not in NOT_MODULES:
            module = _module_path(path)
            twin = f"tests/{module.parent.as_posix()}/test_{module.name.lstrip('_')}"
            if not {"launch", "test"} & set(path.parts) and _has_behaviour(path) and twin not in files:
                missing.append(f"{path} has no {twin}")
    assert missing == []


def _module_path(path: Path) -> Path:
    """Where a module is mirrored: the ament package stands in a folder of its own name."""
    inner = ROS_MODULE in path.as_posix()
    return Path("ros_nodes", *path.parts[3:]) if inner else path


def _has_behaviour(path: Path) -> bool:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in ast.walk(tree))


def test_no_command_takes_abbreviations(tracked):
    """Parsers are `Parser` of molmo_act.cli, or say so themselves: ``--mode`` is not ``--model``."""
    found = []
    for path in tracked:
        if path.suffix != ".py" or path.parts[0] == "tests":
            continue
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            name = getattr(called, "attr", getattr(called, "id", None))
            if name == "ArgumentParser" and "allow_abbrev" not in {each.arg for each in node.keywords}:
                found.append(f"{path}:{node.lineno}")
    assert not found
