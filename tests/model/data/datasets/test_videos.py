"""Video sets in their schemas, and videos as message trees whose points lead back to where they were."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model.data.datasets.images import SETS
from model.data.encoding.answer_format import AnswerFormat
from model.data.encoding.video_tree import VideoTreeEncoder
from model.data.errors import SkippedRow
from model.data.preview import preview_images
from model.data.registry import open_source
from model.data.schema import VideoSample
from model.train.models.nano import make_processor
from molmo_act.errors import InputError
from tests.model.train.small_run import GEOMETRY, make_tokenizer

av = pytest.importorskip("av", reason="needs the extra video")

WIDTH, HEIGHT, RATE, SECONDS = 160, 120, 8, 4
PLACE = pa.struct([("x", pa.float64()), ("y", pa.float64())])
VIDEO_POINTS = {
    "video_id": pa.string(),
    "question": pa.string(),
    "label": pa.string(),
    "count": pa.int64(),
    "two_fps_timestamps": pa.list_(pa.float64()),
    "points": pa.list_(pa.list_(PLACE)),
    "annotator_unsure": pa.bool_(),
    "category": pa.string(),
    "video_duration": pa.float64(),
    "clip_start": pa.float64(),
    "clip_end": pa.float64(),
}
SEEN = pa.struct([("id", pa.string()), ("point", pa.list_(pa.float64())), ("occluded", pa.bool_())])
TRAJECTORIES = {
    "id": pa.string(),
    "video": pa.string(),
    "video_path": pa.string(),
    "expression": pa.string(),
    "fps": pa.float64(),
    "width": pa.int64(),
    "height": pa.int64(),
    "frame_trajectories": pa.list_(
        pa.struct([("frame", pa.int64()), ("time", pa.float64()), ("points", pa.list_(SEEN))])
    ),
}
OBJECTS = {
    "video_dataset": pa.string(),
    "clip": pa.string(),
    "exp": pa.string(),
    "w": pa.int64(),
    "h": pa.int64(),
    "fps": pa.int64(),
    "mask_id": pa.list_(pa.string()),
    "points": pa.list_(pa.struct([("object_id", pa.string()), ("points", pa.list_(pa.list_(pa.float64())))])),
}


def write(
    folder: Path, name: str, row: dict[str, Any], schema: dict[str, pa.DataType], video: str = "street.mp4"
) -> None:
    home = folder / SETS[name].folder
    path = home / SETS[name].files.replace("**/", "sav/").replace("*", "0")
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist([row], schema=pa.schema(list(schema.items()))), path)
    file = home / "videos" / video
    file.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(file), "w") as container:
        stream = container.add_stream("mpeg4", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(RATE * SECONDS):
            pixels = np.full((HEIGHT, WIDTH, 3), 7 * number, np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def points_row(**changes: Any) -> dict[str, Any]:
    row = {
        "video_id": "street",
        "question": "Point to the dogs.",
        "label": "dogs",
        "count": 3,
        "two_fps_timestamps": [0.5, 2.0],
        "points": [[{"x": 50.0, "y": 25.0}], [{"x": 10.0, "y": 10.0}, {"x": 90.0, "y": 90.0}]],
        "annotator_unsure": False,
        "category": "object",
        "video_duration": float(SECONDS),
        "clip_start": None,
        "clip_end": None,
    }
    return row | changes


def tracks_row(**changes: Any) -> dict[str, Any]:
    annotated = [
        {
            "frame": n,
            "time": n / 6,
            "points": [
                {"id": "b", "point": [10.0 * n, 20.0], "occluded": False},
                {"id": "a", "point": [300.0, 200.0], "occluded": n == 3},
            ],
        }
        for n in range(10)
    ]
    row = {"id": "1", "video": "street", "video_path": None, "expression": "the dogs", "fps": 6.0}
    return row | {"width": 320, "height": 240, "frame_trajectories": annotated} | changes


def objects_row(**changes: Any) -> dict[str, Any]:
    """The same as `tracks_row`, annotated object by object."""
    annotated = tracks_row()["frame_trajectories"]
    seen = {
        obj: [
            place["point"] if not place["occluded"] else None
            for moment in annotated
            for place in moment["points"]
            if place["id"] == obj
        ]
        for obj in "ba"
    }
    points = [{"object_id": obj, "points": places} for obj, places in seen.items()]
    row = {"video_dataset": "sav", "clip": "street", "exp": "the dogs", "w": 320, "h": 240, "fps": 6}
    return row | {"mask_id": ["b", "a"], "points": points} | changes


def read(folder: Path, name: str, **options: Any) -> VideoSample:
    sample = open_source(name, folder, **options).read(0, np.random.default_rng(0))
    assert isinstance(sample, VideoSample)
    return sample


def test_points_at_moments(tmp_path):
    write(tmp_path, "molmo2-video-points", points_row(), VIDEO_POINTS)
    sample = read(tmp_path, "molmo2-video-points")
    assert sample.video.timestamps[:4] == pytest.approx((0.0, 0.5, 1.0, 1.5))
    assert sample.video.frames.shape[1:] == (HEIGHT, WIDTH, 3)
    (query,) = sample.queries
    seen = [(s.frame, s.object_id, s.point) for s in query.frame_points]
    assert seen == [(1, 1, (80.0, 30.0)), (4, 2, (16.0, 12.0)), (4, 3, (144.0, 108.0))]
    shown = list(preview_images(sample))
    assert len(shown) == len(sample.video.timestamps)
    assert shown[1].getpixel((75, 30)) == (230, 25, 75)  # a ring on its own frame
    assert shown[2].getpixel((75, 30)) != (230, 25, 75)


def test_of_long_videos_the_clip_is_shown_and_its_seconds_count_from_its_start(tmp_path):
    row = points_row(clip_start=1.5, clip_end=3.5, two_fps_timestamps=[2.0, 3.5])
    write(tmp_path, "molmo2-video-points", row, VIDEO_POINTS)
    sample = read(tmp_path, "molmo2-video-points", frames=6)
    assert sample.video.timestamps == pytest.approx((0.0, 0.5, 1.0, 1.5, 2.0))
    assert sample.video.frames[0].mean() == pytest.approx(7 * 1.5 * RATE, abs=8)
    assert [frame_point.frame for frame_point in sample.queries[0].frame_points] == [1, 4, 4]
    whole = read(tmp_path, "molmo2-video-points", frames=9)
    assert whole.video.timestamps[-1] == SECONDS


@pytest.mark.parametrize(
    ("video_id", "file"),
    [
        ("street", "youtube-cc/youtube-cc-exist-2fps/street_2fps.mp4"),
        ("sora2/street", "sora2-2fps/street_2fps.mp4"),
    ],
)
def test_videos_are_found_where_they_are_unpacked(tmp_path, video_id, file):
    write(tmp_path, "molmo2-video-points", points_row(video_id=video_id), VIDEO_POINTS, file)
    assert len(read(tmp_path, "molmo2-video-points").video.timestamps) == 9


TRACKS = [
    ("molmo2-video-tracks", objects_row(), OBJECTS, "sav/street.mp4"),
    ("molmo2-track-instruction", tracks_row(), TRAJECTORIES, "street.mp4"),
    ("molmopoint-track-syn", tracks_row(video="static/run/a"), TRAJECTORIES, "static/run/a.mp4"),
    (
        "molmopoint-track-any",
        tracks_row(video_path="kw/street.mkv"),
        TRAJECTORIES,
        "youtube-cc/kw/street.mkv",
    ),
]


@pytest.mark.parametrize(("name", "row", "schema", "video"), TRACKS)
def test_tracks_are_thinned_out_scaled_and_numbered(tmp_path, name, row, schema, video):
    write(tmp_path, name, row, schema, video)
    sample = read(tmp_path, name)
    assert sample.video.timestamps == pytest.approx((0.0, 0.5, 1.0, 1.5))  # of 6 a second every third
    (query,) = sample.queries
    assert (query.kind, query.text) == ("tracking", "the dogs")
    seen = {(s.frame, s.object_id): s.point for s in query.frame_points}
    assert seen[2, 1] == (30.0, 10.0)  # 60, 20 of a video twice as large
    assert (1, 2) not in seen  # hidden there
    assert seen[2, 2] == (150.0, 100.0)
    assert len(read(tmp_path, name, frames=2).video.timestamps) == 2


@pytest.mark.parametrize("points", [[], [{"object_id": "a", "points": [None] * 9}]])
def test_tracks_of_nothing_that_is_seen_are_skipped(tmp_path, points):
    write(tmp_path, "molmo2-video-tracks", objects_row(points=points), OBJECTS, "sav/street.mp4")
    with pytest.raises(SkippedRow, match="nothing to ask"):
        read(tmp_path, "molmo2-video-tracks")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"video_id": "gone"}, "video is missing"),
        ({"two_fps_timestamps": [0.5, 9.0]}, "not among the frames"),
        ({"points": [[{"x": 50.0, "y": 125.0}], []]}, "outside the image"),
        ({"points": None}, "not as expected"),
        ({"annotator_unsure": True}, "annotator was unsure"),
    ],
)
def test_rows_that_cannot_be_used_say_why(tmp_path, changes, complaint):
    write(tmp_path, "molmo2-video-points", points_row(**changes), VIDEO_POINTS)
    with pytest.raises(SkippedRow, match=complaint):
        read(tmp_path, "molmo2-video-points")


def test_a_damaged_video_is_skipped(tmp_path):
    write(tmp_path, "molmo2-video-points", points_row(), VIDEO_POINTS)
    path = tmp_path / "Molmo2-VideoPoint" / "videos" / "street.mp4"
    path.write_bytes(b"no video")
    with pytest.raises(SkippedRow, match="video cannot be read"):
        read(tmp_path, "molmo2-video-points")


def test_a_video_of_which_frames_are_missing_is_skipped(tmp_path):
    write(tmp_path, "molmo2-video-points", points_row(), VIDEO_POINTS)
    path = tmp_path / "Molmo2-VideoPoint" / "videos" / "street.mp4"
    with av.open(str(path)) as container:
        packet = [packet for packet in container.demux(video=0) if packet.size][4]
        at, size = packet.pos, packet.size
    content = bytearray(path.read_bytes())
    content[at : at + size] = b"\xff" * size
    path.write_bytes(content)
    with pytest.raises(SkippedRow, match="video is damaged"):
        read(tmp_path, "molmo2-video-points")


@pytest.fixture(scope="module")
def processor():
    return make_processor(make_tokenizer(), GEOMETRY)


@pytest.mark.parametrize(
    ("name", "row", "schema", "tag"),
    [
        ("molmo2-video-points", points_row(), VIDEO_POINTS, "points"),
        ("molmopoint-track-any", tracks_row(), TRAJECTORIES, "tracks"),
    ],
)
def test_a_video_becomes_a_tree_that_leads_back(tmp_path, processor, name, row, schema, tag):
    """The prompt is the processor's own, and its points are read as the library reads them."""
    from molmo_act.formats.point_extraction import extract_grounding_video_points

    write(tmp_path, name, row, schema)
    sample = read(tmp_path, name)
    encoder = VideoTreeEncoder(processor, AnswerFormat())
    tree = encoder.encode(sample, np.random.default_rng(0), 4)
    (branch,) = tree.branches
    message = {
        "role": "user",
        "content": [
            {"type": "video", "video": sample.video.frames, "timestamps": list(sample.video.timestamps)},
            {
                "type": "text",
                "text": f"{'Track' if tag == 'tracks' else 'Point to'} {sample.queries[0].text}",
            },
        ],
    }
    inputs = processor.apply_chat_template(
        [message],
        tokenize=True,
        return_dict=True,
        add_generation_prompt=True,
        return_pointing_metadata=True,
    )
    question = branch.ids[~branch.is_answer]
    assert inputs["input_ids"][0].tolist() == [*tree.prefix, *question]
    assert inputs["token_type_ids"][0].tolist() == [*tree.is_vision, *np.zeros(len(question), bool)]

    about = inputs["metadata"]
    text = processor.tokenizer.decode(branch.ids[branch.is_answer])
    assert text.startswith(f"<{tag} coords=")
    rows = extract_grounding_video_points(
        text, True, "3x3", about["token_pooling"], about["subpatch_mapping"], about["timestamps"], (160, 120)
    )
    wanted = {
        (sample.video.timestamps[s.frame], s.object_id): s.point for s in sample.queries[0].frame_points
    }
    assert len(rows) == len(wanted)
    order = [seconds for _, seconds, _, _ in rows]
    assert order == sorted(order)
    cell = np.array([WIDTH, HEIGHT]) / (GEOMETRY.crop_size / GEOMETRY.patch_size) / 3
    for number, seconds, x, y in rows:
        near = [
            point
            for (at, own), point in wanted.items()
            if at == seconds and (own == number or tag == "points")
        ]
        assert min(np.abs(np.array(point) - (x, y)).max() for point in near) < 1.1 * cell.max() / 2


def test_ablated_forms_are_for_images_only(tmp_path, processor):
    write(tmp_path, "molmo2-video-points", points_row(), VIDEO_POINTS)
    form = AnswerFormat(coordinates="text")
    encoder = VideoTreeEncoder(processor, form)
    with pytest.raises(InputError, match="grounding tokens in ascending order"):
        encoder.encode(read(tmp_path, "molmo2-video-points"), np.random.default_rng(0), 4)
