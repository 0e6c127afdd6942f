"""``molmo-act export``."""

from __future__ import annotations

import builtins
import json

import pytest

from molmo_act.cli.main import main
from molmo_act.export import checked


@pytest.fixture
def asked(monkeypatch):
    said = {}

    def export(checkpoint, folder, **options):
        print("a library prints")
        said.update(checkpoint=checkpoint, folder=folder, **options)
        return "int8, 30.0 MB: …"

    monkeypatch.setattr(checked, "export_checkpoint", export)
    return said


def test_options_reach_the_export_and_the_report_is_all_of_stdout(asked, capsys):
    words = ["export", "nano", "--out", "here", "--precision", "int8", "--max-drift-px", "3"]
    assert main(words) == 0
    assert json.loads(json.dumps(asked)) == {
        **{"checkpoint": "nano", "folder": "here"},
        **{"precision": "int8", "opset": 18, "max_drift_px": 3.0},
    }
    assert capsys.readouterr().out == "int8, 30.0 MB: …\n"


def test_without_torch_it_says_what_to_install(monkeypatch, capsys):
    real = builtins.__import__

    def without_torch(name, *rest, **named):
        if name == "molmo_act.export.checked":
            raise ModuleNotFoundError("No module named 'torch'", name="torch")
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without_torch)
    assert main(["export", "nano", "--out", "here"]) == 2
    assert (
        "Exporting a checkpoint needs the package 'torch', which is not installed" in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    "words",
    [["export", "nano"], ["export", "nano", "--out", "x", "--precision", "fp8"],
     ["export", "nano", "--out", "x", "--max-drift-px", "-1"]],
)  # fmt: skip
def test_wrong_options_are_refused_before_a_model_is_loaded(asked, words, capsys):
    assert main(words) == 2
    assert not asked
    assert "error" in capsys.readouterr().err
