"""Rendered scenes read back: true images, clips and videos, and errors that say what to do."""

from __future__ import annotations

import json

import numpy as np
import pytest

from model.data import registry as sources
from model.data.clips.generate import ClipFrame
from model.data.encoding.answer_format import AnswerFormat
from model.data.encoding.message_tree import ImageTreeEncoder
from model.data.encoding.video_tree import VideoTreeEncoder
from model.data.registry import open_source
from model.data.rendered3d.dataset import RenderedClip, RenderedScene, find_scenes, read_image, read_images
from model.data.rendered3d.layouts import ClipSpec, plan_clip, plan_image
from model.data.scenes.nouns import plural, synonyms
from model.data.schema import VideoSample
from model.train.models.nano import make_processor
from molmo_act.errors import InputError
from tests.model.data.drawn_scenes import paint_scene
from tests.model.train.small_run import GEOMETRY, make_tokenizer

SIZE = (160, 120)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Of a data set with six images and two clips."""
    folder = tmp_path_factory.mktemp("rendered")
    for number in range(6):
        paint_scene(plan_image(0, number, SIZE), folder / "scenes3d" / f"still-{number}")
    for number in range(2):
        spec = ClipSpec(seconds=3, fps=4)
        paint_scene(plan_clip(0, number, SIZE, spec=spec), folder / "clips3d" / f"clip-{number}")
    return folder


def test_an_image_asks_for_what_it_shows(folder):
    images = list(read_images(folder / "scenes3d"))
    assert len(images) >= 5
    for sample, path in zip(images, find_scenes(folder / "scenes3d", moving=False), strict=False):
        assert sample.image.shape == (120, 160, 3)
        owner = RenderedScene.read(path).owner(0)
        for query in sample.queries:
            for target in query.targets:
                x, y = target.point
                assert target.contains(x, y)
                assert owner[int(y), int(x)] > 0
    kinds = {query.kind for sample in images for query in sample.queries}
    assert {"noun", "colour", "count", "size", "position", "relation", "absent", "absent colour"} <= kinds
    texts = " ".join(query.text for sample in images for query in sample.queries)
    assert not any(word in texts for word in ("above", "below", "topmost", "lowest"))


def test_the_same_image_always_asks_the_same(folder):
    first, again = (read_image(folder / "scenes3d" / "still-2") for _ in range(2))
    assert [query.text for query in first.queries] == [query.text for query in again.queries]


def test_names_asked_for_are_those_of_the_objects(folder):
    for path in find_scenes(folder / "scenes3d", moving=False):
        about = RenderedScene.read(path).truth["things"]
        owner = RenderedScene.read(path).owner(0)
        for query in read_image(path).queries:
            if query.kind in ("noun", "colour"):
                (x, y) = query.targets[0].point
                noun = about[owner[int(y), int(x)] - 1]["noun"]
                names = (noun, plural(noun), *synonyms(noun), *map(plural, synonyms(noun)))
                assert query.text.endswith((*names, "shape", "thing", "object"))


def test_depth_and_intrinsics_put_pixels_into_the_world(folder):
    scene = RenderedScene.read(folder / "scenes3d" / "still-1")
    owner, depth = scene.owner(0), scene.depth(0)
    for number, metres in enumerate(scene.truth["frames"][0]["depth"], start=1):
        assert np.median(depth[owner == number]) == pytest.approx(1000 * metres, abs=1)
    focal, middle = scene.intrinsics[0, 0], scene.intrinsics[:2, 2]
    np.testing.assert_array_equal(middle, (80, 60))
    pose = np.array(scene.truth["frames"][0]["camera"])
    (x, y), metres = scene.truth["frames"][0]["stands"][0], scene.truth["frames"][0]["depth"][0]
    seen = np.array([(x - middle[0]) / focal, -(y - middle[1]) / focal, -1]) * metres
    assert (pose[:3, :3] @ seen + pose[:3, 3])[2] == pytest.approx(0, abs=1e-4)  # it stands on the ground


def test_a_clip_knows_what_is_where(folder):
    clip = RenderedClip(folder / "clips3d" / "clip-0")
    assert (len(clip), clip.fps, clip.seconds) == (12, 4, 3)
    names = {f"the {obj['colour']} {obj['noun']}" for obj in clip.scene.truth["things"]}
    assert set(clip.queries) == names
    frames = list(clip)
    assert all(isinstance(frame, ClipFrame) for frame in frames)
    assert [frame.timestamp for frame in frames[:3]] == [0, 0.25, 0.5]
    shares = np.array([frame.share for frame in frames])
    assert shares.max() > 0.9
    assert 0 <= shares.min() < 0.3
    whole = [(f, n) for f in frames for n, share in enumerate(f.share) if share > 0.95]
    assert whole
    for frame, number in whole:
        rows, columns = np.nonzero(frame.owner == number + 1)
        x, y = frame.middle[number]
        assert columns.min() <= x <= columns.max() + 1
        assert rows.min() <= y <= rows.max() + 1


def test_they_are_sources(folder):
    stills, videos = open_source("scenes3d", folder), open_source("clips3d", folder, frames=4)
    assert sum(stills.blocks) == 6
    assert sum(videos.blocks) == 2
    assert stills.read(0, np.random.default_rng(0)).queries
    sample = videos.read(0, np.random.default_rng(0))
    assert isinstance(sample, VideoSample)
    assert sample.video.frames.shape == (4, 120, 160, 3)
    assert sample.video.timestamps == (0, 0.5, 1.0, 1.5)
    kinds = {query.kind for query in sample.queries}
    assert kinds == {"tracking", "pointing"}
    owners = [frame.owner for frame in RenderedClip(folder / "clips3d" / "clip-0")]
    for query in sample.queries:
        for frame_point in query.frame_points:
            x, y = frame_point.point
            assert any(owner[int(y), int(x)] for owner in owners)


def test_they_are_encoded_like_other_images_and_videos(folder):
    tokenizer = make_tokenizer()
    processor, rng = make_processor(tokenizer, GEOMETRY), np.random.default_rng(0)
    sample = open_source("scenes3d", folder).read(1, rng)
    tree = ImageTreeEncoder(make_processor(tokenizer, GEOMETRY)).encode(sample, rng, 6, 3)
    assert len(tree.branches) >= 6
    sample = open_source("clips3d", folder, frames=3).read(1, rng)
    encoder = VideoTreeEncoder(processor, AnswerFormat())
    assert len(encoder.encode(sample, rng, 4).branches) == min(4, len(sample.queries))


@pytest.mark.parametrize("name", ["scenes3d", "clips3d"])
def test_an_empty_folder_is_told_how_to_fill_it(name, tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "CACHE", tmp_path)  # a developer's own may hold some
    what = "stills" if name == "scenes3d" else "clips"
    with pytest.raises(InputError, match=f"python -m model.data.rendered3d.render {what} --out"):
        open_source(name, tmp_path)


def test_what_is_half_written_does_not_count(tmp_path):
    paint_scene(plan_image(0, 0, SIZE), tmp_path / "whole")
    paint_scene(plan_image(0, 1, SIZE), tmp_path / "half.partial")
    assert [path.name for path in find_scenes(tmp_path, moving=False)] == ["whole"]


def test_an_image_is_no_clip(folder):
    with pytest.raises(InputError, match="is an image; expected a clip"):
        RenderedClip(folder / "scenes3d" / "still-0")


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda path: (path / "truth.json").write_text("{"), "render it again"),
        (lambda path: (path / "truth.json").write_text(json.dumps({"size": [160, 120]})), "lacks entries"),
        (lambda path: (path / "frame_000.png").write_bytes(b"no picture"), "render it again"),
        (lambda path: (path / "frame_000_things.png").unlink(), "render it again"),
    ],
)
def test_damage_is_one_clear_error(damage, why, tmp_path):
    paint_scene(plan_image(0, 0, SIZE), tmp_path / "shot")
    damage(tmp_path / "shot")
    with pytest.raises(InputError, match=why):
        read_image(tmp_path / "shot")


def test_frames_of_another_size_are_damage(tmp_path):
    paint_scene(plan_image(0, 0, SIZE), tmp_path / "shot")
    paint_scene(plan_image(0, 0, (80, 60)), tmp_path / "small")
    (tmp_path / "small" / "frame_000_things.png").rename(tmp_path / "shot" / "frame_000_things.png")
    with pytest.raises(InputError, match="80×60 pixels"):
        read_image(tmp_path / "shot")
