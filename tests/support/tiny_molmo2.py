"""A tiny random Molmo 2, written by transformers' own class, beside the processor files of a Molmo 2."""

from __future__ import annotations

import json
import shutil
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp

import torch
from transformers import Molmo2Config, Molmo2ForConditionalGeneration

import molmo_act
from tests.support.tiny_checkpoint import TINY


def native_config(room: int) -> Molmo2Config:
    """The sizes of the tiny MolmoPoint, so that its tokenizer and processor fit; reads `room` ids."""
    said = json.loads((TINY / "config.json").read_text())
    text, vision, adapter = (dict(said[part]) for part in ("text_config", "vit_config", "adapter_config"))
    for part in (text, vision, adapter):
        part.pop("attn_implementation")
    ids = {key: said[key] for key in said if key.endswith("_id") and isinstance(said[key], int)}
    return Molmo2Config(
        text_config=text | {"max_position_embeddings": room, "tie_word_embeddings": False},
        vision_config=vision,
        adapter_config=adapter,
        **{key: value for key, value in ids.items() if hasattr(Molmo2Config, key)},
    )


def write_molmo2(target: Path, room: int) -> Path:
    """Writes the checkpoint into a folder that exists."""
    torch.manual_seed(7)
    model = Molmo2ForConditionalGeneration(native_config(room))
    for weight in model.parameters():
        if weight.ndim > 1:
            torch.nn.init.normal_(weight, std=0.15)
    model.save_pretrained(target)
    for path in TINY.glob("*.json"):
        if path.name.startswith(("tokenizer", "special", "added", "preproc", "video_preproc", "vocab")):
            shutil.copy(path, target)
    shutil.copy(TINY / "chat_template.jinja", target)
    settings = json.loads((TINY / "processor_config.json").read_text())
    del settings["use_low_res_token_for_global_crops"]  # Molmo2 has the same tokens for both views
    (target / "processor_config.json").write_text(json.dumps(settings))
    return target


@lru_cache
def tiny_molmo2() -> molmo_act.PointingModel:
    """The model, with room for a conversation; loaded once, not to be changed."""
    folder = Path(mkdtemp())
    try:
        return molmo_act.load(write_molmo2(folder, 600), device="cpu")
    finally:
        shutil.rmtree(folder)
