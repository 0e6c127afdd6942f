"""Settings that image and video processors share: where they are read, and what is refused."""

from __future__ import annotations

import json
import shutil

import pytest

from molmo_act.errors import CheckpointError
from molmo_act.formats.crop_geometry import Geometry
from molmo_act.models.molmo_point.image_processing_molmo_point import MolmoPointImageProcessor
from molmo_act.models.molmo_point.video_processing_molmo_point import MolmoPointVideoProcessor
from tests.support.tiny_checkpoint import TINY

PROCESSORS = [MolmoPointImageProcessor, MolmoPointVideoProcessor]


def test_geometries_are_those_of_the_settings():
    images, videos = MolmoPointImageProcessor(max_crops=3), MolmoPointVideoProcessor()
    assert images.geometry == Geometry(378, 14, (2, 2), margins=(4, 4), max_crops=3)
    assert videos.geometry == Geometry(378, 14, (3, 3), margins=(0, 0), max_crops=1)
    images.max_crops, images.overlap_margins = 5, [1, 2]
    assert images.geometry == Geometry(378, 14, (2, 2), margins=(1, 2), max_crops=5)


@pytest.mark.parametrize("kind", PROCESSORS)
def test_a_section_of_processor_config_wins_over_the_file(kind, tmp_path):
    shutil.copy(TINY / kind.config_file, tmp_path)
    settings = kind.from_pretrained(tmp_path).to_dict()
    combined = {kind.section: {**settings, "image_mean": [0.1, 0.2, 0.3]}}
    (tmp_path / "processor_config.json").write_text(json.dumps(combined))
    assert kind.from_pretrained(tmp_path).image_mean == [0.1, 0.2, 0.3]
    (tmp_path / "processor_config.json").write_text("{}")
    assert kind.from_pretrained(tmp_path).image_mean == settings["image_mean"]


@pytest.mark.parametrize("kind", PROCESSORS)
def test_settings_are_written_and_read_again_and_can_be_overridden(kind, tmp_path):
    processor = kind(pooling_size=(1, 2), image_std=(0.1, 0.2, 0.3))
    assert processor.save_pretrained(tmp_path / "new") == [str(tmp_path / "new" / kind.config_file)]
    assert kind.from_pretrained(tmp_path / "new").to_dict() == processor.to_dict()
    other = kind.from_pretrained(tmp_path / "new", patch_size=7)
    assert (other.patch_size, other.pooling_size) == (7, [1, 2])


@pytest.mark.parametrize("kind", PROCESSORS)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": {"height": 112, "width": 98}}, "size is"),
        ({"size": {"shortest_edge": 112}}, "size is"),
        ({"size": None}, "does not say size"),
        ({"patch_size": None, "pooling_size": None}, "does not say patch_size, pooling_size"),
        ({"pooling_size": [0, 2]}, "pooling"),
        ({"patch_size": 13}, "multiple of patch_size"),
        ({"resample": 3}, "resample is 3"),
        ({"resample": 0}, "resample is 0"),
        ({"size": "378"}, "size is '378'; expected height and width"),
        ({"size": {"height": 378.0, "width": 378.0}}, "size is"),
        ({"patch_size": "14"}, "patch_size is '14'; expected a whole number"),
        ({"patch_size": True}, "patch_size is True"),
        ({"pooling_size": 2}, "pooling_size is 2; expected 2 whole numbers"),
        ({"pooling_size": [2, "2"]}, "pooling_size is '2'"),
        ({"image_mean": [0.5, 0.5]}, "image_mean is .*; expected 3 numbers"),
        ({"image_mean": [0.5, None, 0.5]}, "image_mean is None"),
        ({"image_std": [0.5, 0, 0.5]}, "image_std is 0; expected"),
        ({"image_std": [0.5, float("nan"), 0.5]}, "image_std is nan"),
    ],
)
def test_settings_that_cannot_be_used_name_the_file(kind, change, message):
    settings = kind().to_dict() | change
    with pytest.raises(CheckpointError, match=message) as caught:
        kind.from_dict(settings)
    assert kind.config_file in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "change", "message"),
    [
        (MolmoPointImageProcessor, {"image_processor_type": "CLIPImageProcessor"}, "CLIPImageProcessor"),
        (
            MolmoPointVideoProcessor,
            {"video_processor_type": "InternVLVideoProcessor"},
            "InternVLVideoProcessor",
        ),
        (MolmoPointImageProcessor, {"overlap_margins": None}, "overlap_margins"),
        (MolmoPointVideoProcessor, {"num_frames": None}, "num_frames"),
    ],
)
def test_foreign_settings_are_refused(tmp_path, kind, change, message):
    settings = json.loads((TINY / kind.config_file).read_text())
    (tmp_path / kind.config_file).write_text(json.dumps(settings | change))
    with pytest.raises(CheckpointError, match=message):
        kind.from_pretrained(tmp_path)
