"""The connector: pools windows of ViT patches and projects them to the language model.

Shape letters: N image tokens of a whole batch, K slots of a pooling window, C width of gathered ViT features,
D text width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from transformers.masking_utils import create_bidirectional_mask
from transformers.models.molmo2.modeling_molmo2 import Molmo2Adapter

from molmo_act.models.molmo_point.configuration_molmo_point import MolmoPointAdapterConfig


class SlotBias(nn.Module):
    """A learned bias for each slot of a pooling window."""

    def __init__(self, slots: int, width: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(slots, width))


class MolmoPointAdapter(Molmo2Adapter):
    """The native connector, fed with gathered windows and with the released options."""

    config_class = MolmoPointAdapterConfig

    def __init__(self, config: MolmoPointAdapterConfig) -> None:
        super().__init__(config)
        if not config.attention_pooling_out_layer:
            self.image_pooling_2d.o_proj = nn.Identity()
        if config.positional_embeddings:
            width = config.hidden_size * len(config.vision_feature_layer)
            self.positional_embeddings = SlotBias(config.positional_embeddings, width)

    def forward(self, windows_NKC: Tensor, valid_NK: Tensor) -> Tensor:
        """Pools each window and projects it to the width of the language model.

        Args:
            windows_NKC: Gathered ViT features, zero in empty slots.
            valid_NK: Which slots hold a patch; every window has at least one.

        Returns:
            (N, D).
        """
        if self.config.positional_embeddings:
            windows_NKC = windows_NKC + self.positional_embeddings.bias[: windows_NKC.shape[1]]
        mask = None
        if self.config.pooling_attention_mask:
            mask = create_bidirectional_mask(
                config=self.config,
                inputs_embeds=windows_NKC[:, :1],
                attention_mask=valid_NK,
                encoder_hidden_states=windows_NKC,
            )
        else:
            windows_NKC = windows_NKC * valid_NK[..., None].to(windows_NKC.dtype)
        count_N11 = valid_NK.sum(-1).clamp_min(1)[:, None, None].to(windows_NKC.dtype)
        mean_N1C = windows_NKC.sum(-2, keepdim=True) / count_N11
        pooled_N1D, _ = self.image_pooling_2d(mean_N1C, windows_NKC, attention_mask=mask)
        projected_ND: Tensor = self.image_projector(pooled_N1D[:, 0])
        return projected_ND
