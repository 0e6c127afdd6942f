"""The environment of Blender, with a stand-in for its Python."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from model.data.rendered3d import blender_env
from model.data.rendered3d.blender_env import Blender, make_environment
from molmo_act.errors import PlatformError


def stand_in(folder: Path, script: str) -> Path:
    """An environment whose Python is a shell script."""
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    (folder / "ready").touch()
    return folder


def test_frames_are_counted_as_they_come(tmp_path: Path) -> None:
    script = 'while read folder; do echo "reading $folder"; echo "scene: frame"; echo "scene: frame"; done'
    with Blender(stand_in(tmp_path / "env", script)) as blender:
        assert list(blender.render(tmp_path / "one", 2)) == [1, 2]
        assert list(blender.render(tmp_path / "two", 2)) == [1, 2]


@pytest.mark.parametrize("frames", [1, 3])
def test_the_last_words_of_a_blender_that_ended_are_shown(tmp_path: Path, frames: int) -> None:
    script = 'read folder; echo "scene: frame"; echo "out of memory" >&2; exit 3'
    with Blender(stand_in(tmp_path / "env", script)) as blender:
        if frames == 1:
            assert list(blender.render(tmp_path, 1)) == [1]
            return
        with pytest.raises(PlatformError, match=r"status 3 while it rendered(.|\n)*out of memory"):
            list(blender.render(tmp_path, frames))


def test_an_environment_that_is_not_ready_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match=r"python -m model\.data\.rendered3d\.blender_env"):
        Blender(tmp_path)


def test_the_environment_is_ready_when_every_step_has_gone_well(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    steps: list[list[str]] = []

    def run(command: list[str]) -> subprocess.CompletedProcess[str]:
        steps.append(command)
        (tmp_path / "env").mkdir(exist_ok=True)
        return subprocess.CompletedProcess(command, int(len(steps) == 4))

    monkeypatch.setattr(blender_env.subprocess, "run", run)
    monkeypatch.setattr(blender_env.shutil, "which", lambda name: f"/usr/bin/{name}")
    make_environment(tmp_path / "env")
    assert (tmp_path / "env" / "ready").exists()
    assert steps[0][1:] == ["-m", "venv", str(tmp_path / "env")]
    assert steps[1][-3:] == list(blender_env.PACKAGES)
    (tmp_path / "env" / "ready").unlink()
    with pytest.raises(PlatformError, match="This command failed"):
        make_environment(tmp_path / "env")  # pip fails
    assert not (tmp_path / "env" / "ready").exists()


def test_a_python_of_the_wrong_version_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(blender_env, "PYTHON", "python2.0")
    with pytest.raises(PlatformError, match=r"needs python2\.0, which is not on the PATH"):
        make_environment(tmp_path)
