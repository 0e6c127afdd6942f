"""What earlier frames add to a frame's features (VideoMolmo, arXiv 2506.05336).

Shape letters: N pooling windows of a frame, K slots of a window, C width of gathered ViT features.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from transformers import initialization as init

from molmo_act.models.molmo_point.configuration_molmo_point import MolmoPointConfig


class TemporalModule(nn.Module):
    """Mixes the mean of earlier frames into a frame, pooling window by pooling window.

    A pooling window of an image is 2 × 2 patches. ``temporal_module`` of the configuration says how a window
    x of the frame and the same window m of the mean become one:

    - "attention": ``x + W_o · MultiHeadAttention(query = x, key = value = m)``, the paper's module;
    - "addition": ``x + m``;
    - "concatenation": ``W · [x, m]``.

    Fresh weights of "attention" and "concatenation" give x alone, so that a model begins as it was without.
    """

    def __init__(self, config: MolmoPointConfig) -> None:
        super().__init__()
        adapter = config.adapter_config
        width = adapter.hidden_size * len(adapter.vision_feature_layer)
        self.mixer: nn.MultiheadAttention | nn.Linear | None = None
        if config.temporal_module == "attention":
            self.mixer = nn.MultiheadAttention(width, adapter.num_attention_heads, batch_first=True)
        elif config.temporal_module == "concatenation":
            self.mixer = nn.Linear(2 * width, width)

    def forward(self, windows_NKC: Tensor, valid_NK: Tensor, mean_NKC: Tensor) -> Tensor:
        """Mixes what came before into the windows of a frame.

        Args:
            windows_NKC: ViT features of the frame, zero in empty slots.
            valid_NK: Which slots are filled; at least one of every window.
            mean_NKC: The same windows, averaged over earlier frames.

        Returns:
            (N, K, C), zero in empty slots.
        """
        if isinstance(self.mixer, nn.MultiheadAttention):
            found_NKC, _ = self.mixer(
                windows_NKC, mean_NKC, mean_NKC, key_padding_mask=~valid_NK, need_weights=False
            )
            mixed_NKC: Tensor = windows_NKC + found_NKC
        elif self.mixer is not None:
            mixed_NKC = self.mixer(torch.cat((windows_NKC, mean_NKC), dim=-1))
        else:
            mixed_NKC = windows_NKC + mean_NKC
        return mixed_NKC * valid_NK[..., None].to(mixed_NKC.dtype)

    @torch.no_grad()
    def init_weights(self) -> None:
        """Initializes the weights: Xavier for the attention's projections, no effect of earlier frames."""
        if isinstance(self.mixer, nn.MultiheadAttention):
            init.xavier_uniform_(self.mixer.in_proj_weight)
            for tensor in (self.mixer.in_proj_bias, *self.mixer.out_proj.parameters()):
                init.zeros_(tensor)
        elif self.mixer is not None:
            init.zeros_(self.mixer.bias)
            init.eye_(self.mixer.weight)
