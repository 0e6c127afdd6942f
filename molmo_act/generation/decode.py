"""Decode steps: a forward pass over drafted tokens, the choices, and what of the draft was right.

Shape letters: B rows still decoding, W fed tokens, N tokens along the branch that is read, D text width, P
image tokens of a prompt, S positions of the cache.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from molmo_act.formats.exact_plan import ExactPlan
from molmo_act.formats.grounding_tokens import AnswerGrammar
from molmo_act.formats.order_rules import allowed_subpatches
from molmo_act.generation.decode_state import DecodeState, StepChoices, StepOutput, StopCriteria
from molmo_act.generation.kv_cache import TreeCache
from molmo_act.generation.limits import NONE
from molmo_act.generation.prefill import PrefillOutput
from molmo_act.generation.sampling import (
    Choice,
    DecodingRules,
    ExactConstraints,
    OrderConstraints,
    choose_location,
    choose_subpatch,
    choose_token,
)
from molmo_act.generation.step_plan import StepPlan
from molmo_act.models.molmo_point.exact_points import Places
from molmo_act.models.molmo_point.grounding_state import GroundingState
from molmo_act.models.molmo_point.modeling_molmo_point import MolmoPointForConditionalGeneration
from molmo_act.models.molmo_point.step_blocks import StepBlocks


class Decoder:
    """Decodes batches of prompts with images.

    Args:
        model: MolmoPoint.
        grammar: Ids that answers are made of.
        rules: How the model decodes.
        cache: Holds the keys and values of the prompts.
        max_points: An answer ends after this many complete points; None for no bound.
        exactly: Number of points of every answer; None for as many as the model finds.
        max_new_tokens: An answer is truncated after this many ids.
        static_shapes: Whether every step has the same shapes and reads nothing back from the device, as a
            CUDA graph needs it; else steps are as narrow as the rows allow.
    """

    def __init__(
        self,
        model: MolmoPointForConditionalGeneration,
        grammar: AnswerGrammar,
        rules: DecodingRules,
        cache: TreeCache,
        max_points: int | None,
        exactly: int | None,
        max_new_tokens: int,
        *,
        static_shapes: bool = False,
    ) -> None:
        self._model, self._rules, self._cache = model, rules, cache
        self._static_shapes = static_shapes
        language_model = model.model.language_model
        fits = not static_shapes and StepBlocks.fits(language_model)
        self._blocks = StepBlocks(language_model) if fits else None
        self._numbers = torch.tensor(grammar.numbers, device=model.device)
        self._closing = torch.tensor(grammar.closing, device=model.device)
        ends = torch.tensor(sorted(grammar.end_ids), device=model.device)
        self._stop = StopCriteria(model.config.extended_vocab_start, ends, max_points, max_new_tokens)
        self._exactly, self._kinds, self._left = exactly, *(torch.empty(0),) * 2
        if exactly is not None:
            plan = ExactPlan.of(grammar, exactly, model.config)
            self._kinds = torch.tensor(plan.kinds, device=model.device)
            self._left = torch.tensor(plan.left, device=model.device)

    def start(
        self, prefilled: PrefillOutput, opening: Sequence[int], drafts: Sequence[Sequence[int]]
    ) -> tuple[DecodeState, StepOutput, Tensor]:
        """Begins the answers to prompts.

        Args:
            prefilled: The prompts, with the drafted opening of the answers behind them.
            opening: Ids of that draft.
            drafts: For each prompt the drafted end of its answer.

        Returns:
            The state of the answers, their first ids, and (B,) the probability that each begins with the
            first id of the opening.
        """
        rows = DecodeState.from_prefill(prefilled, drafts)
        device = self._model.device
        fed_BN = torch.tensor([NONE, *opening], device=device).expand(len(rows.prompt_index_B), -1)
        constraints = OrderConstraints(
            last_patch=rows.last_patch_B[:, None],
            last_slot=rows.last_slot_B[:, None],
            ended=rows.ended_B[:, None],
            words_only=torch.arange(fed_BN.shape[1], device=device) == 0,  # a prompt opens no point
            just_ended=torch.zeros_like(fed_BN, dtype=torch.bool),
            exact=self._exact(rows, prefilled.state, 0, fed_BN.shape[1]),
        )
        choice = choose_token(self._model, prefilled.x_BWD, constraints, prefilled.state, self._rules)
        completes_B = torch.zeros_like(rows.num_points_B)
        choices = StepChoices(
            fed_BN, choice.ids, choice.probabilities, choice.patch_probabilities, completes_B, choice.refused
        )
        output = rows.accept(choices, self._stop)
        return rows, output, choice.word_logits[:, 0].softmax(-1)[:, opening[0]]

    def step(self, rows: DecodeState, state: GroundingState) -> StepOutput:
        """Feeds what is pending with its draft, and accepts what was right of it.

        Args:
            rows: The answers so far; advanced in place.
            state: Grounding state of their prompts.

        Returns:
            The ids that the answers take.
        """
        plan = StepPlan.make(rows, state, self._numbers, self._closing, static_shapes=self._static_shapes)
        length_B = rows.length_B
        x_BWD = self._forward(rows, plan, state)
        slot_B, location_B, part_probabilities = self._read_point(x_BWD, plan, rows, state)
        branch_BN = plan.branch(slot_B.clamp_min(0))
        x_BND = x_BWD.gather(1, branch_BN[..., None].expand(-1, -1, x_BWD.shape[-1]))[:, plan.first_choice :]
        exact = self._exact(rows, state, plan.first_choice, plan.length)
        fed_BN = plan.fed_ids(slot_B, location_B, state)
        constraints = _constraints(plan, rows, slot_B, fed_BN, exact)
        choice = choose_token(self._model, x_BND, constraints, state, self._rules)
        output = rows.accept(_step_choices(plan, fed_BN, choice, part_probabilities), self._stop)
        if plan.has_points:
            positions = length_B[:, None] + torch.arange(branch_BN.shape[1], device=branch_BN.device)
            self._cache.move(length_B[:, None] + branch_BN, positions)
            rows.last_patch_B = torch.where(plan.is_point_B, plan.patch_B, rows.last_patch_B)
            rows.last_slot_B = torch.where(plan.is_point_B & (slot_B >= 0), slot_B, rows.last_slot_B)
        return output

    def _forward(self, rows: DecodeState, plan: StepPlan, state: GroundingState) -> Tensor:
        """(B, W, D) hidden states of what is fed; it lies in the cache behind what is in use."""
        core = self._model.model
        embeds, depth_BW, attends_BWW = plan.inputs(core, state)
        positions_BW = rows.length_B[:, None] + torch.arange(plan.width, device=embeds.device)
        end = self._cache.capacity if self._static_shapes else int(positions_BW.max()) + 1
        used_BS = rows.real_BS[:, :end] & (torch.arange(end, device=embeds.device) < rows.length_B[:, None])
        mask_BWS = used_BS[:, None].repeat(1, plan.width, 1)
        mask_BWS.scatter_(2, positions_BW[:, None].expand(-1, plan.width, -1), attends_BWW)
        self._cache.prepare(positions_BW, end, in_line=len(positions_BW) == 1 and not self._static_shapes)
        position_ids = (rows.length_B - rows.padding_B)[:, None] + depth_BW
        if self._blocks is not None:
            return self._blocks(embeds, mask_BWS[:, None], position_ids, self._cache)
        hidden: Tensor = core.language_model(
            inputs_embeds=embeds,
            attention_mask=mask_BWS[:, None],
            position_ids=position_ids,
            past_key_values=self._cache,
            use_cache=True,
        ).last_hidden_state
        return hidden

    def _read_point(
        self, x_BWD: Tensor, plan: StepPlan, rows: DecodeState, state: GroundingState
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Slot and location of the points, meaningless in other rows, and the probability of each part."""
        slot_B = location_B = torch.zeros_like(rows.pending_id_B)
        if not plan.has_points:
            return slot_B, location_B, []
        core = self._model.model
        allowed_BK = self._allowed_subpatches(plan, rows, state)
        slot_B, probability_B = choose_subpatch(core, x_BWD[:, 0], plan.patch_B, state, allowed_BK)
        probabilities = [probability_B]
        if plan.tree.has_locations:
            node_B = plan.tree.branch(slot_B.clamp_min(0))[:, 1]
            location_B, probability_B = choose_location(core, state.window(x_BWD, node_B))
            probabilities.append(probability_B)
        return slot_B, location_B, probabilities

    def _allowed_subpatches(self, plan: StepPlan, rows: DecodeState, state: GroundingState) -> Tensor:
        """Which slots of the pending patches may be chosen, bool (B, K), or (K,) for all rows."""
        last = rows.last_patch_B, rows.last_slot_B
        if self._exactly is None:
            slot_K = torch.arange(state.ids.num_subpatches, device=plan.patch_B.device)
            allowed: Tensor = allowed_subpatches(slot_K, plan.patch_B, *last, self._rules.order_rules)
            return allowed
        left_B = (self._exactly - 1 - rows.num_points_B).clamp_min(0)
        patch, last_patch, last_slot, left = (each[:, None] for each in (plan.patch_B, *last, left_B))
        return self._places(state).subpatches(patch, last_patch, last_slot, left)[:, 0]

    def _exact(
        self, rows: DecodeState, state: GroundingState, first: int, end: int
    ) -> ExactConstraints | None:
        """What has to come behind the nodes from `first` to `end` of each row's branch."""
        if self._exactly is None:
            return None
        place_BN = rows.num_ids_B[:, None] + torch.arange(first, end, device=self._kinds.device)
        place_BN = place_BN.clamp_max(len(self._kinds) - 1)
        return ExactConstraints(self._kinds[place_BN], self._left[place_BN], self._places(state))

    def _places(self, state: GroundingState) -> Places:
        return Places.of(state.subpatch_valid_BPK, state.indexable_BP, self._rules.order_rules)


def _constraints(
    plan: StepPlan, rows: DecodeState, slot_B: Tensor, fed_BN: Tensor, exact: ExactConstraints | None
) -> OrderConstraints:
    """What earlier points forbid where words and patches compete.

    Right behind its last part, a point's own slot does not count yet: so the released rules look back.
    """
    node_N = torch.arange(plan.first_choice, plan.length, device=slot_B.device)
    own_BN = plan.is_point_B[:, None] & (node_N >= plan.tree.levels)
    last_patch_B = torch.where(plan.is_point_B, plan.patch_B, rows.last_patch_B)
    return OrderConstraints(
        last_patch=last_patch_B[:, None],
        last_slot=torch.where(own_BN, slot_B[:, None], rows.last_slot_B[:, None]),
        ended=rows.ended_B[:, None],
        words_only=torch.zeros_like(own_BN),
        just_ended=((fed_BN == rows.no_more_points_id_B[:, None]) & (fed_BN >= 0))[:, plan.first_choice :],
        exact=exact,
    )


def _step_choices(
    plan: StepPlan, fed_BN: Tensor, choice: Choice, part_probabilities: list[Tensor]
) -> StepChoices:
    """Choices along the branch: the parts of a point were chosen before, the rest by `choose_token`."""
    first, parts = plan.first_choice, plan.tree.levels - 1
    ids_BN, shares_BN = F.pad(choice.ids, (first, 0)), F.pad(choice.probabilities, (first, 0))
    refused_BN = F.pad(choice.refused, (first, 0))
    completes_B = torch.zeros_like(fed_BN[:, 0])
    if plan.has_points:
        point = plan.is_point_B[:, None]
        # Where no slot was left nothing is legal: the released code then takes the first word there is.
        own_ids = fed_BN[:, 1 : parts + 1].clamp_min(0)
        ids_BN = torch.cat((torch.where(point, own_ids, ids_BN[:, :parts]), ids_BN[:, parts:]), dim=1)
        own = torch.stack(part_probabilities, dim=1).to(shares_BN) * (fed_BN[:, 1 : parts + 1] >= 0)
        shares_BN = torch.cat((torch.where(point, own, shares_BN[:, :parts]), shares_BN[:, parts:]), dim=1)
        refused_BN = torch.cat((refused_BN[:, :parts] & ~point, refused_BN[:, parts:]), dim=1)
        whole_B = plan.is_point_B & (fed_BN[:, 1] >= 0)
        completes_B = (whole_B & (ids_BN[:, parts] < plan.first_extended_id)).long()
    return StepChoices(fed_BN, ids_BN, shares_BN, choice.patch_probabilities, completes_B, refused_BN)
