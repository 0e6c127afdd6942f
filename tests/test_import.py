"""What `import molmo_act` does to a fresh process: it stays light and offline, and offers what it lists."""

from __future__ import annotations

import ast
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from molmo_act._install import install_command

ROOT = Path(__file__).parent.parent

OPTIONAL = (
    "av",
    "bitsandbytes",
    "cv2",
    "mcp",
    "mss",
    "onnxruntime",
    "playwright",
    "pyautogui",
    "pyperclip",
    "rclpy",
    "scipy",
    "supervision",
    "torchvision",
)

# Imports the module named first, in a process where every other name given can be imported: where the real
# package is not installed an empty one stands in its place. Prints which of them came along, and what calls
# were made to the outside.
PROBE = """
import json, sys
module, decoys, *names = sys.argv[1:]
sys.path.append(decoys)
calls = []
watched = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")
sys.addaudithook(lambda event, args: calls.append(event) if event in watched else None)
__import__(module)
print(json.dumps({"imported": sorted(set(names) & set(sys.modules)), "calls": calls}))
"""


def probe(module: str, folder: Path, path: Path) -> dict[str, list[str]]:
    """What importing ``module`` (found in ``path``) drags in; ``folder`` is scratch."""
    decoys = folder / "decoys"
    decoys.mkdir()
    for name in OPTIONAL:
        (decoys / f"{name}.py").touch()
    command = [sys.executable, "-c", PROBE, module, str(decoys), *OPTIONAL]
    answer = subprocess.run(command, cwd=path, capture_output=True, text=True, timeout=120)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def test_import_is_light_and_offline(tmp_path):
    assert probe("molmo_act", tmp_path, ROOT) == {"imported": [], "calls": []}


def test_the_probe_sees_each_optional_package(tmp_path):
    (tmp_path / "heavy.py").write_text(f"import sys\nfor name in {OPTIONAL}:\n    sys.modules[name] = sys\n")
    assert probe("heavy", tmp_path, tmp_path)["imported"] == sorted(OPTIONAL)


def test_the_probe_sees_a_connection(tmp_path):
    (tmp_path / "talker.py").write_text("import socket\nsocket.socket().connect_ex(('127.0.0.1', 9))\n")
    assert probe("talker", tmp_path, tmp_path)["calls"] == ["socket.connect"]


def test_the_table_of_contents_lists_what_is_offered():
    import molmo_act

    source = ast.parse((ROOT / "molmo_act" / "__init__.py").read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(source) if isinstance(node, ast.ImportFrom)]
    ours = [
        node
        for node in imports
        if (node.module or "").startswith("molmo_act.") and "._" not in (node.module or "")
    ]
    assert {alias.asname or alias.name for node in ours for alias in node.names} == set(molmo_act.__all__)


def test_whatever_is_offered_says_what_it_is():
    import molmo_act

    for name in molmo_act.__all__:
        assert inspect.getdoc(getattr(molmo_act, name)), name


@pytest.mark.parametrize(
    ("missing", "version", "told"),
    [
        (
            "transformers",
            (3, 10),
            "'transformers', which is not installed. transformers needs Python 3.11 or",
        ),
        (
            "torch",
            (3, 12),
            f"'torch', which is not installed. Install it with: {re.escape(install_command())}",
        ),
    ],
)
def test_a_model_without_its_packages_says_what_is_missing(monkeypatch, missing, version, told):
    import molmo_act

    def import_module(name):
        raise ModuleNotFoundError(f"No module named {missing!r}", name=missing)

    monkeypatch.setattr(molmo_act, "import_module", import_module)
    monkeypatch.setattr(sys, "version_info", version)
    with pytest.raises(molmo_act.PlatformError, match=told):
        molmo_act.load  # noqa: B018
    with pytest.raises(AttributeError, match="no attribute 'loaded'"):
        molmo_act.loaded  # noqa: B018


def test_a_missing_package_of_another_part_is_not_taken_for_one_of_the_model(monkeypatch):
    import molmo_act

    def import_module(name):
        raise ModuleNotFoundError("No module named 'other'", name="other")

    monkeypatch.setattr(molmo_act, "import_module", import_module)
    with pytest.raises(ModuleNotFoundError, match="'other'"):
        molmo_act.load  # noqa: B018
