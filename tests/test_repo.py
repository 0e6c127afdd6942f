"""What git holds: the agreed top level, small safe weights, and no command in README that does not exist."""

from __future__ import annotations

import re
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


def test_commands_of_the_readme_exist():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert targets >= {"setup", "demo", "test", "check"}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\bmake ([a-z]+)\b", readme))
    assert {"demo", "test"} <= named <= targets
    files = set(re.findall(r"\b(?:python|bash) ((?:examples|model)/\S+\.(?:py|sh))", readme))
    modules = {f"{name.replace('.', '/')}.py" for name in re.findall(r"python -m (model\.[\w.]+\w)", readme)}
    assert [name for name in sorted(files | modules) if not (ROOT / name).is_file()] == []


def test_the_readme_shows_every_file_and_no_other(tracked):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = set(_tree(readme))
    wanted = {str(path) for path in tracked if path.suffix == ".py" and path.name != "__init__.py"}
    wanted = {name for name in wanted if not name.startswith("tests/")}
    assert wanted - shown == set(), "files without a line in README's tree"
    assert {name for name in shown if not (ROOT / name).exists()} == set(), "lines about files that are gone"


def _tree(readme: str) -> list[str]:
    """Paths in the file tree of README: one ``name  what it is`` a line, indented by two blanks a level."""
    block = readme.split("## Files", 1)[1].split("```", 2)[1]
    folders: list[str] = []
    paths = []
    for line in block.splitlines()[1:]:
        name = line.split()[0]
        folders[(len(line) - len(line.lstrip())) // 2 :] = [name.rstrip("/")]
        paths.append("/".join(folders))
    return paths


def test_the_tree_is_read_as_it_is_drawn():
    drawn = "## Files\n```\na/      a folder\n  b.py  in it\n  c/\n    d.py  deeper\ne.py    beside\n```\n"
    assert _tree(drawn) == ["a", "a/b.py", "a/c", "a/c/d.py", "e.py"]
