"""A VideoMolmo on videos: every tenth frame with those before it, points with times."""

from __future__ import annotations

import numpy as np
import pytest

import molmo_act
from molmo_act import InputError
from molmo_act.outputs.points import Points
from molmo_act.pointing import frame_by_frame
from molmo_act.pointing.frame_by_frame import sample_frames
from tests.support.synthetic import synthetic_image
from tests.support.tiny_molmo1 import DATA, VIDEO, molmo1_case


@pytest.fixture(scope="module")
def loaded() -> molmo_act.PointingModel:
    return molmo_act.load(DATA / VIDEO, device="cpu")


def frames(count: int) -> list[tuple[np.ndarray, float]]:
    return [(np.full((4, 4, 3), 1 + number, np.uint8), number / 5) for number in range(count)]


def test_every_tenth_frame_with_those_before_it():
    taken = list(sample_frames(iter(frames(35)), 3))
    assert [frame.seconds for frame in taken] == [0, 2, 4]
    shown = [[int(one.max()) for one in frame.before] for frame in taken]
    assert shown == [[0, 0, 0, 0], [10, 9, 8, 7], [20, 19, 18, 17]]


def test_frames_behind_the_last_one_are_not_read():
    source = iter(frames(100))
    assert len(list(sample_frames(source, 2))) == 2
    assert next(source)[0].max() == 21


def test_the_first_frame_is_answered_as_recorded(loaded):
    _, arrays, said = molmo1_case(VIDEO, "first_black4")
    found = loaded.point_in_video([arrays["frame"]], said["prompt"], prompt="raw")
    assert found.text.startswith(said["greedy_text"].strip())
    assert found.image_size == ((64, 110),)
    assert len(found) == 0


def test_a_later_frame_is_answered_as_recorded(loaded, monkeypatch):
    monkeypatch.setattr(frame_by_frame, "RATE", 4)
    _, arrays, said = molmo1_case(VIDEO, "small_prev4")
    video = [*arrays["prev_frames_rgb"][::-1], arrays["frame"]]
    found = loaded.point_in_video(video, said["prompt"], prompt="raw", fps=2)
    assert found.text.split("\n")[-1].strip() == said["greedy_text"].strip()
    assert found.image_size == ((60, 46),) * 2


def found_on(width: int, height: int, xy: list[tuple[float, float]]) -> Points:
    scores = [0.5] * len(xy)
    return Points(xy, scores, [(width, height)], "mug", absent=1 - 0.25 * len(xy), text=str(len(xy)))


def test_points_of_all_frames_come_together(loaded, monkeypatch):
    answers = iter([[(30, 11)], [], [(0, 0), (30, 22)]])
    monkeypatch.setattr(frame_by_frame, "_point", lambda *_: [found_on(60, 44, next(answers))])
    found = loaded.point_in_video([synthetic_image(1, 44, 60)] * 25, "mug", fps=5)
    assert found.xy.tolist() == [[30, 11], [0, 0], [30, 22]]
    assert found.image_index.tolist() == [0, 2, 2]
    assert found.timestamp.tolist() == [0, 4, 4]
    assert found.object_id.tolist() == [1, 1, 2]
    assert (found.absent, found.text, len(found.image_size)) == (0.5, "1\n0\n2", 3)


def test_it_is_not_asked_about_single_images(loaded):
    image = synthetic_image(1, 44, 58)
    for ask in (loaded.point, loaded.count):
        with pytest.raises(InputError, match=r"is a VideoMolmo, which .* point_in_video\(\)"):
            list(ask([image], "mug"))


@pytest.mark.parametrize("verb", ["track", "segment"])
def test_keyframes_are_shown_with_the_frames_before_them(loaded, monkeypatch, verb):
    asked = []

    def point(runtime, frame, queries, *_):
        asked.append([int(frame.image.max()), *(int(one.max()) for one in frame.before)])
        return [found_on(60, 44, [(30, 11)]) for _ in queries]

    monkeypatch.setattr(frame_by_frame, "_point", point)
    video = [np.full((44, 60, 3), 1 + number, np.uint8) for number in range(12)]
    if verb == "track":
        found = loaded.track(video, "mug", rate=2, fps=16)
        assert [len(tracks) for tracks in found] == [1] * 12
    else:
        masks = loaded.segment(video, "mug", rate=8, propagator="grabcut")
        assert masks.object_id.tolist() == [1] * 12
    assert asked == [[1, 0, 0, 0, 0], [9, 8, 7, 6, 5]]


def test_it_points_on_a_stream_as_recorded(loaded, monkeypatch):
    _, arrays, said = molmo1_case(VIDEO, "small_prev4")
    texts = []
    plain = frame_by_frame._point
    monkeypatch.setattr(frame_by_frame, "_point", lambda *a: texts.append(plain(*a)[0].text) or plain(*a))
    with loaded.tracker(said["prompt"], prompt="raw", synchronous=True, rate=2.5) as tracker:
        for index, frame in enumerate([*arrays["prev_frames_rgb"][::-1], arrays["frame"]]):
            tracker.update(frame, index / 10)
    assert texts[-1].strip() == said["greedy_text"].strip()


def test_windows_of_keyframes_are_for_grounding_tokens(loaded):
    with pytest.raises(InputError, match="one keyframe at a time"):
        loaded.tracker("mug", window=4)


def test_precision_and_saving(loaded, tmp_path):
    assert set(loaded.precision.stored) == {"vision tower", "connector", "word tables", "language blocks"}
    loaded.save_pretrained(tmp_path)
    again = molmo_act.load(tmp_path, device="cpu", quantization="int8-dynamic")
    assert again.runtime.reads_frames
    assert again.precision.stored["connector"] == "float32"
    again.save_pretrained(tmp_path / "narrow")
    assert molmo_act.load(tmp_path / "narrow", device="cpu").runtime.reads_frames
