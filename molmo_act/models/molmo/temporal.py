"""What the frames before a frame add to it in VideoMolmo (arXiv 2506.05336), as its released code does.

Shape letters: N pooling windows of a frame, K slots of a window, C width of gathered ViT features.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import initialization as init

from molmo_act.models.molmo.configuration_molmo import MolmoAdapterConfig

FRAMES_BEFORE = 4
"""How many frames the released program shows before each frame."""
MARKS = ("vision_backbone.adapter.", "model.temporal.")
"""What names of weights hold, as released or as ours, where a checkpoint has such a module."""


class VideoMolmoTemporalModule(nn.Module):
    """Attention from each window of a frame to the mean of the same window in the frames before it.

    ``x + W_o · MultiHeadAttention(query = x, key = value = mean)``, without biases. The paper's module of a
    MolmoPoint is `molmo_act.models.molmo_point.temporal.TemporalModule`, which has them.
    """

    def __init__(self, config: MolmoAdapterConfig) -> None:
        super().__init__()
        width = config.hidden_size * len(config.vision_feature_layer)
        self.heads, inner = config.num_attention_heads, config.num_attention_heads * config.head_dim
        self.q_proj, self.k_proj, self.v_proj = (nn.Linear(width, inner, bias=False) for _ in range(3))
        self.o_proj = nn.Linear(inner, width, bias=False)

    def forward(self, windows_NKC: Tensor, mean_NKC: Tensor) -> Tensor:
        """Mixes what came before into the windows of a frame.

        Args:
            windows_NKC: ViT features of the frame.
            mean_NKC: Of the same windows, averaged over the frames before.

        Returns:
            (N, K, C).
        """
        sources = (windows_NKC, mean_NKC, mean_NKC)
        projections = (self.q_proj, self.k_proj, self.v_proj)
        queries, keys, values = (
            project(source).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for project, source in zip(projections, sources, strict=True)
        )
        found = F.scaled_dot_product_attention(queries, keys, values)
        mixed_NKC: Tensor = windows_NKC + self.o_proj(found.transpose(1, 2).flatten(-2))
        return mixed_NKC

    @torch.no_grad()
    def init_weights(self) -> None:
        """Initializes the weights as the paper does: every projection by Xavier's rule, normally."""
        for projection in (self.q_proj, self.k_proj, self.v_proj, self.o_proj):
            init.xavier_normal_(projection.weight)


def frames_before(last: Sequence[np.ndarray], frame: np.ndarray) -> list[np.ndarray]:
    """The frames that the released program shows before one: nearest first, behind black ones.

    Args:
        last: uint8 RGB (H, W, 3), the frames directly before it, in the order of the video; at the beginning
            of a video fewer than `FRAMES_BEFORE`, or none.
        frame: The frame that is asked about.

    Returns:
        As many as `FRAMES_BEFORE`; black where the video has not begun.
    """
    there = list(last)[-FRAMES_BEFORE:]
    return [np.zeros_like(frame)] * (FRAMES_BEFORE - len(there)) + there[::-1]


def mean_features(features: Tensor, crops: Sequence[int], frames: Sequence[int]) -> Tensor:
    """Averages the features of the frames before each image of a batch.

    Args:
        features: (crops of all frames before, patches, C): for each image frame by frame.
        crops: Crops of each image.
        frames: Frames before each image, at least one.

    Returns:
        (crops of all images, patches, C).
    """
    parts = torch.split(features, [crop * count for crop, count in zip(crops, frames, strict=True)])
    return torch.cat(
        [torch.unflatten(part, 0, (count, -1)).mean(0) for part, count in zip(parts, frames, strict=True)]
    )
