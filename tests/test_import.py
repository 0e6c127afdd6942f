"""What `import molmo_act` does to a fresh process: it stays light and offline, and offers what it lists."""

from __future__ import annotations

import ast
import inspect
import json
import subprocess
import sys
from pathlib import Path

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
    ours = [node for node in imports if (node.module or "").startswith("molmo_act.")]
    assert {alias.asname or alias.name for node in ours for alias in node.names} == set(molmo_act.__all__)


def test_whatever_is_offered_says_what_it_is():
    import molmo_act

    for name in molmo_act.__all__:
        assert inspect.getdoc(getattr(molmo_act, name)), name
