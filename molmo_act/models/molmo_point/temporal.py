"""What earlier frames add to a frame's features (VideoMolmo, arXiv 2506.05336).

Shape letters: N pooling windows of a frame, K slots of a window, C width of gathered ViT features.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from transformers import initialization as init

from molmo_act.errors import InputError
from molmo_act.models.molmo_point.configuration_molmo_point import MolmoPointConfig


class TemporalModule(nn.Module):
    """Mixes the mean of earlier frames into a frame, pooling window by pooling window.

    A pooling window of an image is 2 × 2 patches. ``temporal_module`` of the configuration says how a window
    x of the frame and the same window m of the mean become one:

    - "attention": ``x + W_o · MultiHeadAttention(query = x, key = value = m)``, the paper's module;
    - "addition": ``x + m``;
    - "concatenation": x and m side by side, twice as many tokens for the connector to pool; no weights.
    """

    def __init__(self, config: MolmoPointConfig) -> None:
        super().__init__()
        adapter = config.adapter_config
        width = adapter.hidden_size * len(adapter.vision_feature_layer)
        self.kind = config.temporal_module
        if self.kind == "concatenation" and adapter.positional_embeddings:
            raise InputError(
                "temporal_module is 'concatenation' with positional_embeddings of the slots of one frame; "
                "expected 'attention' or 'addition' for this model."
            )
        self.mixer: nn.MultiheadAttention | None = None
        if self.kind == "attention":
            self.mixer = nn.MultiheadAttention(width, adapter.num_attention_heads, batch_first=True)

    def forward(self, windows_NKC: Tensor, valid_NK: Tensor, mean_NKC: Tensor) -> tuple[Tensor, Tensor]:
        """Mixes what came before into the windows of a frame.

        Args:
            windows_NKC: ViT features of the frame, zero in empty slots.
            valid_NK: Which slots are filled; at least one of every window.
            mean_NKC: The same windows, averaged over earlier frames.

        Returns:
            What the connector pools, (N, K, C), zero in empty slots, and which slots are filled, (N, K);
            (N, 2K, C) and (N, 2K) with "concatenation".
        """
        if self.kind == "concatenation":
            return torch.cat((windows_NKC, mean_NKC), dim=1), torch.cat((valid_NK, valid_NK), dim=1)
        if self.mixer is None:
            mixed_NKC = windows_NKC + mean_NKC
        else:
            found_NKC, _ = self.mixer(
                windows_NKC, mean_NKC, mean_NKC, key_padding_mask=~valid_NK, need_weights=False
            )
            mixed_NKC = windows_NKC + found_NKC
        return mixed_NKC * valid_NK[..., None].to(mixed_NKC.dtype), valid_NK

    @torch.no_grad()
    def init_weights(self) -> None:
        """Initializes the weights as the paper does: every projection by Xavier's rule, normally."""
        if self.mixer is None:
            return
        for projection in (*self.mixer.in_proj_weight.chunk(3), self.mixer.out_proj.weight):
            init.xavier_normal_(projection)
        for bias in (self.mixer.in_proj_bias, self.mixer.out_proj.bias):
            init.zeros_(bias)

    @torch.no_grad()
    def begin_unheard(self) -> None:
        """Has a fresh module add nothing, so that a model begins as it was without; for short trainings."""
        if self.mixer is not None:
            self.mixer.out_proj.weight.zero_()
