"""Makes a tiny random MolmoPoint or Molmo 2 in the released layout, loads it, and asks it.

What it says means nothing: no weights were trained. The same lines ask a released checkpoint:
`molmo_act.load("allenai/MolmoPoint-8B").answer(image, "How many mugs are there?")`. The files
of tokenizer and processor are those of nano.

    python examples/tiny_molmo_point.py
    python examples/tiny_molmo_point.py --text --out FOLDER
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import Molmo2Config, Molmo2ForConditionalGeneration, PreTrainedModel

import molmo_act
from molmo_act.models.molmo_point import MolmoPointConfig, MolmoPointForConditionalGeneration
from molmo_act.pointing.load import NANO

SIZES: dict[str, dict[str, Any]] = {
    "text_config": {
        **{"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2},
        **{"head_dim": 8, "intermediate_size": 64},
    },
    "vit_config": {
        **{"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 2},
        **{"head_dim": 8, "intermediate_size": 32},
    },
    "adapter_config": {
        **{"hidden_size": 16, "num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 8},
        **{"intermediate_size": 32, "text_hidden_size": 32, "vit_layers": [-1, -2]},
    },
}


def random_model(*, text: bool) -> PreTrainedModel:
    """A model of random weights with the ids of nano: a Molmo 2 if it is to write coordinates as text."""
    said = json.loads((NANO / "config.json").read_text())
    parts = {name: {**said[name], **sizes} for name, sizes in SIZES.items()}
    if not text:
        config = MolmoPointConfig(**{**said, **parts, "patch_embed_dim": 16, "answers_questions": True})
        return MolmoPointForConditionalGeneration(config)
    for part in parts.values():
        part.pop("attn_implementation")
    ids = {
        name: number
        for name, number in said.items()
        if name.endswith("_id") and isinstance(number, int) and hasattr(Molmo2Config, name)
    }
    parts["text_config"]["tie_word_embeddings"] = False
    parts["vision_config"] = parts.pop("vit_config")
    return Molmo2ForConditionalGeneration(Molmo2Config(**parts, **ids))


def write_checkpoint(folder: Path, *, text: bool = False) -> None:
    """Writes a random checkpoint.

    Args:
        folder: Where to, a folder that exists.
        text: Whether a Molmo 2, which writes coordinates as text, instead of a MolmoPoint.
    """
    torch.manual_seed(0)
    model = random_model(text=text)
    for weight in model.parameters():
        if weight.ndim > 1:
            torch.nn.init.normal_(weight, std=0.2)
    model.save_pretrained(folder)
    for path in NANO.iterdir():
        if path.name != "config.json" and path.suffix in (".json", ".jinja", ".txt"):
            shutil.copy(path, folder)
    if text:  # Molmo 2 has the same tokens for both views of an image
        settings = json.loads((NANO / "processor_config.json").read_text())
        del settings["use_low_res_token_for_global_crops"]
        (folder / "processor_config.json").write_text(json.dumps(settings))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--text", action="store_true", help="a Molmo 2, which writes coordinates as text")
    parser.add_argument("--out", type=Path, help="folder to keep the checkpoint in")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as beside:
        folder = args.out or Path(beside)
        folder.mkdir(parents=True, exist_ok=True)
        write_checkpoint(folder, text=args.text)
        model = molmo_act.load(folder, device="cpu")
        image = np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)
        points = model.point(image, "the red mug", timeout=1)
        print(f"{len(points)} points, truncated: {points.truncated}, absent: {points.absent:.3f}")
        stream = model.answer(image, "How many mugs are there?", max_new_tokens=20, stream=True)
        print("It says", *map(repr, stream))
        print(f"It points at {sum(map(len, stream.answer.points.values()))} places.")


if __name__ == "__main__":
    main()
