"""What all models do with the crops of a batch: encode them a few at a time, gather windows, add features.

Shape letters: B batch, S sequence, D text width, N image tokens of a whole batch, K slots of a pooling
window, C width of gathered ViT features.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from molmo_act.errors import InputError
from molmo_act.formats import crop_geometry

CROPS_AT_ONCE = crop_geometry.CROPS_AT_ONCE
"""That the vision tower reads at once: it keeps the states of all layers as long, so this bounds memory."""


def encode_crops(encode: Callable[..., Tensor], *per_crop: Tensor) -> Tensor:
    """Encodes crops a few at a time; all at once where gradients are wanted.

    Args:
        encode: Takes some crops of each of `per_crop`, and gives (crops, patches, C).
        per_crop: Tensors with a row for every crop, pixels first.

    Returns:
        (crops, patches, C).
    """
    at_once = len(per_crop[0]) if torch.is_grad_enabled() else CROPS_AT_ONCE
    parts = zip(*(torch.split(tensor, at_once) for tensor in per_crop), strict=True)
    return torch.cat([encode(*part) for part in parts])


def gather_windows(features: Tensor, pooling_NK: Tensor) -> Tensor:
    """Gathers the features of the patches of every pooling window.

    Args:
        features: (crops, patches, C).
        pooling_NK: Patch ids over all crops, crop by crop; -1 for an empty slot.

    Returns:
        (N, K, C), zero in empty slots.
    """
    filled_NK1 = (pooling_NK >= 0)[..., None].to(features.dtype)
    return features.flatten(0, 1)[pooling_NK.clamp_min(0)] * filled_NK1


def add_image_features(embeds_BSD: Tensor, where_BS: Tensor, features_ND: Tensor) -> Tensor:
    """Adds image features to the embeddings of image tokens, in order.

    Args:
        embeds_BSD: Embeddings of prompts.
        where_BS: bool, which tokens are image tokens.
        features_ND: Features of all image tokens of the batch.

    Returns:
        (B, S, D).

    Raises:
        InputError: There are more or fewer image tokens than features.
    """
    if int(where_BS.sum()) != len(features_ND):
        raise InputError(
            f"The prompt has {int(where_BS.sum())} image tokens but the images give "
            f"{len(features_ND)}; both must come from one call of the processor."
        )
    where = where_BS[..., None].expand_as(embeds_BSD)
    return embeds_BSD.masked_scatter(where, embeds_BSD[where] + features_ND.to(embeds_BSD.dtype).flatten())
