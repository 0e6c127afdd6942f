"""The tiny MolmoPoint checkpoint and what the original code computed with it.

`tests/data/molmo_point_tiny/README.md` says what each array is.
"""

from __future__ import annotations

import copy
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from molmo_act.models.molmo_point import MolmoPointForConditionalGeneration, MolmoPointProcessor

TINY = Path(__file__).parents[1] / "data" / "molmo_point_tiny"
VARIANTS = Path(__file__).parents[1] / "data" / "molmo_point_tiny_variants"
CASES = ("image_one", "images_two", "image_many", "video_four")
SNIPPET = {  # the arguments on the released model cards
    "tokenize": True,
    "add_generation_prompt": True,
    "return_tensors": "pt",
    "return_dict": True,
    "padding": True,
    "return_pointing_metadata": True,
}


def load_case(name: str, folder: Path = TINY) -> tuple[list[dict], dict[str, np.ndarray], dict]:
    """Messages with their pixels, the original's arrays, and the rest of a case.

    A variant's case holds results only; its messages and inputs are those of the tiny checkpoint's.
    """
    said = json.loads((TINY / f"case_{name}.json").read_text())
    with np.load(TINY / f"case_{name}.npz") as stored:
        arrays = dict(stored)
    messages = copy.deepcopy(said["messages"])
    for part in messages[0]["content"]:
        if part["type"] == "image":
            part["image"] = arrays[part["image"]]
        if part["type"] == "video":
            part |= {"video": arrays[part["video"]], "fps": said["video_fps"]}
    if folder != TINY:
        inputs = {key: array for key, array in arrays.items() if key.startswith("in.")}
        said = json.loads((folder / f"case_{name}.json").read_text())
        with np.load(folder / f"case_{name}.npz") as stored:
            arrays = inputs | dict(stored)
    return messages, arrays, said


def expected_inputs(arrays: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    """What the original's processor gave; pixels are stored as uint8 codes."""
    found = {}
    for key, array in arrays.items():
        if key.startswith("in."):
            tensor = torch.from_numpy(array)
            codes = key.endswith("_u8")
            name = key.removeprefix("in.").removesuffix("_u8")
            found[name] = (tensor.float() / 255 - 0.5) / 0.5 if codes else tensor
    return found


def model_inputs(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """`expected_inputs` in the types that the model takes."""
    inputs = expected_inputs(arrays)
    return {key: value.long() if value.dtype == torch.int32 else value for key, value in inputs.items()}


@lru_cache
def tiny_model(folder: Path = TINY) -> MolmoPointForConditionalGeneration:
    """The model of a folder in float32; loaded once, not to be changed."""
    return MolmoPointForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).eval()


@lru_cache
def tiny_processor() -> MolmoPointProcessor:
    """The processor of the tiny checkpoint; loaded once, not to be changed."""
    return MolmoPointProcessor.from_pretrained(TINY)
