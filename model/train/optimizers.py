"""Optimisers and learning-rate schedule of a run; knows parameters by shape and name only."""

from __future__ import annotations

from typing import Any

from torch import nn
from torch.optim import AdamW, Muon, Optimizer

VISION = "vision_tower"
WORD_TABLES = ("embed_tokens", "lm_head", "positional_embedding")


def make_optimizers(model: nn.Module, learning_rate: float, weight_decay: float) -> list[Optimizer]:
    """Muon for the matrices of hidden layers, AdamW for tables, norms, biases and single vectors.

    Muon's steps are scaled to the size of AdamW's, so both share one learning rate.
    """
    matrices: dict[bool, list[nn.Parameter]] = {True: [], False: []}
    rest: dict[bool, list[nn.Parameter]] = {True: [], False: []}
    for name, parameter in model.named_parameters():
        is_table = any(table in name for table in WORD_TABLES)
        (rest if parameter.ndim != 2 or is_table else matrices)[VISION in name].append(parameter)
    return [
        Muon(_groups(matrices), lr=learning_rate, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"),
        AdamW(_groups(rest), lr=learning_rate, betas=(0.9, 0.95), weight_decay=0.0, fused=True),
    ]


def _groups(parameters: dict[bool, list[nn.Parameter]]) -> list[dict[str, Any]]:
    return [{"params": found, "is_vision": is_vision} for is_vision, found in parameters.items() if found]


def warmup_stable_decay(step: int, steps: int, warmup: int, decay: float) -> float:
    """Factor of the learning rate: linear warm-up, flat, then linear to zero over the last `decay` share.

    Flat in the middle, so that the length of a run can be decided, and changed, while it runs.
    """
    remaining = (steps - step) / max(1, decay * steps)
    return max(0.0, min(1.0, (step + 1) / warmup, remaining))


def set_learning_rate(optimizers: list[Optimizer], learning_rate: float, vision: float = 1.0) -> None:
    """Sets the learning rate of every group; that of the vision tower is multiplied by `vision`."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * (vision if group["is_vision"] else 1.0)
