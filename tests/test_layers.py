"""Imports run downwards only; reads them from the source with ast and imports nothing of the project.

The table below is the house of docs/architecture.md. A new module of ``molmo_act`` gets its place here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

PACKAGES = ("molmo_act", "gui_agent", "ros_nodes", "model", "examples")

MAY_IMPORT = {
    "molmo_act": {"molmo_act"},
    "gui_agent": {"gui_agent", "molmo_act"},
    "ros_nodes": {"ros_nodes", "molmo_act"},
    "model": {"model", "molmo_act"},
    "examples": set(PACKAGES),
}

LAYERS = (  # of molmo_act, lowest first; a module imports from its own layer and those before it
    ("values", {"errors", "images", "points", "tracks", "drawing", "picture_files"}),
    ("modeling", {"modeling"}),
    (
        "library",
        {
            *("", "api", "pointing_model", "encoded_image", "asking", "reading", "calibration"),
            *("image_pointing", "prompts"),
            *("bench", "engine", "text_engine", "answers", "decoding", "grammar"),
            *("native_molmo2", "quantization", "int8_dynamic", "precision", "drift", "memory", "saving"),
            *("tracking", "stream_pointing", "whole_video", "sources", "video_writing"),
            *("masks", "sam2_masks"),
        },
    ),  # "" is molmo_act itself, the table of contents
    ("programs", {"cli", "commands", "__main__"}),
)
LAYER_OF = {module: number for number, (_, modules) in enumerate(LAYERS) for module in modules}


def test_imports_run_downwards():
    assert all((ROOT / package).is_dir() for package in PACKAGES)
    assert breaches(ROOT) == []


# Each row: the file, what it imports, what the checker must say (None: nothing).
PLANTED = [
    # downwards, in every way of writing it
    ("molmo_act/api.py", "from molmo_act.modeling import weights", None),
    ("molmo_act/api.py", "from .points import Points", None),
    ("molmo_act/cli.py", "import molmo_act", None),
    ("gui_agent/desktop.py", "from molmo_act import load", None),
    ("examples/demo.py", "import gui_agent, ros_nodes, model.data", None),
    # foreign packages are not our business, also when their name begins like one of ours
    ("molmo_act/points.py", "import numpy, models, gui_agents", None),
    # sideways between the programs
    ("gui_agent/desktop.py", "from ros_nodes.convert import f", "gui_agent may not import ros_nodes.convert"),
    ("ros_nodes/convert.py", "import gui_agent", "ros_nodes may not import gui_agent"),
    ("model/data/scenes.py", "import examples.demo", "model may not import examples.demo"),
    # the library is self-contained
    ("molmo_act/api.py", "import model.data.scenes", "molmo_act may not import model.data.scenes"),
    ("molmo_act/points.py", "from tests import synthetic", "molmo_act may not import tests"),
    # upwards within the library
    ("molmo_act/points.py", "import molmo_act.api", "values may not import library (molmo_act.api)"),
    ("molmo_act/errors.py", "from molmo_act import api", "values may not import library (molmo_act.api)"),
    ("molmo_act/points.py", "from molmo_act import load", "values may not import library (molmo_act)"),
    ("molmo_act/points.py", "from . import modeling", "values may not import modeling (molmo_act.modeling)"),
    ("molmo_act/modeling/x.py", "from ..api import load", "modeling may not import library (molmo_act.api)"),
    (
        "molmo_act/modeling/__init__.py",
        "from .. import api",
        "modeling may not import library (molmo_act.api)",
    ),
    # hiding places: a function, a type-checking block, a name in a string
    (
        "molmo_act/errors.py",
        "def f():\n    from . import cli",
        "values may not import programs (molmo_act.cli)",
    ),
    ("gui_agent/screen.py", "if TYPE_CHECKING:\n    import ros_nodes", "gui_agent may not import ros_nodes"),
    ("gui_agent/screen.py", "importlib.import_module('model.data')", "gui_agent may not import model.data"),
    # a module without a place in the table
    ("molmo_act/surprise.py", "import numpy", "molmo_act.surprise has no place in LAYERS"),
    ("molmo_act/api.py", "import molmo_act.surprise", "molmo_act.surprise has no place in LAYERS"),
]


@pytest.mark.parametrize(("file", "source", "complaint"), PLANTED)
def test_the_checker_finds_a_planted_breach(tmp_path, file, source, complaint):
    # A real tree around it: only there can `from molmo_act import …` mean a module.
    for name in ("api", "cli", "points", "surprise", "modeling/weights"):
        _plant(tmp_path, f"molmo_act/{name}.py", "")
    if "surprise" not in file + source:
        (tmp_path / "molmo_act/surprise.py").unlink()
    _plant(tmp_path, file, source)
    found = [complaint_of.split(": ", 1) for complaint_of in breaches(tmp_path)]
    assert [file, complaint] in found if complaint else found == []


def _plant(root: Path, file: str, source: str) -> None:
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    (root / file).write_text(source)


def breaches(root: Path) -> list[str]:
    """Every import below ``root`` that the house forbids, as ``"file: what is wrong"``."""
    found = []
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            file = path.relative_to(root)
            if package == "molmo_act" and _layer(_module(file)) is None:
                found.append(f"{file}: {_module(file)} has no place in LAYERS")
                continue
            found += [
                f"{file}: {complaint}"
                for imported in _imports(path, root)
                if (complaint := _complaint(_module(file), imported))
            ]
    return found


def _complaint(importer: str, imported: str) -> str | None:
    ours = importer.split(".")[0]
    theirs = imported.split(".")[0]
    if theirs in (*PACKAGES, "tests") and theirs not in MAY_IMPORT[ours]:
        return f"{ours} may not import {imported}"
    if not ours == theirs == "molmo_act":
        return None
    here, there = _layer(importer), _layer(imported)
    if there is None:
        return f"{imported} has no place in LAYERS"
    if there > here:
        return f"{LAYERS[here][0]} may not import {LAYERS[there][0]} ({imported})"
    return None


def _layer(module: str) -> int | None:
    """Number of the layer of a module of molmo_act; None when it has no place."""
    return LAYER_OF.get(module.split(".")[1] if "." in module else "")


def _module(file: Path) -> str:
    """``molmo_act/api.py`` -> ``molmo_act.api``; a package is named by its folder."""
    parts = file.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(path: Path, root: Path) -> Iterator[str]:
    """Full names of all modules that a file imports, wherever in the file it does."""
    package = path.relative_to(root).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            source = ".".join([*above, *([node.module] if node.module else [])])
            yield from (_module_or_name(root, source, alias.name) for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            yield from (arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant))


def _module_or_name(root: Path, source: str, name: str) -> str:
    """What ``from source import name`` reaches: the module ``source.name`` if it exists, else ``source``."""
    inner = root.joinpath(*source.split("."), name)
    return f"{source}.{name}" if inner.is_dir() or inner.with_suffix(".py").is_file() else source
