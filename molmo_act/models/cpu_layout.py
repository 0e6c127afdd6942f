"""Prepares the language blocks of a loaded model for a CPU: the same numbers, read in another order."""

from __future__ import annotations

import torch
from torch import nn
from transformers import Molmo2ForConditionalGeneration, PreTrainedModel

from molmo_act.models.attention import SHARED_KEYS


def prepare_for_cpu(model: PreTrainedModel) -> None:
    """Makes decode steps fast on a CPU; shapes, values and names of the weights stay.

    A decode step multiplies a dozen rows by each matrix, and torch is up to twice as fast there when the
    numbers of one input lie side by side, not those of one output. Only float32 is known to gain.
    Attention that was chosen for another reason, such as training, stays.

    Args:
        model: A `Molmo2ForConditionalGeneration`, changed in place; any other stays as it is.
    """
    if not isinstance(model, Molmo2ForConditionalGeneration):
        return
    if model.config.text_config._attn_implementation == "sdpa":
        model.set_attn_implementation({"text_config": SHARED_KEYS})
    for module in model.get_submodule("model.language_model.layers").modules():
        if type(module) is nn.Linear and module.weight.dtype == torch.float32:
            module.weight.data = module.weight.data.t().contiguous().t()
