"""``molmo-act export``."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

import molmo_act
from molmo_act.cli.main import main


@pytest.fixture
def asked(monkeypatch):
    said = {}

    def load(checkpoint, **options):
        said.update(checkpoint=checkpoint, **options)

        def export(folder, **options):
            print("a library prints")
            said.update(folder=folder, **options)
            return "int8, 30.0 MB: …"

        return SimpleNamespace(export=export)

    monkeypatch.setattr(molmo_act, "load", load)
    return said


def test_options_reach_the_export_and_the_report_is_all_of_stdout(asked, capsys):
    words = ["export", "nano", "--out", "here", "--precision", "int8", "--max-drift-px", "3"]
    assert main(words) == 0
    assert json.loads(json.dumps(asked)) == {
        **{"checkpoint": "nano", "device": "cpu", "folder": "here"},
        **{"precision": "int8", "opset": 18, "max_drift_px": 3.0},
    }
    assert capsys.readouterr().out == "int8, 30.0 MB: …\n"


@pytest.mark.parametrize(
    "words",
    [["export", "nano"], ["export", "nano", "--out", "x", "--precision", "fp8"],
     ["export", "nano", "--out", "x", "--max-drift-px", "-1"]],
)  # fmt: skip
def test_wrong_options_are_refused_before_a_model_is_loaded(asked, words, capsys):
    assert main(words) == 2
    assert not asked
    assert "error" in capsys.readouterr().err
