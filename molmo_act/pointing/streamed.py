"""load_streamed(): a checkpoint in little memory, its language blocks on the disk, for export."""

from __future__ import annotations

import os

import torch

from molmo_act.generation.own_settings import own_settings
from molmo_act.models.checkpoint_files import find_file, hub_options, need_file, read_json
from molmo_act.models.matching_parts import check_parts
from molmo_act.models.molmo_point import MolmoPointConfig, MolmoPointProcessor
from molmo_act.models.streaming import stream_checkpoint
from molmo_act.models.weight_files import INDEX, WEIGHTS
from molmo_act.pointing.load import checkpoint_source, load, short_name
from molmo_act.pointing.model import PointingModel


@own_settings()
def load_streamed(name_or_path: str | os.PathLike[str] | None, *, keep: bool) -> PointingModel:
    """Loads a MolmoPoint on the CPU in float32; each language block is read when it runs.

    Args:
        name_or_path: See `molmo_act.load`.
        keep: Whether the language blocks are read once and kept all the same.

    Returns:
        The model. One that is quantized or of another architecture is loaded as `molmo_act.load` does.

    Raises:
        CheckpointError: See `molmo_act.load`.
    """
    source = checkpoint_source(name_or_path)
    hub = hub_options(source, {})
    config_file = need_file(source, "config.json", **hub)
    said = read_json(config_file)
    if said.get("model_type") != MolmoPointConfig.model_type or said.get("quantization_config") is not None:
        return load(name_or_path, device="cpu")
    if find_file(source, WEIGHTS, **hub) is None and (index := find_file(source, INDEX, **hub)):
        named = read_json(index).get("weight_map")
        for name in sorted({*named.values()}) if isinstance(named, dict) else ():
            need_file(source, str(name), **hub)
    model = stream_checkpoint(config_file.parent, torch.float32, keep=keep)
    processor = MolmoPointProcessor.from_pretrained(source, **hub)
    check_parts(source, model, processor)
    return PointingModel(model, processor, short_name(source))
