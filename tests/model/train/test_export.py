"""A run becomes a checkpoint that the library loads and points with."""

from __future__ import annotations

import numpy as np
import torch
from model.train.run_state import Progress, save_run
from safetensors.torch import load_file

import molmo_act
from model.train.export import export
from model.train.nano_config import nano_config
from molmo_act.modeling import MolmoPointForConditionalGeneration
from tests.model.train.small_run import make_tokenizer


def test_an_exported_run_points(tmp_path):
    tokenizer = make_tokenizer()
    tokenizer.save_pretrained(tmp_path / "run" / "tokenizer")
    torch.manual_seed(0)
    model = MolmoPointForConditionalGeneration(nano_config(tokenizer))
    save_run(tmp_path / "run", model, [], Progress())
    out = tmp_path / "nano"
    out.mkdir()
    (out / "README.md").write_text("the card stays")
    export(tmp_path / "run", out)

    weights = load_file(out / "model.safetensors")
    assert {weight.dtype for weight in weights.values()} == {torch.bfloat16}
    assert "model.transformer.wte.new_embedding" in weights  # the released names
    assert (out / "README.md").read_text() == "the card stays"
    loaded = molmo_act.load(out)
    assert loaded.model.generation_config.eos_token_id == tokenizer.eos_token_id  # where generate() stops
    points = loaded.point(np.zeros((240, 320, 3), np.uint8), "the red circle", max_points=1)
    assert points.image_size == ((320, 240),)
    kept = dict(loaded.model.named_parameters())
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(kept[name], parameter.to(torch.bfloat16).float(), rtol=0, atol=0)
