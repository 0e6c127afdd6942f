"""The example makes a MolmoPoint and a Molmo 2 that load, point and answer."""

from __future__ import annotations

import json
import sys

import pytest


@pytest.mark.parametrize(("options", "kind"), [([], "molmo_point"), (["--text"], "molmo2")])
def test_a_checkpoint_of_each_kind_is_made_and_asked(options, kind, tmp_path, monkeypatch, capsys):
    import tiny_molmo_point

    monkeypatch.setattr(sys, "argv", ["tiny_molmo_point.py", "--out", str(tmp_path / "made"), *options])
    tiny_molmo_point.main()
    said = capsys.readouterr().out
    assert "absent: " in said
    assert "It says '" in said
    assert json.loads((tmp_path / "made" / "config.json").read_text())["model_type"] == kind
