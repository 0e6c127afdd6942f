"""The grounding head: keys at prefill, scores per step. Pure tensor functions.

Shape letters: B batch, S sequence, D text width, P image tokens of a prompt, K slots of a pooling window
(subpatches), C width of gathered ViT features, E width of grounding queries and keys, L locations.

Source of the formulas: the MolmoPoint paper, section "Grounding tokens", as its released code computes them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from transformers.models.molmo2.modeling_molmo2 import Molmo2RMSNorm, rotate_half

from molmo_act.models.molmo_point.configuration_molmo_point import MolmoPointConfig

MASKED_PATCH = -1e8
MASKED_SUBPATCH = -1e5
NEVER = -1e5
"""What the released code gives to ids that a step cannot produce."""


def lowest(mask: float, dtype: torch.dtype) -> float:
    """Brings the score of what may not be chosen into the range of a type: float16 ends at -65504.

    Args:
        mask: The score, negative.
        dtype: A floating-point type.

    Returns:
        The score, or the lowest finite number of that type where the score lies below it.

    Example:
        >>> lowest(-1e8, torch.bfloat16), lowest(-1e8, torch.float16)
        (-100000000.0, -65504.0)
    """
    return max(mask, torch.finfo(dtype).min)


def rotate(x: Tensor, positions: Tensor, theta: float) -> Tensor:
    """Rotary embedding on the last axis in the halves layout: dimensions d and d + E/2 turn together.

    The angle of pair d is ``position · theta^(-2d/E)``; computed in float32.

    Args:
        x: (..., E).
        positions: (...) integer positions.
        theta: Base of the geometric series of frequencies.

    Returns:
        float32 (..., E).
    """
    width = x.shape[-1]
    frequencies = theta ** (-torch.arange(0, width, 2, device=x.device, dtype=torch.float32) / width)
    angles = positions[..., None].float() * frequencies
    angles = torch.cat((angles, angles), dim=-1)
    x = x.float()
    turned: Tensor = rotate_half(x)
    return x * angles.cos() + turned * angles.sin()


def patch_scores(q_BSE: Tensor, k_BPE: Tensor, no_more_E: Tensor | None, valid_BP: Tensor) -> Tensor:
    """Score of every image token, and of "no more points" behind them: ``q · k``, indexable rows only.

    Args:
        q_BSE: Queries.
        k_BPE: Keys of the image tokens.
        no_more_E: Key of "no more points"; None for a model without that class.
        valid_BP: Which image tokens may be pointed at.

    Returns:
        (B, S, P + 1), or (B, S, P) without a no-more-points key; rows that are not `valid` get -1e8,
        or the lowest number of the type.
    """
    scores = q_BSE @ k_BPE.to(q_BSE).transpose(-1, -2)
    scores = scores.masked_fill(~valid_BP[:, None], lowest(MASKED_PATCH, scores.dtype))
    if no_more_E is None:
        return scores
    return torch.cat((scores, (q_BSE @ no_more_E.to(q_BSE))[..., None]), dim=-1)


def subpatch_scores(q_NE: Tensor, k_NKE: Tensor, valid_NK: Tensor) -> Tensor:
    """Score of every ViT patch of one pooling window: ``q · k``.

    Args:
        q_NE: Queries.
        k_NKE: Keys of the ViT patches of each query's window.
        valid_NK: Which slots of the window hold a patch.

    Returns:
        (N, K); padded slots get -1e5, or the lowest number of the type.
    """
    scores = (k_NKE @ q_NE[..., None])[..., 0]
    return scores.masked_fill(~valid_NK, lowest(MASKED_SUBPATCH, scores.dtype))


class NoMorePoints(nn.Module):
    """The learned key of "no more points"."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.vector = nn.Parameter(torch.zeros(width))


class GroundingHead(nn.Module):
    """Projections of the grounding head; parameter names are the released ones."""

    def __init__(self, config: MolmoPointConfig) -> None:
        super().__init__()
        text, adapter = config.text_config, config.adapter_config
        features = adapter.hidden_size * len(adapter.vision_feature_layer)
        width = config.patch_embed_dim
        self.theta = (
            config.token_prediction_rotary_theta if config.token_prediction_rotary == "one_d" else None
        )
        self.norm_logits = config.norm_logits
        if config.layer_norm_x:
            self.x_norm = Molmo2RMSNorm(text.hidden_size, eps=text.rms_norm_eps)
        else:
            self.x_norm = nn.Identity()
        self.patch_q = nn.Linear(text.hidden_size, width)
        self.patch_k = nn.Linear(text.hidden_size, width)
        self.subpatch_q = nn.Linear(text.hidden_size, width)
        self.subpatch_k = nn.Linear(features, width)
        self.subpatch_loc_k = nn.Linear(text.hidden_size, config.num_locations)
        self.add_no_point_class_embed = NoMorePoints(width) if config.no_more_points_class else None

    @property
    def no_more_key(self) -> Tensor | None:
        """(E,) key of "no more points"; None when the model has no such class."""
        return None if self.add_no_point_class_embed is None else self.add_no_point_class_embed.vector

    def patch_keys(self, x_BPD: Tensor, positions_BP: Tensor) -> Tensor:
        """Keys of image tokens: ``R(pos)·(W_k norm(x) + b)``.

        Args:
            x_BPD: Hidden states before the final norm.
            positions_BP: Position of each among the indexable image tokens.

        Returns:
            (B, P, E).
        """
        return self._rotate(self.patch_k(self.x_norm(x_BPD)), positions_BP)

    def patch_queries(self, x_BSD: Tensor, positions_BS: Tensor) -> Tensor:
        """Queries of patch steps: ``R(pos)·(W_q norm(x) + b)``.

        Args:
            x_BSD: Hidden states before the final norm.
            positions_BS: Position of the last chosen patch; negative when there is none, for no rotation.

        Returns:
            (B, S, E).
        """
        return self._rotate(self.patch_q(self.x_norm(x_BSD)), positions_BS.clamp_min(0))

    def _rotate(self, x: Tensor, positions: Tensor) -> Tensor:
        return x if self.theta is None else rotate(x, positions, self.theta)

    def scores_of_patches(
        self, x_BSD: Tensor, positions_BS: Tensor, k_BPE: Tensor, valid_BP: Tensor, num_keys_B: Tensor
    ) -> Tensor:
        """Scores ``R(pos)·(W_q norm(x) + b) · k / √(number of keys)`` of all patches.

        Args:
            x_BSD: Hidden states before the final norm.
            positions_BS: Position of the last chosen patch at each step, negative when there is none.
            k_BPE: `patch_keys`.
            valid_BP: Which image tokens may be pointed at.
            num_keys_B: Number of keys of each row, padding left out, "no more points" counted.

        Returns:
            (B, S, P + 1), "no more points" last.
        """
        q_BSE = self.patch_queries(x_BSD, positions_BS)
        if self.norm_logits:
            q_BSE = q_BSE / num_keys_B.to(q_BSE).sqrt()[:, None, None]
        return patch_scores(q_BSE, k_BPE, self.no_more_key, valid_BP)

    def scores_of_subpatches(self, x_ND: Tensor, k_NKE: Tensor, valid_NK: Tensor) -> Tensor:
        """Scores ``(W_q norm(x) + b) · k / √E`` of the window each row has just chosen.

        Args:
            x_ND: Hidden states before the final norm.
            k_NKE: Keys of the ViT patches of the windows.
            valid_NK: Which slots hold a patch.

        Returns:
            (N, K).
        """
        q_NE = self.subpatch_q(self.x_norm(x_ND))
        if self.norm_logits:
            q_NE = q_NE / q_NE.shape[-1] ** 0.5
        return subpatch_scores(q_NE, k_NKE, valid_NK)

    def scores_of_locations(self, x_ND: Tensor) -> Tensor:
        """Scores ``W x + b`` on the state *without* `x_norm`: so do the released weights at inference.

        Args:
            x_ND: Hidden states before the final norm.

        Returns:
            (N, L).
        """
        scores_NL: Tensor = self.subpatch_loc_k(x_ND)
        return scores_NL
