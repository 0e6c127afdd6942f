"""Previews of what a source teaches."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.data.datasets.custom import FILE, CustomImages
from model.data.preview import COLOURS, TEXT_WIDTH, main, preview_image, preview_images, write_previews
from model.data.schema import (
    FramePoint,
    ImageSample,
    Query,
    QuestionAnswer,
    Target,
    VideoQuery,
    VideoSample,
)
from molmo_act.models.molmo_point.frame_sampling import SampledVideo
from tests.support.hostile_disks import files_of_at_most

GREY = np.full((60, 80, 3), 128, np.uint8)


def ring_colour(image: Image.Image, x: int, y: int) -> str:
    """Colour of the ring around a point."""
    return "#{:02x}{:02x}{:02x}".format(*image.getpixel((x - 5, y)))


def test_points_have_the_colours_of_their_questions() -> None:
    queries = tuple(
        Query(f"point {x}", f"{x}", (Target((x + 0.5, 30.5), (x, 30.0, x, 30.0)),), "noun") for x in (20, 60)
    )
    shown = preview_image(ImageSample(GREY, queries, ()))
    assert shown.size == (80 + TEXT_WIDTH, 60)
    assert (ring_colour(shown, 20, 30), ring_colour(shown, 60, 30)) == COLOURS[:2]


def test_questions_answered_in_words_make_the_image_as_high_as_its_text() -> None:
    pointed = Query("lid", "lid", (Target((40.5, 20.5), (40.0, 20.0, 40.0, 20.0)),), "noun")
    turns = tuple(QuestionAnswer(f"Question {n}?", "Answer.", "qa", (pointed,)) for n in range(5))
    shown = preview_image(ImageSample(GREY, (), (), turns))
    assert shown.height == 16 * (5 * 3 + 1)
    assert ring_colour(shown, 40, 20) == COLOURS[4]  # the last one is drawn over the others


def test_every_frame_of_a_video_shows_its_own_points() -> None:
    video = SampledVideo(np.stack([GREY, GREY]), (0.0, 0.5), (80, 60))
    query = VideoQuery("ball", "ball", (FramePoint(1, 1, (40.5, 30.5)),), "tracking")
    first, second = preview_images(VideoSample(video, (query,)))
    assert ring_colour(first, 40, 30) == "#808080"
    assert ring_colour(second, 40, 30) == COLOURS[0]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "mugs"
    folder.mkdir()
    rows = [{"image": name, "text": "cup", "points": [[40.0, 30.0]]} for name in ("a.png", "gone.png")]
    (folder / FILE).write_text("".join(json.dumps(row) + "\n" for row in rows))
    Image.fromarray(GREY).save(folder / "a.png")
    return folder


def test_rows_are_written_and_what_is_skipped_is_counted(source: Path, tmp_path: Path) -> None:
    seen = write_previews(CustomImages(source), 8, 0, tmp_path / "out")
    assert seen["shown"] == 1
    assert sum(seen.values()) == 2
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["000_000.png"]


def test_the_command_counts_and_names_its_folder(source: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    out = tmp_path / "out"
    arguments = ["preview", "mugs", "--data", str(source.parent), "--out", str(out), "--count", "1"]
    monkeypatch.setattr("sys.argv", arguments)
    assert main() == 0
    assert capsys.readouterr().out.splitlines()[-2:] == ["shown: 1", str(out / "mugs")]


def test_places_that_cannot_be_written(source: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    (tmp_path / "taken").touch()
    arguments = ["preview", "mugs", "--data", str(source.parent), "--count", "1", "--out"]
    monkeypatch.setattr("sys.argv", [*arguments, str(tmp_path / "taken")])
    assert main() == 2
    assert "taken' is a file. Give a folder" in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", [*arguments, str(tmp_path / "out")])
    with files_of_at_most(10):
        assert main() == 2
    assert "File too large. Make room" in capsys.readouterr().err
    assert not list((tmp_path / "out" / "mugs").iterdir())
