"""molmo-act segment: what it prints and writes; nano points, GrabCut segments."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from molmo_act import Masks
from molmo_act.cli import main as cli
from molmo_act.io.frames import read_frames
from molmo_act.io.video_reader import every_frame
from molmo_act.io.video_writer import video_writer
from tests.support.moving_dots import FPS, RED, Dot, draw

pytest.importorskip("av", reason="needs the extra video")

DOT = Dot("red", RED, lambda t: (60 + 90 * t, 120), radius=20)
ASKED = ["the red circle", "--propagator", "grabcut", "--device", "cpu"]


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "clip.mkv"
    with video_writer(path) as writer:
        for index in range(6):
            writer.write(draw([DOT], index / FPS), index / FPS)
    return str(path)


def test_a_video_label_images_and_files(clip, tmp_path, capsys):
    out, folder = tmp_path / "marked.mp4", tmp_path / "new" / "masks"
    assert cli.main(["segment", clip, *ASKED, "--out", str(out), "--masks", str(folder)]) == 0
    shown = capsys.readouterr()
    assert "1 object on 6 frames" in shown.out
    assert f"wrote {folder}" in shown.err
    masks = Masks.from_dict(json.loads((folder / "masks.json").read_text()))
    assert masks.object_id.tolist() == [1] * 6
    images = sorted(path.name for path in folder.glob("*.png"))
    assert images == [f"{frame:05}.png" for frame in range(6)]
    with Image.open(folder / "00003.png") as stored:
        assert stored.mode == "I;16"
        assert (np.asarray(stored) == masks.label_image(3)).all()
    coco = json.loads((folder / "coco.json").read_text())
    assert [one["file_name"] for one in coco["images"]] == images
    written = [frame for _, frame in every_frame(str(out))]
    plain = [frame for frame, _ in read_frames(clip)]
    changed = np.abs(written[3].astype(int) - plain[3].astype(int)).max(axis=2) > 12
    inside = masks.on(3)[0].to_array()
    assert changed[inside].mean() > 0.8
    assert changed[:60].mean() < 0.1
    assert len(written) == 6


def test_json(clip, capsys):
    assert cli.main(["segment", clip, *ASKED, "--json", "--rate", "3", "--forwards"]) == 0
    masks = Masks.from_dict(json.loads(capsys.readouterr().out))
    assert np.flatnonzero(masks.sampled).tolist() == [0, 3]


def test_nothing_found(clip, capsys):
    assert cli.main(["segment", clip, "the green circle", *ASKED[1:], "--end", "0.05"]) == 1
    assert "0 objects on 2 frames" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--masks", "."], "is not empty"),
        (["--out", "marked.txt"], "marked.txt"),
        (["--propagator-weights", "a"], "has none"),
        (
            ["--propagator", "sam2", "--propagator-weights", "tests"],
            "cannot be loaded as a SAM 2 video model",
        ),
        (["--max-crops", "0"], "0"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(clip, capsys, more, says):
    assert cli.main(["segment", clip, *ASKED, *more]) == 2
    assert says in capsys.readouterr().err.splitlines()[-1]


def test_endless_sources_and_the_video_itself(clip, capsys):
    assert cli.main(["segment", "0", *ASKED]) == 2
    assert "has no end; expected --end" in capsys.readouterr().err
    assert cli.main(["segment", clip, *ASKED, "--out", clip]) == 2
    assert "is the video itself" in capsys.readouterr().err
