"""molmo-act track: what it prints and writes for a clip of a moving dot; the model points by colour."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
from typing import ClassVar

import numpy as np
import pytest

import molmo_act
from molmo_act import StreamingTracker, TrackerConfig
from molmo_act.cli import main as cli
from molmo_act.io.frames import read_frames
from molmo_act.io.video_reader import every_frame
from molmo_act.io.video_writer import video_writer
from tests.molmo_act.io.test_video_decoder import with_a_damaged_packet
from tests.support.moving_dots import FPS, RED, Dot, Pointer, draw
from tests.support.paths import ROOT
from tests.support.rtsp_server import rtsp_server

pytest.importorskip("av", reason="needs the extra video")

DOT = Dot("red", RED, lambda t: (60 + 90 * t, 120))


class ColourModel:
    asked: ClassVar = {}

    def tracker(self, query, *, window=1, window_mode="full", rate=2.0, synchronous=False, **asked):
        self.asked.update(window=window, window_mode=window_mode, **asked)

        def point(image, queries):
            print("a library prints to stdout")
            return Pointer([DOT])(image, queries)

        return StreamingTracker(point, query, TrackerConfig(rate=rate, synchronous=synchronous))


@pytest.fixture(autouse=True)
def model(monkeypatch):
    monkeypatch.setattr(molmo_act, "load", lambda *_, **__: ColourModel(), raising=False)


@pytest.fixture
def clip(tmp_path):
    with video_writer(tmp_path / "clip.mkv") as writer:
        for index in range(30):
            writer.write(draw([DOT], index / FPS), index / FPS)
    return str(tmp_path / "clip.mkv")


def test_the_last_line_says_that_the_end_is_missing(clip, capsys):
    with open(clip, "r+b") as file:
        file.truncate(int(0.8 * file.seek(0, 2)))
    assert cli.main(["track", clip, "red", "--json"]) == 0
    marked = [json.loads(line)["damaged"] for line in capsys.readouterr().out.splitlines()]
    assert marked[-1]
    assert not any(marked[:-1])


def test_queries_are_asked_as_the_prompt_says(clip, capsys):
    assert cli.main(["track", clip, "red", "--prompt", "gui"]) == 0
    assert ColourModel.asked["prompt"] == "gui"


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
    assert cli.main(["track", clip, "red", "--window", "4", "--window-mode", "sliding"]) == 0
    assert ColourModel.asked.items() >= {"window": 4, "window_mode": "sliding"}.items()
    assert cli.main(["track", clip, "red", "--window-mode", "guessed"]) == 2
    assert "full" in capsys.readouterr().err


def test_the_old_name_of_the_window_mode_still_works(clip, capsys):
    for reading, mode in (("bounded", "sliding"), ("exact", "full")):
        assert cli.main(["track", clip, "red", "--window", "4", "--reading", reading]) == 0
        assert ColourModel.asked.items() >= {"window": 4, "window_mode": mode}.items()
    assert cli.main(["track", clip, "red", "--reading", "guessed"]) == 2
    assert "exact" in capsys.readouterr().err
    assert cli.main(["track", "--help"]) == 0
    assert "--reading" not in capsys.readouterr().out


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
        (["no.mp4", "red"], "does not exist"),
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

        return StreamingTracker(point, query, TrackerConfig(rate=10, synchronous=True))


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


def test_bounds_arrive(clip, capsys):
    words = ["--max-points", "3", "--max-crops", "2", "--min-score", "0.5", "--timeout", "1.5"]
    assert cli.main(["track", clip, "red", *words, "--end", "0.1"]) == 0
    expected = {"max_points": 3, "max_crops": 2, "min_score": 0.5, "timeout": 1.5}
    assert {name: ColourModel.asked[name] for name in expected} == expected


@pytest.mark.parametrize(
    "words", [["red", " "], ["red", "--start", "9"], ["red", "--start", "2", "--end", "1"]]
)
def test_what_cannot_be_asked_is_refused_before_the_model_is_loaded(clip, monkeypatch, words):
    monkeypatch.setattr(molmo_act, "load", lambda *_, **__: pytest.fail("loaded"), raising=False)
    assert cli.main(["track", clip, *words]) == 2


def test_a_damaged_video_is_tracked_and_said_to_be(tmp_path, capsys):
    path = str(with_a_damaged_packet(tmp_path / "clip.mkv", 12))
    cli.main(["track", path, "red", "--json"])
    shown = capsys.readouterr()
    assert [json.loads(line)["damaged"] for line in shown.out.splitlines()] == [False] * 12 + [True] * 15
    cli.main(["track", path, "red"])
    shown = capsys.readouterr()
    assert "27 frames; the video is damaged" in shown.out


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_live_recording_ends_by_a_signal_and_is_kept(tmp_path, number) -> None:
    """A source without an end has no other one."""
    out = tmp_path / "live.mp4"
    with rtsp_server(2000) as server:
        words = ["track", server.url, "the red circle", "--json", "--out", out]
        command = [sys.executable, "-m", "molmo_act", *words]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
            assert json.loads(program.stdout.readline())
            program.send_signal(number)
            _, said = program.communicate(timeout=200)  # a machine may stand still
    assert program.returncode in (0, 1), said
    assert len(list(read_frames(out))) >= 1
    assert b"wrote" in said
