"""One step of decoding after another: a forward pass, the choices, what of the draft was right.

Shape letters: B rows still decoding, W fed tokens, N tokens along the branch that is read, D text width.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from molmo_act.decoding.cache import TreeCache
from molmo_act.decoding.choice import Choice, Rules, Standing, choose, choose_location, choose_subpatch
from molmo_act.decoding.prefill import Prefill
from molmo_act.decoding.rows import NONE, AnswerIds, Block, Rows, Settled
from molmo_act.decoding.step import Step
from molmo_act.grammar import AnswerGrammar
from molmo_act.modeling.grounding_state import GroundingState
from molmo_act.modeling.molmo_point import MolmoPointForConditionalGeneration


class Decoder:
    """Decodes batches of prompts with images.

    Args:
        model: Whose answers.
        grammar: What answers look like.
        rules: How it decodes.
        cache: Where the keys and values of the prompts are.
        max_points: A row ends after so many complete points; None for no bound.
        longest: A row is cut after so many ids.
        fixed: Whether every step has the same shapes and asks nothing of the device, as a graph needs it;
            else steps are as narrow as the rows allow.
    """

    def __init__(
        self,
        model: MolmoPointForConditionalGeneration,
        grammar: AnswerGrammar,
        rules: Rules,
        cache: TreeCache,
        max_points: int | None,
        longest: int,
        *,
        fixed: bool = False,
    ) -> None:
        self._model, self._rules, self._cache, self._fixed = model, rules, cache, fixed
        self._numbers = torch.tensor(grammar.numbers, device=model.device)
        self._closing = torch.tensor(grammar.closing, device=model.device)
        ends = torch.tensor(sorted(grammar.end_ids), device=model.device)
        self._answers = AnswerIds(model.config.extended_vocab_start, ends, max_points, longest)

    def start(
        self, read: Prefill, draft: Sequence[int], expected: Sequence[Sequence[int]]
    ) -> tuple[Rows, Block, Tensor]:
        """The rows of prompts that have been read, what of the draft was right, and how likely its beginning.

        Args:
            read: The prompts.
            draft: Ids that were fed behind them.
            expected: For each prompt the drafted end of its answer.
        """
        rows = Rows.begin(read, expected)
        fed_BN = torch.tensor([NONE, *draft], device=self._model.device).expand(len(rows.rows_B), -1)
        standing = Standing(
            last_patch=rows.last_patch_B[:, None],
            last_slot=rows.last_slot_B[:, None],
            ended=rows.ended_B[:, None],
            no_points=torch.arange(fed_BN.shape[1], device=fed_BN.device) == 0,  # a prompt opens no point
        )
        choice = choose(self._model, read.x_BWD, standing, read.state, self._rules)
        completes_B = torch.zeros_like(rows.points_B)
        block = rows.settle(
            Settled(fed_BN, choice.ids, choice.chance, choice.patches, completes_B), self._answers
        )
        return rows, block, choice.words[:, 0].softmax(-1)[:, draft[0]]

    def step(self, rows: Rows, state: GroundingState) -> Block:
        """Feeds what is pending with its draft, and settles what was right of it."""
        step = Step.plan(rows, state, self._numbers, self._closing, fixed=self._fixed)
        length_B = rows.length_B
        x_BWD = self._forward(rows, step, state)
        slot_B, location_B, part_chances = self._read_point(x_BWD, step, rows, state)
        branch_BN = step.branch(slot_B.clamp_min(0))
        x_BND = x_BWD.gather(1, branch_BN[..., None].expand(-1, -1, x_BWD.shape[-1]))
        first = step.first_choice
        choice = choose(self._model, x_BND[:, first:], _standing(step, rows, slot_B), state, self._rules)
        block = rows.settle(
            _settled(step, step.fed(slot_B, location_B, state), choice, part_chances), self._answers
        )
        if step.points:
            places = length_B[:, None] + torch.arange(branch_BN.shape[1], device=branch_BN.device)
            self._cache.keep(length_B[:, None] + branch_BN, places)
            rows.last_patch_B = torch.where(step.is_point_B, step.patch_B, rows.last_patch_B)
            rows.last_slot_B = torch.where(step.is_point_B & (slot_B >= 0), slot_B, rows.last_slot_B)
        return block

    def _forward(self, rows: Rows, step: Step, state: GroundingState) -> Tensor:
        """(B, W, D) hidden states of what is fed; it lies in the cache behind what is in use."""
        core = self._model.model
        embeds, depth_BW, sees_BWW = step.feed(core, state)
        places_BW = rows.length_B[:, None] + torch.arange(step.width, device=embeds.device)
        end = self._cache.places if self._fixed else int(places_BW.max()) + 1
        used_BS = rows.real_BS[:, :end] & (torch.arange(end, device=embeds.device) < rows.length_B[:, None])
        mask_BWS = used_BS[:, None].repeat(1, step.width, 1)
        mask_BWS.scatter_(2, places_BW[:, None].expand(-1, step.width, -1), sees_BWW)
        self._cache.expect(places_BW, end)
        return core.language_model(
            inputs_embeds=embeds,
            attention_mask=mask_BWS[:, None],
            position_ids=(rows.length_B - rows.padding_B)[:, None] + depth_BW,
            past_key_values=self._cache,
            use_cache=True,
        ).last_hidden_state

    def _read_point(
        self, x_BWD: Tensor, step: Step, rows: Rows, state: GroundingState
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Slot and location of the points, meaningless in other rows, and the probability of each part."""
        slot_B = location_B = torch.zeros_like(rows.pending_B)
        if not step.points:
            return slot_B, location_B, []
        core = self._model.model
        slot_B, slot_chance_B = choose_subpatch(
            core, x_BWD[:, 0], step.patch_B, rows.last_patch_B, rows.last_slot_B, state, self._rules.order
        )
        chances = [slot_chance_B]
        if step.tree.locations:
            node_B = step.tree.branch(slot_B.clamp_min(0))[:, 1]
            location_B, location_chance_B = choose_location(core, state.window(x_BWD, node_B))
            chances.append(location_chance_B)
        return slot_B, location_B, chances


def _standing(step: Step, rows: Rows, slot_B: Tensor) -> Standing:
    """What earlier points forbid where words and patches compete.

    Right behind its last part, a point's own slot does not count yet: so the released rules look back.
    """
    place_N = torch.arange(step.first_choice, step.length, device=slot_B.device)
    own_BN = step.is_point_B[:, None] & (place_N >= step.tree.levels)
    last_patch_B = torch.where(step.is_point_B, step.patch_B, rows.last_patch_B)
    return Standing(
        last_patch=last_patch_B[:, None],
        last_slot=torch.where(own_BN, slot_B[:, None], rows.last_slot_B[:, None]),
        ended=rows.ended_B[:, None],
        no_points=torch.zeros_like(own_BN),
    )


def _settled(step: Step, fed_BN: Tensor, choice: Choice, part_chances: list[Tensor]) -> Settled:
    """Choices along the branch: the parts of a point were chosen as they were fed, the rest by `choose`."""
    first, parts = step.first_choice, step.tree.levels - 1
    ids_BN, chances_BN = F.pad(choice.ids, (first, 0)), F.pad(choice.chance, (first, 0))
    completes_B = torch.zeros_like(fed_BN[:, 0])
    if step.points:
        point = step.is_point_B[:, None]
        # Where no slot was left nothing is legal: the released code then takes the first word there is.
        own_ids = fed_BN[:, 1 : parts + 1].clamp_min(0)
        ids_BN = torch.cat((torch.where(point, own_ids, ids_BN[:, :parts]), ids_BN[:, parts:]), dim=1)
        own = torch.stack(part_chances, dim=1).to(chances_BN) * (fed_BN[:, 1 : parts + 1] >= 0)
        chances_BN = torch.cat((torch.where(point, own, chances_BN[:, :parts]), chances_BN[:, parts:]), dim=1)
        whole_B = step.is_point_B & (fed_BN[:, 1] >= 0)
        completes_B = (whole_B & (ids_BN[:, parts] < step.start)).long()
    return Settled(fed_BN, ids_BN, chances_BN, choice.patches, completes_B)
