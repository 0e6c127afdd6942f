"""Documents agree with the files: commands exist, links lead somewhere, the file tree is up to date.

After files came, went or changed their purpose, ``python tests/test_docs.py`` writes the tree anew.
"""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
ARCHITECTURE = ROOT / "docs" / "architecture.md"

# Those that say how things are done today; docs/log.md says how they were done.
DOCUMENTS = sorted(
    {file for pattern in ("*.md", "*/*.md", "*/*/*.md") for file in ROOT.glob(pattern)}
    - {ROOT / "docs/log.md"}
)

# Folders that have no __init__.py to speak for them. Those with an end in "/" are shown without their files.
FOLDERS = {
    "docker/": "container files, a compose file and a systemd unit",
    "docs/": "architecture, decisions, results, speed, video, Jetson, log of experiments",
    "examples": "short programs to run and to read",
    "gui_agent": "the desktop agent",
    "model": "how checkpoints are made; run from the repository, never installed",
    "molmo_act": "the library",
    "molmo_act/checkpoints/": "the checkpoint that load() gives by default",
    "ros_nodes": "two ament packages side by side",
    "ros_nodes/molmo_act_interfaces/": "messages, services and the action",
    "ros_nodes/molmo_act_ros": "the nodes, with their launch files and parameters",
    "ros_nodes/molmo_act_ros/launch/": "launch files",
    "ros_nodes/molmo_act_ros/test/": "what colcon test runs: the installed package",
    "tests/": "mirrors the tree",
}


def test_commands_exist():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert targets >= {"setup", "demo", "test", "check"}
    readme = README.read_text(encoding="utf-8")
    named = set(re.findall(r"^    make ([a-z]+)\b", readme, re.MULTILINE))
    assert {"demo", "test"} <= named <= targets


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_programs_exist(document: Path):
    text = document.read_text(encoding="utf-8")
    files = set(re.findall(r"\bpython ((?:examples|model)/\S+\.py)", text))
    modules = {name.replace(".", "/") for name in re.findall(r"python -m (model\.[\w.]+\w)", text)}
    programs = files | {f"{name}/__main__.py" if (ROOT / name).is_dir() else f"{name}.py" for name in modules}
    assert [name for name in sorted(programs) if not (ROOT / name).is_file()] == []


LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(#[^)\s]*)?\)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(document: Path):
    targets = [found.group(1) for found in LINK.finditer(document.read_text(encoding="utf-8"))]
    assert [target for target in targets if not (document.parent / target).exists()] == []


def test_readme_is_short():
    assert len(README.read_text(encoding="utf-8").splitlines()) < 150


def test_the_file_tree_is_that_of_the_repository():
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    shown = _block(ARCHITECTURE.read_text(encoding="utf-8")).group(2).splitlines()
    wanted = draw_tree(ROOT, _tracked())
    assert shown == wanted, "run: python tests/test_docs.py"


def test_a_tree_is_drawn_from_first_lines(tmp_path):
    files = {
        "examples/b.py": '"""Shows b; knows nothing of a."""\n',
        "model/made/__init__.py": '"""Makes things. Knows no model."""\n',
        "model/made/scenes.py": '"""Draws ``scenes``: each with\nits queries."""\n',
        "model/made/names.txt": "not shown",
        "tests/test_b.py": "not shown",
        "setup.py": "not shown",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert draw_tree(tmp_path, [Path(name) for name in files]) == [
        "examples/                                short programs to run and to read",
        "  b.py                                   Shows b",
        "model/" + " " * 35 + "how checkpoints are made; run from the repository, never installed",
        "  made/                                  Makes things",
        "    scenes.py                            Draws scenes: each with",
        "tests/                                   mirrors the tree",
    ]


def draw_tree(root: Path, tracked: list[Path]) -> list[str]:
    """One line for each Python file and each folder of these, indented by two blanks a level.

    Args:
        root: The repository.
        tracked: Paths of its files, relative to it.
    """
    entries = {}
    for path in tracked:
        folders = [folder.as_posix() for folder in reversed(path.parents[:-1])]
        closed = [folder for folder in folders if f"{folder}/" in FOLDERS]
        if closed:
            entries[closed[0]] = FOLDERS[f"{closed[0]}/"]
        elif path.suffix == ".py" and folders:
            for folder in folders:
                entries[folder] = FOLDERS.get(folder) or _purpose(root / folder / "__init__.py")
            if path.name != "__init__.py":
                entries[path.as_posix()] = _purpose(root / path)
    return [_line(name, entries[name]) for name in sorted(entries, key=lambda name: name.split("/"))]


def _line(name: str, purpose: str) -> str:
    *above, last = name.split("/")
    shown = "  " * len(above) + last + ("" if last.endswith(".py") else "/")
    return f"{shown:<40} {purpose}".rstrip()


def _purpose(file: Path) -> str:
    """The first line of a file's docstring, without what it does not know."""
    if not file.exists():
        return ""
    docstring = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return re.split(r"; |\. |\.$", docstring.partition("\n")[0])[0].replace("``", "")


def _block(text: str) -> re.Match[str]:
    """The parts of the architecture page before, in and after its file tree."""
    found = re.fullmatch(r"(.*## Files\n\n```\n)(.*?)(```\n.*)", text, re.DOTALL)
    assert found, "docs/architecture.md has no file tree below '## Files'"
    return found


def _tracked() -> list[Path]:
    names = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).split("\0")
    return [Path(name) for name in names if name and (ROOT / name).exists()]


if __name__ == "__main__":
    before, _, after = _block(ARCHITECTURE.read_text(encoding="utf-8")).groups()
    ARCHITECTURE.write_text(before + "\n".join(draw_tree(ROOT, _tracked())) + "\n" + after, encoding="utf-8")
