"""molmo-act track: what it prints and writes for a clip of a moving dot; the model points by colour."""

from __future__ import annotations

import json
import resource
from typing import ClassVar

import numpy as np
import pytest

import molmo_act
from molmo_act import StreamingTracker, TrackerSettings, cli
from molmo_act.modeling.video_file import every_frame
from molmo_act.video_writing import video_writer
from tests.molmo_act.tracking.moving_dots import FPS, RED, Dot, Pointer, draw

pytest.importorskip("av", reason="needs the extra video")

DOT = Dot("red", RED, lambda t: (60 + 90 * t, 120))


class ColourModel:
    asked: ClassVar = {}

    def tracker(self, query, *, min_score=0.0, window=1, reading="exact", **settings):
        self.asked.update(window=window, reading=reading)

        def point(image, queries):
            print("a library prints to stdout")
            return Pointer([DOT])(image, queries)

        return StreamingTracker(point, query, TrackerSettings(**settings))


@pytest.fixture(autouse=True)
def model(monkeypatch):
    monkeypatch.setattr(molmo_act, "load", lambda *_, **__: ColourModel(), raising=False)


@pytest.fixture
def clip(tmp_path):
    with video_writer(tmp_path / "clip.mkv") as writer:
        for index in range(30):
            writer.write(draw([DOT], index / FPS), index / FPS)
    return str(tmp_path / "clip.mkv")


def test_a_line_of_json_for_every_frame(clip, capsys):
    assert cli.main(["track", clip, "red", "never there", "--json"]) == 0
    out, err = capsys.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["frame_index"] for line in lines] == list(range(30))
    for line in lines:
        [track] = line["tracks"]
        assert np.hypot(*(DOT.at(line["timestamp"]) - (track["x"], track["y"]))) < 1
        assert (track["object_id"], track["query"], track["visible"]) == (1, "red", True)
    assert "a library prints to stdout" in err


def test_zero_seconds_may_be_left_out(clip, capsys):
    assert cli.main(["track", clip, "red", "--start", "0"]) == 0
    assert cli.main(["track", clip, "red", "--start", "-1"]) == 2
    assert "seconds, 0 or more" in capsys.readouterr().err


def test_windows_are_asked_for(clip, capsys):
    assert cli.main(["track", clip, "red", "--window", "4", "--reading", "bounded"]) == 0
    assert ColourModel.asked == {"window": 4, "reading": "bounded"}
    assert cli.main(["track", clip, "red", "--reading", "guessed"]) == 2
    assert "exact" in capsys.readouterr().err


def test_a_person_gets_a_table_and_a_video(clip, tmp_path, capsys):
    out = tmp_path / "marked.mp4"
    assert cli.main(["track", clip, "red", "--out", str(out)]) == 0
    assert capsys.readouterr().out == (
        "1 object on 30 frames\n   #    first     last  frames  query\n   1    0.00s    0.97s      30  red\n"
    )
    marked, plain = (list(every_frame(path)) for path in (out, clip))
    assert [time for time, _ in marked] == pytest.approx([time for time, _ in plain], abs=2e-3)
    x, y = (int(value) for value in DOT.at(plain[-1][0]))
    difference = np.abs(marked[-1][1].astype(int) - plain[-1][1])
    assert difference[y - 3 : y + 3, x - 3 : x + 3].mean() > 40  # a marker
    assert difference[20:60].mean() < 8  # and no more


def test_a_part_of_a_video(clip, capsys):
    assert cli.main(["track", clip, "red", "--json", "--start", "0.2", "--end", "0.5"]) == 0
    times = [json.loads(line)["timestamp"] for line in capsys.readouterr().out.splitlines()]
    assert times == pytest.approx([index / FPS for index in range(6, 16)], abs=1e-3)


def test_nothing_found_is_exit_code_1(clip, capsys):
    assert cli.main(["track", clip, "blue"]) == 1
    assert capsys.readouterr().out == "0 objects on 30 frames\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["no.mp4", "red"], "no video file"),
        (["CLIP", " "], "query is empty"),
        (["CLIP", "red", "--out", "x.gif"], "ends in .mp4"),
        (["CLIP", "red", "--out", "CLIP"], "is the video itself"),
        (["CLIP", "red", "--rate", "0"], "above 0"),
        (["CLIP"], "required: QUERY"),
    ],
)
def test_bad_input_is_exit_code_2(clip, capsys, arguments, words):
    given = [clip if word == "CLIP" else word for word in arguments]
    assert cli.main(["track", *given]) == 2
    assert words in capsys.readouterr().err


# --- what ends a command early ------------------------------------------------------------------------------


class InterruptedModel(ColourModel):
    """Somebody presses Ctrl-C at the third look."""

    def tracker(self, query, **options):
        turns = iter(range(3))

        def point(image, queries):
            if next(turns) == 2:
                raise KeyboardInterrupt
            return Pointer([DOT])(image, queries)

        return StreamingTracker(point, query, TrackerSettings(rate=10, synchronous=True))


def test_an_interrupted_video_is_not_there(clip, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(molmo_act, "load", lambda *_, **__: InterruptedModel())
    assert cli.main(["track", clip, "red", "--json", "--out", str(tmp_path / "marked.mp4")]) == 130
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["frame_index"] for line in lines] == list(range(len(lines)))
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mkv"]


def test_a_full_disk_leaves_no_half_of_a_video(clip, tmp_path, capsys):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))  # of every file
    try:
        assert cli.main(["track", clip, "red", "--out", str(tmp_path / "marked.mp4")]) == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "Cannot write" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mkv"]
