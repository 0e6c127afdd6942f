"""Small grounding and decode states with known values, for tests of decoding without a model."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from molmo_act.generation.decode_state import DecodeState
from molmo_act.generation.kv_cache import TreeCache
from molmo_act.generation.prefill import PrefillOutput
from molmo_act.models.molmo_point.grounding_state import ExtendedIds, GroundingState

WORDS = 100
"""Number of words: the first extended id."""


def grounding_state(
    patches: Sequence[int] = (6,), slots: int = 2, locations: int = 3, *, no_more_points: bool = True
) -> GroundingState:
    """Random features of prompts with so many image tokens, all of which can be pointed at."""
    torch.manual_seed(0)
    batch, most = len(patches), max(patches)
    indexable = torch.arange(most) < torch.tensor(patches)[:, None]
    return GroundingState(
        ids=ExtendedIds(WORDS, torch.tensor(patches), slots, locations, no_more_points),
        patch_keys_BPE=torch.randn(batch, most, 8),
        indexable_BP=indexable,
        positions_BP=torch.arange(most).expand(batch, -1).clone(),
        image_features_BPD=torch.randn(batch, most, 4),
        vit_features_BPKC=torch.randn(batch, most, slots, 5),
        subpatch_keys_BPKE=torch.randn(batch, most, slots, 8),
        subpatch_valid_BPK=torch.ones(batch, most, slots, dtype=torch.bool),
        last_patch_B=torch.full((batch,), -1),
    )


def decode_state(
    state: GroundingState, drafts: Sequence[Sequence[int]] = ((),), *, length: int = 5, padding: int = 0
) -> DecodeState:
    """Answers to prompts of so many positions, the first of them padding, before the first choice."""
    batch = len(state.last_patch_B)
    real_BS = (torch.arange(length) >= padding).expand(batch, -1)
    cache = TreeCache(1, batch, 1, length + 40, 2, torch.zeros(1))
    prefilled = PrefillOutput(cache, state, torch.zeros(batch, 1, 4), real_BS, length)
    return DecodeState.from_prefill(prefilled, drafts)
