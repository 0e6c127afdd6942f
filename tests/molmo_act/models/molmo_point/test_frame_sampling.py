"""Which frames of a video are seen: the released choices, and the edges."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from molmo_act.errors import InputError
from molmo_act.models.molmo_point.frame_sampling import MAX_FRAMES, sample_frames, sample_times

RELEASED = json.loads((Path(__file__).parents[3] / "data" / "preproc_378.json").read_text())


@pytest.mark.parametrize("case", RELEASED["videos_as_arrays"], ids=lambda c: f"{c['frames']}@{c['fps']}")
def test_frames_are_the_released_ones(case):
    got = sample_frames(case["frames"], case["fps"], num_frames=case["num_frames"], max_fps=case["max_fps"])
    assert got.tolist() == case["frame_indices"]


@pytest.mark.parametrize("case", RELEASED["sample_times_for_decoded_files"], ids=lambda c: str(c["duration"]))
def test_times_are_the_released_ones(case):
    got = sample_times(case["duration"], num_frames=case["num_frames"], max_fps=case["max_fps"]).tolist()
    assert len(got) == case["n"]
    assert got[: len(case["first"])] == case["first"]
    assert got[-len(case["last"]) :] == case["last"]


@pytest.mark.parametrize("total", [1, 2, 3, 7, 59, 240, 1000])
@pytest.mark.parametrize("fps", [0.5, 1.0, 10.0, 29.97, 120.0])
@pytest.mark.parametrize("num_frames", [1, 2, 8, 384])
def test_choice_is_ascending_and_bounded(total, fps, num_frames):
    got = sample_frames(total, fps, num_frames=num_frames, max_fps=2).tolist()
    assert got == sorted(got)
    assert got[0] == 0
    assert got[-1] == (total - 1 if num_frames > 1 or total <= 2 else 0)
    assert len(got) <= max(num_frames, 2)


@pytest.mark.parametrize(
    "numbers", [{"fps": 0.0}, {"fps": float("nan")}, {"num_frames": 0}, {"max_fps": -1}, {"total": 0}]
)
def test_refuses_numbers_that_are_not_positive(numbers):
    given = {"total": 10, "fps": 5.0, "num_frames": 4, "max_fps": 2, **numbers}
    with pytest.raises(InputError, match=f"{next(iter(numbers))} of the video is"):
        sample_frames(given.pop("total"), given.pop("fps"), **given)


def test_more_frames_than_any_model_reads_are_refused_before_they_are_listed():
    """A billion frames a second were a list of gigabytes."""
    many = {"num_frames": 10**9, "max_fps": 1e9}
    with pytest.raises(
        InputError, match=f"num_frames of the video is 1000000000; expected at most {MAX_FRAMES}"
    ):
        sample_times(10.0, **many)
    with pytest.raises(InputError, match="expected at most"):
        sample_frames(100, 1e-6, **many)
    assert len(sample_times(10.0, num_frames=MAX_FRAMES, max_fps=1e9)) == MAX_FRAMES
