"""Chooses what comes next by the released rules: words against the best patch, subpatches, locations.

Shape letters: B batch, N positions of each row at which a choice is made, D text width, V words, P image
tokens of a prompt, K slots of a pooling window, E width of grounding keys.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from molmo_act.formats.exact_plan import NO_MORE, PATCH
from molmo_act.formats.order_rules import OrderRules, allowed_patches
from molmo_act.models.molmo_point.core import MolmoPointModel
from molmo_act.models.molmo_point.exact_points import Places
from molmo_act.models.molmo_point.grounding_head import NEVER
from molmo_act.models.molmo_point.grounding_state import GroundingState
from molmo_act.models.molmo_point.modeling_molmo_point import MolmoPointForConditionalGeneration

FEW_ROWS = 4, 8


@dataclass(frozen=True)
class DecodingRules:
    """How a model decodes.

    Attributes:
        order: "reference": the best patch of all competes with words, and when the order of points forbids
            it a word is chosen, as in the released code. "masked": the best of the allowed patches competes,
            as in training, and behind "no more points" the list ends.
        order_rules: Which orders and repeats are forbidden.
        list_end: First id of the words that end a list of points.
    """

    order: str
    order_rules: OrderRules
    list_end: int


@dataclass(frozen=True)
class OrderConstraints:
    """What earlier points forbid at each position. All (B, N), or broadcast to it.

    Attributes:
        last_patch: int64, patch of the last complete point, -1 when there is none.
        last_slot: int64, slot of the last complete point, -1 when there is none.
        ended: bool, whether "no more points" was chosen.
        words_only: bool, whether nothing but words may come, whatever the scores.
        just_ended: bool, whether "no more points" came right before.
        exact: What has to come; None where the number of points is the model's choice.
    """

    last_patch: Tensor
    last_slot: Tensor
    ended: Tensor
    words_only: Tensor
    just_ended: Tensor
    exact: ExactConstraints | None = None


@dataclass(frozen=True)
class ExactConstraints:
    """What has to come in answers with exactly n points, see `molmo_act.models.molmo_point.exact_points`.

    Attributes:
        kind: int64 (B, N), id of a word, or a kind of `ExactPlan`.
        left: int64 (B, N), how many points must still fit behind the next one.
        places: Where points fit.
    """

    kind: Tensor
    left: Tensor
    places: Places


@dataclass(frozen=True)
class Choice:
    """What was chosen at each position.

    Attributes:
        ids: (B, N).
        probabilities: (B, N), probability of each id among the ids of its kind.
        patch_probabilities: (B, N, P + 1), probability of every patch, "no more points" last.
        word_logits: (B, N, V).
        refused: bool (B, N), where the best patch lies before the last point, so that a word was chosen.
    """

    ids: Tensor
    probabilities: Tensor
    patch_probabilities: Tensor
    word_logits: Tensor
    refused: Tensor


def choose_token(
    model: MolmoPointForConditionalGeneration,
    x_BND: Tensor,
    constraints: OrderConstraints,
    state: GroundingState,
    rules: DecodingRules,
) -> Choice:
    """Chooses the best legal id where words and patches compete; the best patch has the patch word's logit.

    Args:
        model: MolmoPoint.
        x_BND: Hidden states of the language model before its final norm.
        constraints: What earlier points forbid.
        state: Grounding state of the prompts.
        rules: How the model decodes.

    Returns:
        The ids with their probabilities.
    """
    config = model.config
    words_BNV = _word_logits(model, x_BND)
    patch_word_BN = words_BNV[..., config.patch_token_id].clone()
    for word in model.grounding_words:  # one by one: a list would first be copied to the device
        words_BNV[..., word].fill_(NEVER)
    best_word = words_BNV.max(-1)
    scores_BNP = _patch_scores(model.model, x_BND, constraints, state)
    allowed_BNP = _allowed_patches(constraints, state, scores_BNP.shape[-1], rules.order_rules)
    masked = rules.order == "masked"
    ranked = scores_BNP.masked_fill(~allowed_BNP, -torch.inf) if masked else scores_BNP
    patch_BN = torch.minimum(ranked.argmax(-1), state.ids.num_patches_B[:, None])
    may_BN = allowed_BNP.gather(-1, patch_BN[..., None])[..., 0]
    wins_BN = patch_word_BN > best_word.values
    takes_BN, word_BN = may_BN & wins_BN, best_word.indices
    refused_BN = ~may_BN & wins_BN & ~(constraints.ended | constraints.words_only)
    if masked:
        word_BN = torch.where(constraints.just_ended, rules.list_end, word_BN)
    if constraints.exact is not None:
        takes_BN, patch_BN, word_BN = _exact_choice(constraints, scores_BNP, patch_BN, word_BN, state)
        refused_BN = torch.zeros_like(refused_BN)
    shares_BNP = patch_probabilities(scores_BNP, constraints.last_patch, state, config.score_temperature)
    column_BN = torch.where(patch_BN == state.ids.num_patches_B[:, None], shares_BNP.shape[-1] - 1, patch_BN)
    word_logit_BN = words_BNV.gather(-1, word_BN[..., None])[..., 0]
    word_probability = (word_logit_BN - words_BNV.logsumexp(-1)).exp()
    patch_probability = shares_BNP.gather(-1, column_BN[..., None])[..., 0]
    return Choice(
        ids=torch.where(takes_BN, state.ids.start + patch_BN, word_BN),
        probabilities=torch.where(takes_BN, patch_probability, word_probability),
        patch_probabilities=shares_BNP,
        word_logits=words_BNV,
        refused=refused_BN,
    )


def _exact_choice(
    constraints: OrderConstraints,
    scores_BNP: Tensor,
    patch_BN: Tensor,
    word_BN: Tensor,
    state: GroundingState,
) -> tuple[Tensor, Tensor, Tensor]:
    """Whether a patch is taken, which one, and which word else, after what has to come."""
    assert constraints.exact is not None
    kind = constraints.exact.kind
    last_patch, last_slot = (each.expand_as(kind) for each in (constraints.last_patch, constraints.last_slot))
    fits_BNP = constraints.exact.places.patches(last_patch, last_slot, constraints.exact.left)
    fits_BNP = F.pad(fits_BNP, (0, scores_BNP.shape[-1] - fits_BNP.shape[-1]))
    fitting_BN = scores_BNP.masked_fill(~fits_BNP, -torch.inf).argmax(-1)
    patch_BN = torch.where(kind == PATCH, fitting_BN, patch_BN)
    patch_BN = torch.where(kind == NO_MORE, state.ids.num_patches_B[:, None], patch_BN)
    takes_BN = (kind == PATCH) | (kind == NO_MORE)
    return takes_BN, patch_BN, torch.where(kind >= 0, kind, word_BN)


def _word_logits(model: MolmoPointForConditionalGeneration, x_BND: Tensor) -> Tensor:
    """(B, N, V) float32. With a few rows, the CPU's product is several times faster the other way round."""
    x_BND = model.model.final_norm(x_BND)
    batch, positions, width = x_BND.shape
    rows = batch * positions
    logits: Tensor
    if x_BND.device.type == "cpu" and FEW_ROWS[0] <= rows <= FEW_ROWS[1] and type(model.lm_head) is nn.Linear:
        flat_RD = x_BND.reshape(rows, width)
        logits = (model.lm_head.weight @ flat_RD.T).T.reshape(batch, positions, -1).float()
    else:
        logits = model.lm_head(x_BND).float()
    return logits


def _patch_scores(
    core: MolmoPointModel, x_BND: Tensor, constraints: OrderConstraints, state: GroundingState
) -> Tensor:
    last_BN = constraints.last_patch.expand(x_BND.shape[:2])
    position_BN = state.positions_BP.gather(1, last_BN.clamp_min(0))
    return core.point_predictor.scores_of_patches(
        x_BND,
        torch.where(last_BN < 0, -1, position_BN),
        state.patch_keys_BPE,
        state.indexable_BP,
        state.ids.subpatch_start_B,
    ).float()


def _allowed_patches(
    constraints: OrderConstraints, state: GroundingState, columns: int, order: OrderRules
) -> Tensor:
    """(B, N, P + 1); the last column, and that of a shorter row's own number, mean "no more points"."""
    may = ~(constraints.ended | constraints.words_only)
    last, slots = (constraints.last_patch, constraints.last_slot), state.ids.num_subpatches
    index = torch.arange(columns, device=constraints.last_patch.device)
    allowed: Tensor = may[..., None] & allowed_patches(index, *last, slots, order)
    return allowed


def patch_probabilities(
    scores_BNP: Tensor, last_patch: Tensor, state: GroundingState, temperature: float | None
) -> Tensor:
    """Turns patch scores into probabilities.

    With a temperature τ (`score_temperature` of the configuration), raw scores q·k are divided by τ instead
    of by the square root of the number of keys, so that a probability means the same on large and on small
    images.

    Args:
        scores_BNP: Scores of the grounding head, with or without a column for "no more points".
        last_patch: (B, N) patch of the last complete point, -1 when there is none; patches before it get 0.
        state: Grounding state of the prompts.
        temperature: τ; None for the scores as the model gives them.

    Returns:
        (B, N, P + 1), "no more points" last; 0 where the model has no such class.
    """
    if temperature is not None:
        keys_B = state.ids.subpatch_start_B.float()
        scores_BNP = scores_BNP * (keys_B.sqrt() / temperature)[:, None, None]
    index_P = torch.arange(scores_BNP.shape[-1], device=scores_BNP.device)
    shares_BNP = scores_BNP.masked_fill(index_P < last_patch[..., None], -torch.inf).softmax(-1)
    return shares_BNP if state.ids.no_more_points else F.pad(shares_BNP, (0, 1))


def choose_subpatch(
    core: MolmoPointModel, x_BD: Tensor, patch_B: Tensor, state: GroundingState, allowed_BK: Tensor
) -> tuple[Tensor, Tensor]:
    """Chooses the slot of a patch; inside one patch points go forward too.

    Args:
        core: The model without its LM head.
        x_BD: Hidden states of the patches.
        patch_B: The chosen patches.
        state: Grounding state of the prompts.
        allowed_BK: Which slots may be chosen; (K,) for the same in all rows.

    Returns:
        (B,) slots, and (B,) their probabilities. The slot is -1 where none is left, which happens when a
        patch whose last slot was used is chosen again.
    """
    scores_BK = core.point_predictor.scores_of_subpatches(
        x_BD,
        state.window(state.subpatch_keys_BPKE, patch_B),
        state.window(state.subpatch_valid_BPK, patch_B),
    ).float()
    best = scores_BK.masked_fill(~allowed_BK, -torch.inf).max(-1)
    probability_B = scores_BK.softmax(-1).gather(-1, best.indices[:, None])[:, 0]
    return torch.where(best.values > -torch.inf, best.indices, -1), probability_B


def choose_location(core: MolmoPointModel, x_BD: Tensor) -> tuple[Tensor, Tensor]:
    """Chooses the location inside a ViT patch.

    Args:
        core: The model without its LM head.
        x_BD: Hidden states of the subpatches.

    Returns:
        (B,) locations, and (B,) their probabilities.
    """
    best = core.point_predictor.scores_of_locations(x_BD).float().softmax(-1).max(-1)
    return best.indices, best.values
