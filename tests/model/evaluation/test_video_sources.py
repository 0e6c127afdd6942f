"""Finding videos, and reading masks in all the forms that sets have."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from model.data.errors import SkippedRow
from model.evaluation.video_sources import ImageMasks, RunLengthMasks, VideoFiles, union
from molmo_act.outputs import rle

MASK = np.zeros((6, 8), bool)
MASK[1:4, 2:7] = True
COMPRESSED = {"size": [6, 8], "counts": rle.encode(MASK)}
PLAIN = {"size": [6, 8], "counts": [13, 3, 3, 3, 3, 3, 3, 3, 3, 3, 8]}
CORNERS = [2.0, 1.0, 7.0, 1.0, 7.0, 4.0, 2.0, 4.0]


@pytest.mark.parametrize(
    "run",
    [
        COMPRESSED,
        {**COMPRESSED, "counts": COMPRESSED["counts"].encode()},
        PLAIN,
        [CORNERS],
        [{"size": [6, 8], "polygon": [CORNERS]}],
    ],
)
def test_masks_in_every_form(run):
    masks = RunLengthMasks({3: run, 4: None}, (8, 6))
    assert (masks[3] == MASK).all()
    assert (list(masks), masks.annotated) == ([3], (3, 4))


@pytest.mark.parametrize("run", ["abc", 7, {"size": [6, 8]}, {"size": [6, 8], "counts": "zz"}, [[1, 2, 3]]])
def test_masks_that_are_none(run):
    with pytest.raises(SkippedRow, match="mask cannot be read"):
        RunLengthMasks({0: run}, (8, 6))[0]


def test_images_by_order_or_by_number(tmp_path):
    for number in (0, 5, 10):
        Image.fromarray(MASK.astype(np.uint8) * (1 + number)).save(tmp_path / f"{number:05}.png")
    assert ImageMasks(tmp_path, 3).annotated == (0, 1, 2)  # as many as frames: in order
    by_number = ImageMasks(tmp_path, 11)
    assert by_number.annotated == (0, 5, 10)
    assert (by_number[5] == MASK).all()
    assert not ImageMasks(tmp_path, 11, label=9)[5].any()
    assert (ImageMasks(tmp_path, 11, label=6)[5] == MASK).all()
    assert ImageMasks(tmp_path, 3, size=(16, 12))[0].sum() == 4 * MASK.sum()
    (tmp_path / "00005.png").write_bytes(b"broken")
    with pytest.raises(SkippedRow, match="mask cannot be read"):
        by_number[5]
    with pytest.raises(SkippedRow, match="masks are missing"):
        ImageMasks(tmp_path / "gone", 3)
    (tmp_path / "odd.png").write_bytes(b"")
    with pytest.raises(SkippedRow, match="no numbers of frames"):
        ImageMasks(tmp_path, 11)


def test_union():
    one, other = RunLengthMasks({0: COMPRESSED, 1: None}, (8, 6)), RunLengthMasks({1: PLAIN}, (8, 6))
    found = union([one, other], range(3), (8, 6))
    assert [bool(mask.any()) for mask in found] == [True, True, False]
    assert union([], range(2), (8, 6)).shape == (2, 6, 8)
    with pytest.raises(SkippedRow, match="differ in size"):
        union([one, RunLengthMasks({0: {"size": [1, 1], "counts": [0, 1]}}, (1, 1))], [0], (8, 6))


def test_videos_are_found_only_inside_of_the_set(tmp_path):
    home = tmp_path / "set"
    (home / "videos/sub").mkdir(parents=True)
    (home / "videos/sub/a.mp4").write_bytes(b"")
    (tmp_path / "outside.mp4").write_bytes(b"")
    videos = VideoFiles(home)
    assert videos.path("gone", "sub/a") == home / "videos/sub/a.mp4"
    for name in ("../../outside.mp4", str(tmp_path / "outside.mp4"), "..", "", ".", "b"):
        with pytest.raises(SkippedRow, match="video is missing"):
            videos.path(name)
    with pytest.raises(SkippedRow, match="cannot be read"):
        videos.reader(["sub/a"], (8, 6), 2.0)()
    (home / "JPEGImages/gap").mkdir(parents=True)
    for number in (0, 5, 10, 15):
        Image.fromarray(MASK).save(home / f"JPEGImages/gap/{number:05}.png")
    assert videos.reader(["gap"], (8, 6), 2.0, frames=4)().fps == 2
    with pytest.raises(SkippedRow, match="frames are missing"):
        videos.reader(["gap"], (8, 6), 2.0, frames=5)()
    (home / "JPEGImages/gap/00005.png").unlink()
    with pytest.raises(SkippedRow, match="frames are missing"):
        videos.reader(["gap"], (8, 6), 2.0)()
    (home / "JPEGImages/empty").mkdir(parents=True)
    with pytest.raises(SkippedRow, match="cannot be read"):
        videos.reader(["empty"], (8, 6), 2.0)()
