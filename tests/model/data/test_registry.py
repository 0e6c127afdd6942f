"""Sources by name."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.data import registry
from model.data.clips.videos import ClipVideos
from model.data.datasets.custom import FILE, CustomImages
from model.data.errors import SkippedRow
from model.data.registry import GENERATED_SIZE, Generated, open_source, rendered_folder
from model.data.schema import ImageSample
from molmo_act.errors import InputError, PlatformError


def test_generators_draw_images_within_their_sides() -> None:
    source = open_source("shapes", sides=(100, 130))
    assert sum(source.blocks) == GENERATED_SIZE
    shapes = {source.read(0, np.random.default_rng(seed)).image.shape for seed in range(12)}
    assert len(shapes) > 6
    assert all(100 <= side < 130 for shape in shapes for side in shape[:2])


def test_an_image_without_questions_is_skipped() -> None:
    empty = ImageSample(np.zeros((2, 2, 3), np.uint8), (), ())
    with pytest.raises(SkippedRow, match="nothing to ask"):
        Generated(lambda rng, width, height: empty, (96, 97)).read(0, np.random.default_rng(0))


@pytest.mark.parametrize("name", ["shapes", "scenes", "screens", "clips"])
def test_sources_can_go_to_other_processes(name: str) -> None:
    try:
        source = open_source(name, sides=(100, 130), frames=2)
        source.read(0, np.random.default_rng(1))
    except (InputError, PlatformError) as exc:  # what it draws with has not been fetched here
        pytest.skip(str(exc))
    sent = pickle.dumps(source)
    assert len(sent) < 100_000  # large archives are opened anew there
    one, other = (opened.read(0, np.random.default_rng(1)) for opened in (source, pickle.loads(sent)))
    if isinstance(one, ImageSample):
        np.testing.assert_array_equal(one.image, other.image)
    assert repr(one.queries if isinstance(one, ImageSample) else one.video.timestamps) == repr(
        other.queries if isinstance(other, ImageSample) else other.video.timestamps
    )


def test_clips_are_videos_of_at_most_so_many_frames() -> None:
    source = open_source("clips", frames=3)
    assert isinstance(source, ClipVideos)
    assert {len(source.read(0, np.random.default_rng(seed)).video.timestamps) for seed in range(6)} <= {2, 3}


def test_a_folder_of_ones_own_goes_before_names_that_are_not_known(tmp_path: Path) -> None:
    (tmp_path / "mugs").mkdir()
    (tmp_path / "mugs" / FILE).write_text(json.dumps({"image": "a.png", "text": "cup", "points": []}))
    Image.new("RGB", (8, 8)).save(tmp_path / "mugs" / "a.png")
    assert isinstance(open_source("mugs", tmp_path), CustomImages)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("shape", "did you mean shapes"),  # nearly the name of one
        ("zzzz", "did you mean shapes, scenes, screens, clips, html"),  # like none: all are named
        ("pixmo-points", "say with --data"),
        ("screenspot-v2", "say with --data"),
    ],
)
def test_what_is_not_there_is_named(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        open_source(name)


def test_rendered_data_among_the_data_sets_go_before_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "CACHE", tmp_path / "cache")
    assert rendered_folder("html", tmp_path) == tmp_path / "cache" / "html"
    (tmp_path / "html").mkdir()
    assert rendered_folder("html", tmp_path) == tmp_path / "html"
    assert rendered_folder("html", None) == tmp_path / "cache" / "html"
