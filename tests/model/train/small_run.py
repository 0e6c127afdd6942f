"""A tokenizer, a tiny configuration and drawn pictures for tests of training, without fetched assets."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedTokenizerBase

from model.data.encoding.message_tree import ImageTreeEncoder, MessageTree
from model.data.scenes.generate import draw_scene
from model.data.screens.glyph_sheets import GlyphSheet
from model.train.checkpoint import list_saves
from model.train.config.mixture import ParamGroupConfig
from model.train.config.packed import PackedRecipe
from model.train.distributed import init_distributed
from model.train.models.nano import make_processor, nano_config
from model.train.models.nano_tokenizer import train_tokenizer
from model.train.task import RunOptions
from model.train.trainer import Trainer
from molmo_act.formats.crop_geometry import Geometry
from molmo_act.models.molmo_point import MolmoPointConfig, MolmoPointForConditionalGeneration

GEOMETRY = Geometry(crop_size=224, patch_size=28, margins=(1, 1), max_crops=4)


def make_tokenizer() -> PreTrainedTokenizerBase:
    """A tokenizer of a few words about shapes."""
    rng = np.random.default_rng(0)
    queries = [query for _ in range(40) for query in draw_scene(rng, 200, 200, None).queries]
    return train_tokenizer([f"user\nPoint to {query.text}" for query in queries], 400, num_points=300)


def tiny_config(tokenizer: PreTrainedTokenizerBase, width: int = 32) -> MolmoPointConfig:
    """nano's configuration with every width and depth cut down."""
    config = nano_config(tokenizer).to_dict()
    sizes = {"hidden_size": 32, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 16}
    text = {"hidden_size": width, "head_dim": width // 2, "intermediate_size": 2 * width}
    config["text_config"] |= sizes | text | {"num_hidden_layers": 2}
    config["vit_config"] |= sizes | {"intermediate_size": 48, "num_key_value_heads": 2}
    config["vit_config"] |= {"num_hidden_layers": 2, "image_patch_size": 28, "image_num_pos": 64}
    config["adapter_config"] |= sizes | {"num_key_value_heads": 2, "intermediate_size": 48}
    config["adapter_config"] |= {"vit_layers": [1, 0], "text_hidden_size": width}
    return MolmoPointConfig(**config | {"patch_embed_dim": 16})


def draw_trees(tokenizer: PreTrainedTokenizerBase, count: int, seed: int = 1) -> list[MessageTree]:
    """Encoded scenes of shapes, all of one size."""
    encoder = ImageTreeEncoder(make_processor(tokenizer, GEOMETRY))
    rng = np.random.default_rng(seed)
    trees: list[MessageTree] = []
    while len(trees) < count:
        picture = draw_scene(rng, 200, 200, None)
        if len(picture.queries) >= 4:
            trees.append(encoder.encode(picture, rng, 8, 3))
    return trees


def noise_sheet(names: tuple[str, ...], boxes: list[list[float]], seed: int = 0) -> GlyphSheet:
    """A glyph sheet of noise with names, which are also its parts, in boxes."""
    side = GEOMETRY.crop_size
    image = np.random.default_rng(seed).integers(0, 255, (side, side, 3), dtype=np.uint8)
    table = np.array(boxes, dtype=np.float64).reshape(-1, 4)
    return GlyphSheet(image, names, table, names, table)


def rough_model(config: MolmoPointConfig) -> MolmoPointForConditionalGeneration:
    """A random model far from the uniform answers of a fresh one."""
    torch.manual_seed(0)
    model = MolmoPointForConditionalGeneration(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return model


def save_tiny(folder: Path, width: int = 32) -> Path:
    """A tiny random checkpoint in the released format."""
    tokenizer = make_tokenizer()
    torch.manual_seed(0)
    MolmoPointForConditionalGeneration(tiny_config(tokenizer, width)).save_pretrained(folder)
    make_processor(tokenizer, GEOMETRY).save_pretrained(folder)
    return folder


SMALL: dict[str, Any] = {"tokens": 700, "crops": 16, "buffer": 4, "max_crops": 4, "side_least": 120}
"""Room and images of a packed recipe that a test can wait for."""


def tiny_recipe(checkpoint: Path, **changes: Any) -> PackedRecipe:
    """A few quick steps on pictures of shapes, from a checkpoint of `save_tiny`."""
    part = ParamGroupConfig(1e-2, warmup=2)
    recipe = PackedRecipe(
        model=str(checkpoint),
        data="1 shapes",
        steps=12,
        batch=1,
        side_most=260,
        points=4,
        **SMALL,
        vision=part,
        connector=part,
        language=part,
        grounding=part,
        precision="float32",
        recompute=False,
        save_every=3,
    )
    return replace(recipe, **changes)


def train_as_rank(recipe: PackedRecipe, folder: Path) -> None:
    """One of two processes that train together; the second time from behind the last save but one."""
    with init_distributed("cpu") as context:
        for name in ("whole", "again"):
            if context.is_main and name == "again":
                shutil.copytree(folder / "whole", folder / name)
                shutil.rmtree(list_saves(folder / name)[-1])
            context.barrier()
            Trainer(recipe, RunOptions(folder / name), context).train()
