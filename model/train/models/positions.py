"""Initializes the positional embedding of the vision tower with sines and cosines."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SLOWEST = 100.0
STRENGTH = 0.5  # about that of a fresh patch embedding


def sine_positions(side: int, width: int) -> Tensor:
    """Computes sines and cosines of row and column, half the width each.

    Args:
        side: Rows and columns of the grid.
        width: Width of an embedding, a multiple of 4.

    Returns:
        float (side², width), values in [-1, 1].
    """
    quarter = width // 4
    frequencies = SLOWEST ** (-torch.arange(quarter, dtype=torch.float32) / quarter)
    angles = torch.arange(side, dtype=torch.float32)[:, None] * frequencies
    waves = torch.cat((angles.sin(), angles.cos()), dim=-1)
    rows, columns = waves[:, None].expand(-1, side, -1), waves[None].expand(side, -1, -1)
    return torch.cat((rows, columns), dim=-1).reshape(side * side, width)


@torch.no_grad()
def place_patches(vision_tower: nn.Module) -> None:
    """Initializes the positional embedding of a fresh vision tower.

    Args:
        vision_tower: The tower, changed in place; its width must be a multiple of 4.
    """
    table = vision_tower.get_parameter("positional_embedding")
    table.copy_(STRENGTH * sine_positions(round(len(table) ** 0.5), table.shape[1]))
