"""``molmo-act click``: what the window received, what was printed and drawn, and the exit codes."""

from __future__ import annotations

import argparse
import re

import pytest
from PIL import Image

import molmo_act
from gui_agent.cli import click as command
from gui_agent.vision.annotate import MARK
from molmo_act.errors import InputError, PlatformError

RED = "#e01020"


@pytest.fixture
def click(colour_finder, monkeypatch):
    """Runs the command with a model that finds colours, and gives the exit code."""
    monkeypatch.setattr(molmo_act, "load", lambda name_or_path, **options: colour_finder, raising=False)

    def run(*words: str) -> int:
        parser = argparse.ArgumentParser()
        command.register(parser.add_subparsers())
        arguments = parser.parse_args(["click", *words])
        return arguments.run(arguments)

    return run


@pytest.mark.display
def test_it_clicks(open_window, click, capsys) -> None:
    window = open_window("--button", f"Go={RED}")
    assert click(RED) == 0
    assert window.next_event() == {"event": "press", "name": "Go"}
    assert re.fullmatch(r"clicked \(\d+, \d+\) score 0\.900 screen (un)?changed\n", capsys.readouterr().out)


@pytest.mark.display
def test_a_dry_run_draws_and_clicks_nothing(open_window, click, capsys, tmp_path) -> None:
    window = open_window("--button", f"Go={RED}")
    assert click(RED, "--dry-run", "--out", str(tmp_path / "seen.png")) == 0
    assert window.received() == []
    assert capsys.readouterr().out.startswith("would click (")
    with Image.open(tmp_path / "seen.png") as image:
        assert image.size == (1280, 800)
        assert MARK in {colour for _, colour in image.getcolors(1 << 24)}


@pytest.mark.display
@pytest.mark.parametrize("words", [[], ["--dry-run"]])  # a dry run says what the real one would
def test_a_low_score_is_refused_and_still_drawn(open_window, click, capsys, tmp_path, words) -> None:
    window = open_window("--button", f"Go={RED}")
    assert (
        click(RED, "--min-score", "0.95", "--timeout", "0", "--out", str(tmp_path / "seen.png"), *words) == 1
    )
    assert window.received() == []
    output = capsys.readouterr()
    assert output.out == ""
    assert "under min_score 0.95" in output.err
    assert (tmp_path / "seen.png").exists()


@pytest.mark.display
def test_nothing_found(open_window, click, capsys) -> None:
    window = open_window("--button", f"Go={RED}")
    assert click("#fefe01", "--timeout", "0") == 1
    assert window.received() == []
    assert capsys.readouterr().err.startswith("molmo-act: Nothing on the screen matches '#fefe01'")


@pytest.mark.display
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--out", "/nowhere/seen.png"],
            "the folder '/nowhere' does not exist",
        ),  # a folder that does not exist
        (["--out", "seen"], "expected a name that ends in .png"),  # no kind of image
    ],
)
def test_bad_input_clicks_nothing(open_window, click, words, message) -> None:
    window = open_window("--button", f"Go={RED}")
    with pytest.raises(InputError, match=re.escape(message)):
        click(RED, *words)
    assert window.received() == []


def test_no_display_is_one_error_and_loads_no_model(monkeypatch) -> None:
    def load(name_or_path: str | None, **options: object) -> None:
        raise AssertionError("a model was loaded without a display")

    monkeypatch.setattr(molmo_act, "load", load, raising=False)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    parser = argparse.ArgumentParser()
    command.register(parser.add_subparsers())
    arguments = parser.parse_args(["click", "the Save button"])
    with pytest.raises(PlatformError, match="There is no display: DISPLAY is not set"):
        arguments.run(arguments)
