"""What runs inside Blender, as far as it can be tested without: its colours and how it is talked to."""

from __future__ import annotations

import importlib.util
import io
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from model.data.rendered3d import blender_env
from model.data.rendered3d.scene_spec import _GROUNDS, _WALLS


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    for name in ("bpy", "OpenEXR"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    spec = importlib.util.spec_from_file_location("blender_script", blender_env._SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_colours_become_scene_linear(script: ModuleType) -> None:
    assert script.linear((0, 255, 10)) == pytest.approx((0.0, 1.0, 10 / 255 / 12.92, 1.0))
    assert script.linear((128, 128, 128))[0] == pytest.approx(0.2159, abs=1e-4)


def test_every_surface_of_a_room_has_a_texture(script: ModuleType) -> None:
    assert {*_GROUNDS, *_WALLS} <= set(script.TEXTURES)


def test_folder_after_folder_is_rendered_and_every_frame_announced(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rendered = []
    for name, frames in (("a", 2), ("b", 1)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "scene.json").write_text(
            json.dumps({"frames": [f"{name}{n}" for n in range(frames)]})
        )
    monkeypatch.setattr(script, "set_up", lambda orders: len(orders["frames"]))
    monkeypatch.setattr(script, "render_frame", lambda frame, bodies, stem: rendered.append((frame, stem)))
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{tmp_path / 'a'}\n{tmp_path / 'b'}\n"))
    script.main()
    assert rendered == [
        ("a0", str(tmp_path / "a" / "frame_000")),
        ("a1", str(tmp_path / "a" / "frame_001")),
        ("b0", str(tmp_path / "b" / "frame_000")),
    ]
    assert capsys.readouterr().out.splitlines() == [blender_env._FRAME_DONE] * 3
