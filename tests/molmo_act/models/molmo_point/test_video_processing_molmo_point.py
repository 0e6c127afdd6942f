"""The video processor against the released arrays; times, settings and bad input."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers.video_utils import VideoMetadata

from molmo_act.errors import CheckpointError, ImageError, InputError
from molmo_act.formats.crop_geometry import Geometry
from molmo_act.models.molmo_point.tiling import preprocess_image
from molmo_act.models.molmo_point.video_processing_molmo_point import MolmoPointVideoProcessor
from tests.support.synthetic import synthetic_video

DATA = Path(__file__).parents[3] / "data"
TINY = DATA / "molmo_point_tiny"
RELEASED = json.loads((DATA / "preproc_378.json").read_text())["videos_as_arrays"]


def sha256(array: torch.Tensor) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


@pytest.fixture(scope="module")
def processor():
    return MolmoPointVideoProcessor.from_pretrained(TINY)


@pytest.fixture(scope="module")
def clip():
    return synthetic_video(3, 6, 40, 60)


@pytest.mark.parametrize("case", RELEASED, ids=lambda c: f"{c['frames']}@{c['fps']}-max{c['num_frames']}")
def test_everything_is_bit_equal_to_the_released_preprocessing(case):
    processor = MolmoPointVideoProcessor(num_frames=case["num_frames"], max_fps=case["max_fps"])
    clip = synthetic_video(case["seed"], case["frames"], case["h"], case["w"])

    sampled = processor.sample(clip, {"fps": case["fps"]})
    got = processor.preprocess(sampled)

    assert np.array_equal(sampled.frames, clip[case["frame_indices"]])
    assert list(got.timestamps) == case["timestamps"]
    assert [got.grid.tolist()] == case["video_grids"]
    assert sha256(got.patches) == case["pixel_u8_sha256"]
    assert sha256(got.token_pooling) == case["token_pooling_int64_sha256"]
    assert list(got.subpatch_mapping.shape) == case["subpatch_mapping_shape"]
    assert torch.equal(got.subpatch_mapping.flatten(), torch.arange(got.subpatch_mapping.numel()))
    assert got.video_size == (case["w"], case["h"])


def test_a_frame_is_what_the_global_crop_of_an_image_is(processor, clip):
    got = processor.preprocess(processor.sample(clip, {"timestamps": range(6)}))
    for patches, frame in zip(got.patches, clip, strict=True):
        assert torch.equal(
            patches, preprocess_image(frame, Geometry(crop_size=112, margins=(2, 2))).patches[0]
        )


@pytest.mark.parametrize(
    ("metadata", "options", "times"),
    [
        # 6 frames at 6 per second, 2 per second wanted, the last one added
        ({"fps": 6}, {}, (0.0, 0.5, 5 / 6)),
        ({"fps": 6}, {"max_fps": 3}, (0.0, 2 / 6, 4 / 6, 5 / 6)),
        ({"fps": 6}, {"num_frames": 2}, (0.0, 5 / 6)),
        # a part: as if there were no more, with the times of the whole
        ({"fps": 6}, {"start": 0.3, "end": 0.7}, (2 / 6, 4 / 6)),
        ({"fps": 6}, {"start": 5 / 6}, (5 / 6,)),
        ({"timestamps": [0, 0.1, 0.4, 2, 3, 9.5]}, {"start": 0.1, "end": 2}, (0.1, 0.4, 2.0)),
        # known times: every frame is kept
        ({"timestamps": [0, 0.1, 0.4, 2, 3, 9.5]}, {}, (0.0, 0.1, 0.4, 2.0, 3.0, 9.5)),
        (
            {"fps": 10, "frames_indices": [0, 5, 10, 15, 20, 22], "width": 600, "height": 400},
            {"do_sample_frames": False},
            (0.0, 0.5, 1.0, 1.5, 2.0, 2.2),
        ),
        (
            VideoMetadata(
                total_num_frames=6, fps=2, frames_indices=[0, 1, 2, 3, 4, 5], width=600, height=400
            ),
            {"do_sample_frames": False},
            (0.0, 0.5, 1.0, 1.5, 2.0, 2.5),
        ),
    ],
)
def test_times(processor, clip, metadata, options, times):
    got = processor.sample(clip, metadata, **options)
    assert got.timestamps == pytest.approx(times)
    assert len(got.frames) == len(times)
    has_size = not isinstance(metadata, dict) or "width" in metadata
    assert got.video_size == ((600, 400) if has_size else (60, 40))


def test_every_form_of_a_video_gives_the_same(processor, clip):
    known = {"fps": 3}
    expected = processor([clip], [known])
    pictures = [Image.fromarray(frame) for frame in clip]
    for form in (clip, torch.from_numpy(clip), pictures, list(clip), clip / 255.0):
        got = processor([form], [known])
        assert got.keys() == expected.keys()
        assert all(torch.equal(got[key], expected[key]) for key in expected)
    alone = processor(clip, known)
    assert torch.equal(alone["pixel_values_videos"], expected["pixel_values_videos"])


def test_a_file_is_sampled_by_time(processor, tmp_path):
    av = pytest.importorskip("av", reason="needs the extra video")
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for shade in range(20, 120, 10):  # one second
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), shade, np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))

    sampled = processor.sample(path)

    assert sampled.timestamps == (0.0, 0.5, 1.0)
    assert [round(frame.mean(), -1) for frame in sampled.frames] == [20, 70, 110]
    part = processor.sample(path, start=0.2, end=0.8)
    assert part.timestamps == pytest.approx((0.2, 0.7, 0.8))
    assert [round(frame.mean(), -1) for frame in part.frames] == [40, 90, 100]
    with pytest.raises(InputError, match="before start"):
        processor.sample(path, start=2.0)
    got = processor.preprocess(sampled)
    assert got.grid.tolist() == [3, 3, 3]
    assert got.video_size == (64, 48)


@pytest.mark.parametrize(
    ("video", "metadata", "options", "message"),
    [
        (np.zeros((4, 8, 8, 3), np.uint8), None, {}, "not known when"),
        (np.zeros((4, 8, 8, 3), np.uint8), {"fps": 0.0}, {}, "fps is 0.0; expected"),
        (np.zeros((4, 8, 8, 3), np.uint8), {"fps": 2}, {"do_sample_frames": False}, "frames_indices"),
        (np.zeros((4, 8, 8, 3), np.uint8), {"timestamps": [0, 1]}, {}, "4 frames and the times"),
        (np.zeros((2, 8, 8, 3), np.uint8), {"timestamps": [1, 0]}, {}, "ascending"),
        (np.zeros((2, 8, 8, 3), np.uint8), {"timestamps": [0, np.nan]}, {}, "timestamps is nan"),
        (np.zeros((4, 8, 8, 3), np.uint8), {"fps": 2}, {"start": 5.0}, "before start"),
        (np.zeros((4, 8, 8, 3), np.uint8), {"fps": 2}, {"start": 1.0, "end": 0.5}, "0 ≤ start < end"),
        (np.zeros((4, 8, 8, 3), np.uint8), {"fps": 2}, {"start": 0.6, "end": 0.7}, "No frame"),
        (np.zeros((0, 8, 8, 3), np.uint8), {"fps": 2}, {}, "no frame"),
        ([], {"fps": 2}, {}, "no frame"),
        (np.zeros((8, 8, 3), np.uint8), {"fps": 2}, {}, "has shape"),
        ([np.zeros((8, 8, 3), np.uint8), np.zeros((8, 9, 3), np.uint8)], {"fps": 2}, {}, "expected one size"),
    ],
)
def test_bad_videos_are_refused(processor, video, metadata, options, message):
    with pytest.raises(InputError, match=message):
        processor.sample(video, metadata, **options)


def test_a_broken_frame_is_refused(processor):
    with pytest.raises(ImageError):
        processor.sample(np.full((2, 4, 4, 3), np.nan), {"fps": 2})


def test_metadata_must_match_the_videos(processor, clip):
    with pytest.raises(InputError, match="2 videos came with 1 metadata"):
        processor([clip, clip], [{"fps": 2}])


def test_file_round_trip(processor, tmp_path):
    (written,) = processor.save_pretrained(tmp_path)
    released = json.loads((TINY / "video_preprocessor_config.json").read_text())
    for key in ("auto_map", "processor_class"):  # name python files that we do not write
        del released[key]
    said = {key: value for key, value in released.items() if value is not None}
    assert json.loads(Path(written).read_text()) == said
    assert MolmoPointVideoProcessor.from_pretrained(tmp_path).to_dict() == processor.to_dict()


def test_another_rule_of_frames_is_refused():
    with pytest.raises(CheckpointError, match=r"video_preprocessor_config\.json: frame_sample_mode is 'fps'"):
        MolmoPointVideoProcessor(frame_sample_mode="fps")
