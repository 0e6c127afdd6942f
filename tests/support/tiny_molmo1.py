"""The tiny Molmo 1 checkpoints and what the original code computed with them.

`tests/data/molmo1/README.md` says what each array is.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from molmo_act.models.molmo import MolmoForConditionalGeneration, MolmoProcessor

DATA = Path(__file__).parents[1] / "data" / "molmo1"
STYLES = ("tiny", "tiny_o", "tiny_e")
VIDEO = "videomolmo"
VIDEO_CASES = ("first_black4", "small_prev4")
CASES = [("tiny", "small"), ("tiny", "wide"), ("tiny", "text"), ("tiny_o", "small"), ("tiny_e", "small")]


@lru_cache
def molmo1_model(style: str) -> MolmoForConditionalGeneration:
    """The model of a style; not to be changed."""
    model: MolmoForConditionalGeneration = MolmoForConditionalGeneration.from_pretrained(
        DATA / style, dtype=torch.float32
    )
    return model.eval()


@lru_cache
def molmo1_processor(style: str) -> MolmoProcessor:
    """The processor of a style; not to be changed."""
    return MolmoProcessor.from_pretrained(DATA / style)


def molmo1_case(style: str, name: str) -> tuple[list[dict[str, Any]], dict[str, np.ndarray], dict[str, Any]]:
    """Messages with their pixels, the original's arrays, and the rest of a case."""
    said = json.loads((DATA / style / f"case_{name}.json").read_text())
    with np.load(DATA / style / f"case_{name}.npz") as stored:
        arrays = dict(stored)
    image = arrays.get("image", arrays.get("frame"))
    shown = [] if image is None else [{"type": "image", "image": image}]
    content = [*shown, {"type": "text", "text": said["prompt"]}]
    return [{"role": "user", "content": content}], arrays, said


def molmo1_inputs(style: str, *conversations: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
    """What our processor gives for prompts."""
    return dict(
        molmo1_processor(style).apply_chat_template(
            list(conversations), tokenize=True, add_generation_prompt=True, return_dict=True
        )
    )


def image_input_idx(inputs: Mapping[str, torch.Tensor], patches: int) -> np.ndarray:
    """Positions of the windows of one prompt, as the original lists them; `patches` is those of a crop."""
    side = int(patches**0.5)
    first = inputs["image_token_pooling"][:, 0].numpy()
    crop, place = first // patches, first % patches
    found = np.full((int(inputs["image_num_crops"][0]), patches // 4), -100)
    window = place // side // 2 * (side // 2) + place % side // 2
    found[crop, window] = np.flatnonzero(inputs["image_token_mask"][0])
    return found


def copy_molmo1(style: str, folder: Path) -> Path:
    """A copy of a checkpoint that a test may damage."""
    shutil.copytree(DATA / style, folder, ignore=shutil.ignore_patterns("case_*", "*.npz"))
    return folder
