"""The vision tower of Molmo 1: CLIP's, fed with patches, up to the layers that are used."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers.models.clip.modeling_clip import CLIPVisionEmbeddings, CLIPVisionModel

from molmo_act.models.molmo.configuration_molmo import MolmoVisionConfig


class MolmoVisionEmbeddings(CLIPVisionEmbeddings):
    """CLIP's embeddings of patches that are cut already, in a grid of any shape."""

    def __init__(self, config: MolmoVisionConfig) -> None:
        super().__init__(config)
        pixels = config.num_channels * self.patch_size**2
        self.num_positions = config.num_position_embeddings
        self.patch_embedding = nn.Linear(pixels, self.embed_dim, bias=False)
        self.position_embedding = nn.Embedding(self.num_positions, self.embed_dim)
        self.position_ids = nn.Buffer(torch.arange(self.num_positions).expand((1, -1)), persistent=False)

    def forward(self, patches: Tensor, grid: tuple[int, int]) -> Tensor:
        """Embeds patches, a class token before them, and adds their positions.

        Args:
            patches: (crops, patches, pixels of a patch) float; a patch lists its pixels row by row, red,
                green and blue of each.
            grid: Rows and columns of patches.

        Returns:
            (crops, 1 + patches, width).
        """
        embeds = self.patch_embedding(patches.to(self.patch_embedding.weight.dtype))
        classes = self.class_embedding.expand(len(embeds), 1, -1)
        return torch.cat([classes, embeds], dim=1) + self.positions(grid)

    def positions(self, grid: tuple[int, int]) -> Tensor:
        """The table of positions, resized where the grid is not the one that it was learnt on.

        Args:
            grid: Rows and columns of patches.

        Returns:
            (1 + patches, width), that of the class token first.
        """
        table = self.position_embedding.weight
        side = math.isqrt(len(table) - 1)
        if grid == (side, side):
            return table
        square = table[1:].reshape(1, side, side, -1).permute(0, 3, 1, 2).float()
        resized = F.interpolate(square, size=grid, mode="bicubic", align_corners=False, antialias=True)
        return torch.cat((table[:1], resized[0].flatten(1).T.to(table.dtype)))


class MolmoVisionModel(CLIPVisionModel):
    """CLIP's vision tower without its last norm, which gives several of its layers."""

    config_class = MolmoVisionConfig

    def __init__(self, config: MolmoVisionConfig) -> None:
        super().__init__(config)
        self.embeddings = MolmoVisionEmbeddings(config)
        self.post_layernorm = nn.Identity()

    @property
    def layers(self) -> nn.ModuleList:
        """The blocks, first to last."""
        blocks: nn.ModuleList = self.encoder.layers
        return blocks

    def forward(
        self, pixel_values: Tensor, layers: Sequence[int], grid: tuple[int, int] | None = None
    ) -> tuple[Tensor, ...]:
        """Encodes crops; blocks behind the last layer that is wanted are not run.

        Args:
            pixel_values: (crops, patches, pixels of a patch) float, RGB, normalised.
            layers: Which blocks to take the output of; negative ones count from the last.
            grid: Rows and columns of patches; those of a square crop unless given.

        Returns:
            (crops, 1 + patches, width) of each layer, the class token first.
        """
        blocks = self.encoder.layers
        wanted = [layer % len(blocks) for layer in layers]
        side = math.isqrt(pixel_values.shape[1])
        hidden = self.pre_layrnorm(self.embeddings(pixel_values, (side, side) if grid is None else grid))
        found = {}
        for index, block in enumerate(blocks[: max(wanted) + 1]):
            hidden = block(hidden, None)
            if index in wanted:
                found[index] = hidden
        return tuple(found[layer] for layer in wanted)
