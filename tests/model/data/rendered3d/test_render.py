"""Rendering: a real Blender shows what was planned, and goes on where it was stopped."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from model.data.rendered3d import render as render_shots
from model.data.rendered3d.blender_env import FOLDER, Blender
from model.data.rendered3d.dataset import RenderedScene, read_image
from model.data.rendered3d.layouts import plan_image
from molmo_act.errors import PlatformError

needs_blender = pytest.mark.skipif(
    not (FOLDER / "ready").is_file(),
    reason="no Blender; make its environment (1 GB) with: python -m model.data.rendered3d.blender_env",
)
SIZE = (64, 48)
COMMAND = ("stills", "--count", "1", "--size", "64", "48", "--samples", "1", "--out")


def run(monkeypatch, *arguments) -> int:
    monkeypatch.setattr(sys, "argv", ["render_shots", *map(str, arguments)])
    return render_shots.main()


def test_without_blender_the_error_says_how_to_get_it(tmp_path):
    with pytest.raises(PlatformError, match=r"python -m model\.data\.rendered3d\.blender_env"):
        Blender(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("stills", "--count", "0"), "at least one scene"),
        (("stills", "--size", "8", "8"), "sides of 48 to 4096"),
        (("stills", "--size", "640", "60"), "none three times the other"),
        (("clips", "--fps", "0"), "frames a second"),
        (("clips", "--seconds", "0.01"), "1 to 10,000 frames"),
    ],
)
def test_settings_that_cannot_be(arguments, why, monkeypatch, capsys, tmp_path):
    assert run(monkeypatch, *arguments, "--out", tmp_path) == 2
    assert why in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@needs_blender
def test_what_is_rendered_is_what_was_planned(tmp_path, monkeypatch, capsys):
    assert run(monkeypatch, *COMMAND, tmp_path) == 0
    (path,) = tmp_path.glob("train-*")
    plan = plan_image(0, 0, SIZE)
    scene = RenderedScene.read(path)
    owner, depth = scene.owner(0), scene.depth(0)
    (frame,) = plan.frames
    _, expected = frame.camera.project(frame.poses[:, :3, 3])
    for number, outline in enumerate(frame.silhouettes(plan.bodies), start=1):
        seen, alone = owner == number, outline.within(SIZE)
        assert np.count_nonzero(seen & ~alone) <= 0.1 * outline.area + 4  # a pixel of the rim
        assert seen.sum() > 0.3 * outline.area
        body = plan.bodies[number - 1]
        assert np.median(depth[seen]) / 1000 == pytest.approx(
            expected[number - 1], abs=body.radius + np.ptp(body.corners[:, 2])
        )
    assert read_image(path).image.std() > 5
    assert sorted(each.name for each in path.iterdir()) == [
        "frame_000.png",
        "frame_000_depth.png",
        "frame_000_things.png",
        "truth.json",
    ]
    before = (path / "frame_000.png").stat().st_mtime_ns
    (tmp_path / "train-0-00001.partial").mkdir()
    assert (
        run(monkeypatch, *COMMAND, tmp_path, "--count", "2") == 0
    )  # the first is there, the second was begun
    assert (path / "frame_000.png").stat().st_mtime_ns == before
    assert sorted(each.name for each in tmp_path.glob("t*")) == ["train-0-00000", "train-0-00001"]
    assert "2 stills" in capsys.readouterr().out
    assert run(monkeypatch, *COMMAND, tmp_path, "--samples", "2") == 2
    assert "scenes of other settings" in capsys.readouterr().err


@needs_blender
def test_a_blender_that_fails_says_why(tmp_path):
    (tmp_path / "scene.json").write_text("{}")
    with Blender() as blender, pytest.raises(PlatformError, match="KeyError"):
        list(blender.render(tmp_path, 1))
