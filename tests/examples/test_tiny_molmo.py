"""The example makes checkpoints of each kind that load, and asks them."""

from __future__ import annotations

import json
import sys

import pytest
from safetensors import safe_open

import molmo_act


@pytest.mark.parametrize(
    ("options", "weight"),
    [
        ([], "model.transformer.blocks.1.ff_proj.weight"),
        (["--style", "olmo"], "model.transformer.blocks.1.q_norm.weight"),
        (["--style", "experts"], "model.transformer.blocks.1.mlp.experts.7.up_proj.weight"),
        (["--video"], "model.vision_backbone.adapter.wq.weight"),
    ],
)
def test_checkpoints_are_in_the_released_layout(options, weight, tmp_path, monkeypatch, capsys):
    import tiny_molmo

    monkeypatch.setattr(sys, "argv", ["tiny_molmo.py", "--out", str(tmp_path / "made"), *options])
    tiny_molmo.main()
    assert "language blocks" in capsys.readouterr().out
    with safe_open(tmp_path / "made" / "model.safetensors", "pt") as file:
        assert weight in list(file.keys())
    assert json.loads((tmp_path / "made" / "config.json").read_text())["model_type"] == "molmo"
    loaded = molmo_act.load(tmp_path / "made", device="cpu")
    assert loaded.runtime.reads_frames == ("--video" in options)
