"""Makes a tiny random Molmo 1 or VideoMolmo in the released layout, loads it, and asks it.

What it says means nothing: no weights were trained. The same lines ask a released checkpoint:
`molmo_act.load("allenai/Molmo-7B-D-0924").point(image, "the red mug")`.

    python examples/tiny_molmo.py
    python examples/tiny_molmo.py --style experts --out FOLDER
    python examples/tiny_molmo.py --video
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

import molmo_act
from molmo_act.models.molmo import MolmoConfig, MolmoForConditionalGeneration

END, WORDS = "<|endoftext|>", 257
IMAGE_TOKENS = ["<im_start>", "<im_end>", "<im_patch>", "<im_col>", "<|image|>"]
TOWER = {
    **{"image_default_input_size": [56, 56], "image_patch_size": 7, "image_num_pos": 65},
    **{"image_emb_dim": 16, "image_num_heads": 2, "image_num_layers": 10, "image_mlp_dim": 32},
}
COMMON = {
    **{"vocab_size": WORDS, "embedding_size": WORDS, "max_position_embeddings": 1024},
    **{"rope_theta": 10000.0, "layer_norm_eps": 1e-5, "vision_backbone": TOWER},
}
DENSE = {  # as Molmo-7B-D
    **{"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2},
    **{"intermediate_size": 64, "qkv_bias": True, "norm_after": False, "attention_layer_norm": False},
}
OLMO = {  # as Molmo-7B-O
    **DENSE,
    **{"num_key_value_heads": 4, "qkv_bias": False, "norm_after": True, "attention_layer_norm": True},
}
EXPERTS = {  # as MolmoE-1B
    **{"d_model": 32, "n_layers": 2, "n_heads": 4, "n_kv_heads": None, "mlp_ratio": 2},
    **{"block_type": "moe", "moe_num_experts": 8, "moe_top_k": 2, "qkv_bias": False},
    **{"norm_after": False, "attention_layer_norm": True},
}
PROCESSOR = {
    **{"image_processor_type": "MolmoImageProcessor", "base_image_input_size": [56, 56]},
    **{"image_patch_size": 7, "image_token_length_h": 4, "image_token_length_w": 4},
    **{"max_crops": 4, "overlap_margins": [2, 2], "image_padding_mask": True, "do_normalize": True},
    "image_mean": [0.48145466, 0.4578275, 0.40821073],
    "image_std": [0.26862954, 0.26130258, 0.27577711],
}


def byte_tokenizer() -> PreTrainedTokenizerFast:
    """A tokenizer whose words are single bytes."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({word: number for number, word in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=END,
        pad_token=END,
        additional_special_tokens=IMAGE_TOKENS,
    )


STYLES = {"qwen2": DENSE, "olmo": OLMO, "experts": EXPERTS}


def write_checkpoint(folder: Path, *, style: str = "qwen2", video: bool = False) -> None:
    """Writes a random checkpoint.

    Args:
        folder: Where to, a folder that exists.
        style: "qwen2" (Molmo-7B-D and -72B), "olmo" (Molmo-7B-O) or "experts" (MolmoE-1B).
        video: Whether with the temporal module of VideoMolmo.
    """
    torch.manual_seed(0)
    said: dict[str, Any] = {**COMMON, **STYLES[style]}
    config = MolmoConfig(**said)
    model = MolmoForConditionalGeneration(config.with_temporal_module() if video else config)
    for weight in model.parameters():
        if weight.ndim > 1:
            torch.nn.init.normal_(weight, std=0.2)
    model.save_pretrained(folder)
    byte_tokenizer().save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(PROCESSOR))
    (folder / "processor_config.json").write_text(json.dumps({"processor_class": "MolmoProcessor"}))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--style", choices=list(STYLES), default="qwen2", help="of the language model")
    parser.add_argument("--video", action="store_true", help="a VideoMolmo")
    parser.add_argument("--out", type=Path, help="folder to keep the checkpoint in")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as beside:
        folder = args.out or Path(beside)
        folder.mkdir(parents=True, exist_ok=True)
        write_checkpoint(folder, style=args.style, video=args.video)
        model = molmo_act.load(folder, device="cpu")
        image = np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)
        if args.video:
            points = model.point_in_video([image] * 11, "the red mug", fps=5, timeout=1)
        else:
            points = model.point(image, "the red mug", timeout=1)
        print(model.precision)
        print(f"{len(points)} points, truncated: {points.truncated}, absent: {points.absent:.3f}")
        print(f"It says {points.text[:60]!r}.")


if __name__ == "__main__":
    main()
