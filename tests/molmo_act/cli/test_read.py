"""read: what it prints and how it exits, with the real networks."""

from __future__ import annotations

import io
import json
import sys

import numpy as np
import pytest
from PIL import Image

from molmo_act.cli import main as cli
from molmo_act.reading import networks
from molmo_act.reading.text import ReadText
from tests.support.written_screen import draw_screen

pytest.importorskip("rapidocr", reason="the extra ocr is not installed")


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "written.png"
    Image.fromarray(draw_screen((320, 120), {"Save changes": (20, 20), "Cancel": (20, 70)})).save(path)
    return str(path)


@pytest.fixture
def blank(tmp_path):
    path = tmp_path / "blank.png"
    Image.fromarray(np.full((50, 60, 3), 255, np.uint8)).save(path)
    return str(path)


def test_lines_and_json(written, capsys):
    assert cli.main(["read", written]) == 0
    assert capsys.readouterr().out == "Save changes\nCancel\n"
    assert cli.main(["read", written, "--json"]) == 0
    stored = json.loads(capsys.readouterr().out)
    assert (stored["reader"], stored["source"], stored["truncated"]) == ("rapidocr", written, False)
    assert ReadText.from_dict(stored).text == "Save changes\nCancel"


def test_nothing_written_is_exit_code_1(blank, capsys):
    assert cli.main(["read", blank]) == 1
    assert capsys.readouterr().out == ""


def test_several_and_a_broken_one(written, blank, tmp_path, capsys):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG")
    assert cli.main(["read", written, str(broken), blank]) == 2
    out, err = capsys.readouterr()
    assert out == f"{written}:\nSave changes\nCancel\n{blank}:\n"
    assert f"{broken}: " in err


def test_standard_input(written, monkeypatch, capsys):
    with open(written, "rb") as file:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(file.read())))
    assert cli.main(["read", "-"]) == 0
    assert "Save changes" in capsys.readouterr().out
    assert cli.main(["read", "-", "-"]) == 2
    assert "given twice" in capsys.readouterr().err


def test_a_video_is_refused(tmp_path, capsys):
    video = tmp_path / "clip.mp4"
    video.write_bytes(b"\0\0\0\x18ftypmp42" + b"\0" * 64)
    assert cli.main(["read", str(video)]) == 2
    assert "clip.mp4 is a video, and read takes images" in capsys.readouterr().err


def test_the_time_is_up(written, capsys):
    assert cli.main(["read", written, "--timeout", "1e-9"]) == 1
    assert "the time was up" in capsys.readouterr().err


def test_no_reader_installed(written, monkeypatch, capsys):
    monkeypatch.setattr(networks, "find_spec", lambda name: None)
    assert cli.main(["read", written]) == 2
    assert "Install it with: " in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--reader", "tesseract"], ["--timeout", "0"], []])
def test_bad_words(words, written, capsys):
    assert cli.main(["read", *([written] if words else []), *words]) == 2
    assert capsys.readouterr().err
