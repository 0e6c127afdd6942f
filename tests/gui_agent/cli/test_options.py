"""Options that commands of the desktop share, and the desktop that they make."""

from __future__ import annotations

import argparse
import io
import sys

import pytest

import molmo_act
from gui_agent.cli import _options
from gui_agent.cli._options import add_acting_options, add_looking_options, make_desktop
from gui_agent.vision import sources
from molmo_act.errors import InputError
from tests.support.blob_model import BlobFinder
from tests.support.fake_desktop import FakeBackend


def parse(*words: str, add=add_acting_options) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add(parser)
    return parser.parse_args(words)


@pytest.fixture
def make(monkeypatch):
    """Makes the desktop of some options in memory; gives it with what the model was loaded with."""
    loaded = {}

    def load(name: str | None, **options: object) -> BlobFinder:
        loaded.update(options, name=name)
        return BlobFinder()

    monkeypatch.setattr(molmo_act, "load", load)
    monkeypatch.setattr(_options, "PyAutoGuiBackend", FakeBackend)
    return lambda *words: (make_desktop(parse(*words)), loaded)


def test_defaults_leave_the_score_to_the_model() -> None:
    looking = {"checkpoint": None, "device": None, "dtype": None, "quantization": None}
    looking |= {"max_crops": None, "exactly": None, "prompt": None, "providers": None, "reader": None}
    looking |= {"min_score": None, "monitor": 0, "refine": False, "sources": None}
    assert vars(parse(add=add_looking_options)) == looking
    rules = {f"{kind}_{what}": [] for kind in ("allow", "deny") for what in ("window", "word", "key")}
    acting = {"timeout": 5.0, "yes": False, "dry_run": False, "record": None}
    assert vars(parse()) == looking | rules | acting


def test_all_of_them_arrive(make, tmp_path) -> None:
    desktop, loaded = make(
        *("--model", "folder", "--device", "cuda:1", "--dtype", "bfloat16", "--quantization", "nf4"),
        *("--min-score", "0.25", "--timeout", "9", "--monitor", "1", "--refine", "--dry-run"),
        *("--allow-window", "A*", "--allow-window", "B", "--deny-window", "C"),
        *("--allow-word", "one", "--deny-word", "two", "--record", str(tmp_path / "run")),
    )
    assert loaded == {"name": "folder", "device": "cuda:1", "dtype": "bfloat16", "quantization": "nf4"}
    context, safety = desktop.context, desktop.context.guard.safety
    assert (desktop.min_score, context.timeout, context.dry_run) == (0.25, 9.0, True)
    assert (context.screen.monitor, context.grounder.pixels.refine) == (1, True)
    assert (safety.allow_windows, safety.deny_windows) == (["A*", "B"], ["C"])
    assert (safety.allow_words, safety.deny_words) == (["one"], ["two"])
    assert (tmp_path / "run" / "steps.jsonl").exists()


def test_the_desktop_reads_and_the_model_does_not(make, monkeypatch) -> None:
    pytest.importorskip("rapidocr", reason="needs the extra ocr")
    _, loaded = make("--reader", "rapidocr")
    assert loaded["name"] is None
    assert "reader" not in loaded
    monkeypatch.setattr(sources, "DEFAULT", sources.SOURCES)
    assert make()[0].context.grounder.text is not None
    loaded.clear()
    grounder = make("--sources", "text, model")[0].context.grounder
    assert grounder.text is not None
    assert grounder.accessibility is None
    loaded.clear()
    assert make("--sources", "text")[0].context.grounder.pixels is None
    assert not loaded, "a model that is not asked is not loaded"
    with pytest.raises(InputError, match="sources has 'eyes'; expected some of 'accessibility', 'text'"):
        make("--sources", "model,eyes")


def test_consent_is_given_asked_for_or_refused(make, monkeypatch, capsys) -> None:
    assert make()[0].context.guard.safety.confirm is None  # nobody is at the other end of stdin
    assert make("--yes")[0].context.guard.safety.confirm("Delete it?") is True
    assert "Delete it?" in capsys.readouterr().err
    for answer, agreed in (
        ("y\n", True),
        ("YES\n", True),
        ("n\n", False),
        ("", False),
        ("yesterday\n", False),
    ):
        terminal = io.StringIO(answer)
        terminal.isatty = lambda: True
        monkeypatch.setattr(sys, "stdin", terminal)
        assert make()[0].context.guard.safety.confirm("Delete it?") is agreed
        output = capsys.readouterr()
        assert (output.out, output.err) == ("", "Delete it? [y/N] ")  # stdout is for results


@pytest.mark.parametrize(
    "words", [("--timeout", "soon"), ("--timeout", "nan"), ("--min-score", "7"), ("--min-score", "nan")]
)
def test_a_number_that_is_none(capsys, words) -> None:
    with pytest.raises(SystemExit):
        parse(*words)
    assert words[0] in capsys.readouterr().err
