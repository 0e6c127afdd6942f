"""What comes next by the released rules: words against the best patch, subpatches, locations. Pure functions.

Shape letters: B batch, N positions of each row at which a choice is made, D text width, V words, P image
tokens of a prompt, K slots of a window, E width of grounding keys.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from molmo_act.modeling.core import MolmoPointModel
from molmo_act.modeling.grounding_state import GroundingState
from molmo_act.modeling.logits_processor import OrderRules
from molmo_act.modeling.molmo_point import NEVER, MolmoPointForConditionalGeneration

FEW_ROWS = 8


@dataclass(frozen=True)
class Rules:
    """How a model decodes.

    Attributes:
        mode: "reference": the best patch of all competes with words, and when the order of points forbids it
            a word is chosen, as in the released code. "masked": the best of those that are allowed, as in
            training.
        order: Which orders and repeats are forbidden, see `logits_processor.OrderRules`.
    """

    mode: str
    order: OrderRules


@dataclass(frozen=True)
class Standing:
    """What earlier points forbid at a position. All (B, N), or broadcast to it.

    Attributes:
        last_patch: Patch of the last complete point, -1 when there is none.
        last_slot: Slot of the last complete point, -1 when there is none.
        ended: "No more points" has been said.
        no_points: Nothing but words may come, whatever the scores.
    """

    last_patch: Tensor
    last_slot: Tensor
    ended: Tensor
    no_points: Tensor


@dataclass(frozen=True)
class Choice:
    """What was chosen.

    Attributes:
        ids: (B, N).
        chance: (B, N) probability of each among its own kind.
        patches: (B, N, P + 1) probability of every patch, "no more points" last.
        words: (B, N, V) scores of all words.
    """

    ids: Tensor
    chance: Tensor
    patches: Tensor
    words: Tensor


def choose(
    model: MolmoPointForConditionalGeneration,
    x_BND: Tensor,
    standing: Standing,
    state: GroundingState,
    rules: Rules,
) -> Choice:
    """The best legal id where words and patches compete; the best patch has the logit of the patch word."""
    config = model.config
    words_BNV = _word_scores(model, x_BND)
    patch_word_BN = words_BNV[..., config.patch_token_id].clone()
    for word in model.grounding_words:  # one by one: a list would first be copied to the device
        words_BNV[..., word].fill_(NEVER)
    best_word = words_BNV.max(-1)
    scores_BNP = _patch_scores(model.model, x_BND, standing, state)
    allowed_BNP = _allowed_patches(standing, state, scores_BNP.shape[-1], rules.order)
    ranked = scores_BNP if rules.mode == "reference" else scores_BNP.masked_fill(~allowed_BNP, -torch.inf)
    patch_BN = torch.minimum(ranked.argmax(-1), state.ids.num_patches_B[:, None])
    may_BN = allowed_BNP.gather(-1, patch_BN[..., None])[..., 0]
    takes_BN = may_BN & (patch_word_BN > best_word.values)
    chances_BNP = patch_chances(scores_BNP, standing.last_patch, state, config.score_temperature)
    column_BN = torch.where(patch_BN == state.ids.num_patches_B[:, None], chances_BNP.shape[-1] - 1, patch_BN)
    word_chance = (best_word.values - words_BNV.logsumexp(-1)).exp()
    patch_chance = chances_BNP.gather(-1, column_BN[..., None])[..., 0]
    return Choice(
        ids=torch.where(takes_BN, state.ids.start + patch_BN, best_word.indices),
        chance=torch.where(takes_BN, patch_chance, word_chance),
        patches=chances_BNP,
        words=words_BNV,
    )


def _word_scores(model: MolmoPointForConditionalGeneration, x_BND: Tensor) -> Tensor:
    """(B, N, V) float32. With a few rows, the CPU's product is faster the other way round, several times."""
    x_BND = model.model.final_norm(x_BND)
    rows = x_BND.flatten(0, 1)
    if x_BND.device.type == "cpu" and 1 < len(rows) <= FEW_ROWS and type(model.lm_head) is nn.Linear:
        return (model.lm_head.weight @ rows.T).T.unflatten(0, x_BND.shape[:2]).float()
    return model.lm_head(x_BND).float()


def _patch_scores(core: MolmoPointModel, x_BND: Tensor, standing: Standing, state: GroundingState) -> Tensor:
    last_BN = standing.last_patch.expand(x_BND.shape[:2])
    position_BN = state.positions_BP.gather(1, last_BN.clamp_min(0))
    return core.point_predictor.scores_of_patches(
        x_BND,
        torch.where(last_BN < 0, -1, position_BN),
        state.patch_keys_BPE,
        state.indexable_BP,
        state.ids.subpatch_start_B,
    ).float()


def _allowed_patches(standing: Standing, state: GroundingState, columns: int, order: OrderRules) -> Tensor:
    """(B, N, P + 1); the last column, and that of a shorter row's own number, mean "no more points"."""
    index_P = torch.arange(columns, device=state.last_patch_B.device)
    last = standing.last_patch[..., None]
    allowed = (~(standing.ended | standing.no_points))[..., None].expand(*([-1] * last.ndim)[:-1], columns)
    if order.force_patch_sorted:
        allowed = allowed & (index_P >= last)
    if order.force_subpatch_sorted and order.prevent_repeats:
        used_up = (standing.last_slot == state.ids.num_subpatches - 1)[..., None]
        allowed = allowed & ~((index_P == last) & used_up)
    return allowed


def patch_chances(
    scores_BNP: Tensor, last_patch: Tensor, state: GroundingState, temperature: float | None
) -> Tensor:
    """(B, N, P + 1) probability of every patch, "no more points" last, those before the last one left out.

    Where a model has no such class its probability is zero.

    With a temperature τ (`score_temperature` of the configuration), raw scores q·k are divided by τ instead
    of by the square root of the number of keys, so that a probability means the same on large and on small
    pictures.
    """
    if temperature is not None:
        keys_B = state.ids.subpatch_start_B.float()
        scores_BNP = scores_BNP * (keys_B.sqrt() / temperature)[:, None, None]
    index_P = torch.arange(scores_BNP.shape[-1], device=scores_BNP.device)
    chances_BNP = scores_BNP.masked_fill(index_P < last_patch[..., None], -torch.inf).softmax(-1)
    return chances_BNP if state.ids.no_more_points else F.pad(chances_BNP, (0, 1))


def choose_subpatch(
    core: MolmoPointModel,
    x_BD: Tensor,
    patch_B: Tensor,
    last_patch_B: Tensor,
    last_slot_B: Tensor,
    state: GroundingState,
    order: OrderRules,
) -> tuple[Tensor, Tensor]:
    """(B,) slot of the chosen patch, and its probability; inside one patch points go forward too.

    The slot is -1 where none is left, which happens when a patch whose last slot was used is chosen again.
    """
    scores_BK = core.point_predictor.scores_of_subpatches(
        x_BD,
        state.window(state.subpatch_keys_BPKE, patch_B),
        state.window(state.subpatch_valid_BPK, patch_B),
    ).float()
    allowed_BK = scores_BK
    if order.force_subpatch_sorted:
        again_B = (last_patch_B == patch_B) & (last_slot_B >= 0)
        index_K = torch.arange(scores_BK.shape[-1], device=scores_BK.device)
        passed_BK = again_B[:, None] & (index_K < last_slot_B[:, None] + int(order.prevent_repeats))
        allowed_BK = scores_BK.masked_fill(passed_BK, -torch.inf)
    best = allowed_BK.max(-1)
    chance_B = scores_BK.softmax(-1).gather(-1, best.indices[:, None])[:, 0]
    return torch.where(best.values > -torch.inf, best.indices, -1), chance_B


def choose_location(core: MolmoPointModel, x_BD: Tensor) -> tuple[Tensor, Tensor]:
    """(B,) location inside the chosen ViT patch, and its probability."""
    best = core.point_predictor.scores_of_locations(x_BD).float().softmax(-1).max(-1)
    return best.indices, best.values
