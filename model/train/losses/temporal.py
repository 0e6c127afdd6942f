"""Encodes the images of packed sequences, each with the frames before it mixed in.

Shape letters: N image tokens of a sequence, M those of all frames before, K slots of a pooling window, C
width of gathered ViT features.
"""

from __future__ import annotations

import torch
from torch import Tensor

from model.train.data.packed_sequence import PackedSequence
from model.train.losses.grounding import encode_images
from molmo_act.models.molmo_point.core import ImageFeatures, MolmoPointModel
from molmo_act.models.molmo_point.tiling import normalize


def encode_with_frames_before(core: MolmoPointModel, batch: PackedSequence) -> ImageFeatures:
    """Runs the vision tower and the connector on the images of a sequence.

    Args:
        core: The model. Without a temporal module frames before are left out.
        batch: The sequence.

    Returns:
        Features of all windows. An image without frames before has those that it has alone.
    """
    if core.temporal is None or not len(batch.before):
        return encode_images(core, batch.patches, batch.pooling_NK)
    windows_NKC = core.gather_windows(normalize(batch.patches), batch.pooling_NK)
    with torch.no_grad():  # as in VideoMolmo's program: only the frame itself teaches the vision tower
        before_MKC = core.gather_windows(normalize(batch.before), batch.before_pooling_MK)
    mean_NKC, count_N = mean_of_frames(before_MKC, batch.before_of_M, len(windows_NKC))
    valid_NK, mixed = batch.pooling_NK >= 0, count_N > 0
    features_ND = windows_NKC.new_zeros(len(windows_NKC), core.config.text_config.hidden_size)
    for rows, mean in ((mixed, mean_NKC[mixed]), (~mixed, None)):
        if rows.any():
            pooled = core.pool_windows(windows_NKC[rows], valid_NK[rows], mean).features_ND
            features_ND = features_ND.to(pooled.dtype).index_put((rows.nonzero()[:, 0],), pooled)
    return ImageFeatures(windows_NKC, valid_NK, features_ND)


def mean_of_frames(before_MKC: Tensor, of_M: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Averages the windows of frames before, place by place.

    Args:
        before_MKC: Windows of all frames before.
        of_M: The image token of which each is the place.
        count: Number of image tokens, N.

    Returns:
        (N, K, C), zero where there is no frame before; and (N,), how many frames there are.
    """
    count_N = torch.bincount(of_M, minlength=count)
    sum_NKC = before_MKC.new_zeros(count, *before_MKC.shape[1:]).index_add(0, of_M, before_MKC)
    return sum_NKC / count_N.clamp_min(1)[:, None, None], count_N
