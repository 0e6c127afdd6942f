"""A tokenizer, a tiny configuration and drawn pictures for tests of training, without fetched assets."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedTokenizerBase

from model.data.encode import Geometry, Tree, TreeEncoder
from model.data.scenes import draw_scene
from model.train.course import Settings
from model.train.loop import Run
from model.train.nano_config import make_processor, nano_config
from model.train.nano_tokenizer import train_tokenizer
from model.train.packed_recipe import PackedRecipe, Part
from model.train.saved_run import saves
from model.train.world import join_world
from molmo_act.modeling import MolmoPointConfig, MolmoPointForConditionalGeneration

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


def draw_trees(tokenizer: PreTrainedTokenizerBase, count: int, seed: int = 1) -> list[Tree]:
    """Encoded scenes of shapes, all of one size."""
    encoder = TreeEncoder(tokenizer, GEOMETRY)
    rng = np.random.default_rng(seed)
    trees: list[Tree] = []
    while len(trees) < count:
        picture = draw_scene(rng, 200, 200, None)
        if len(picture.queries) >= 4:
            trees.append(encoder.encode(picture, rng, 8, 3))
    return trees


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


def tiny_recipe(checkpoint: Path, **changes: Any) -> PackedRecipe:
    """A few quick steps on pictures of shapes, from a checkpoint of `save_tiny`."""
    part = Part(1e-2, warmup=2)
    recipe = PackedRecipe(
        model=str(checkpoint),
        data="1 shapes",
        steps=12,
        batch=1,
        tokens=700,
        crops=16,
        buffer=4,
        max_crops=4,
        side_least=120,
        side_most=260,
        points=4,
        vision=part,
        connector=part,
        language=part,
        grounding=part,
        precision="float32",
        recompute=False,
        save_every=3,
    )
    return replace(recipe, **changes)


def train_as_rank(rank: int, port: int, recipe: PackedRecipe, folder: Path) -> None:
    """One of two processes that train together; the second time from behind the last save but one."""
    torch.set_num_threads(1)
    os.environ |= {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": "2",
    }
    with join_world("cpu") as world:
        for name in ("whole", "again"):
            if world.leads and name == "again":
                shutil.copytree(folder / "whole", folder / name)
                shutil.rmtree(saves(folder / name)[-1])
            world.wait()
            Run(recipe, Settings(folder / name), world).train()


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Writing fails behind so many bytes of a file, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
