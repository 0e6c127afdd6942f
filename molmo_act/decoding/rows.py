"""Where every answer of a batch stands, and how a step moves it on; knows ids and tensors, no model.

Shape letters: B rows still decoding, S places of the cache, N tokens along the branch that a step reads, P
image tokens of a prompt, T length of what is expected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from molmo_act.decoding.prefill import Prefill

NONE = -1
LONGEST_LABEL = 64  # ids that are drafted behind the points


@dataclass(frozen=True)
class Block:
    """What one step has settled.

    Attributes:
        rows_B: Which prompts of the batch the rows are.
        ids_BN, chances_BN: Chosen ids and their probabilities.
        count_B: How many of them the answer takes.
    """

    rows_B: Tensor
    ids_BN: Tensor
    chances_BN: Tensor
    count_B: Tensor


@dataclass(frozen=True)
class Settled:
    """What one step has chosen along the branch of each row.

    Attributes:
        fed_BN: Ids along the branch; -1 where nothing was fed.
        ids_BN, chances_BN: What was chosen after each of them, and how probable it was.
        patches_BNP: Patch probabilities at the last positions of the branch, where words and patches compete.
        completes_B: 1 where a point was completed, else 0.
    """

    fed_BN: Tensor
    ids_BN: Tensor
    chances_BN: Tensor
    patches_BNP: Tensor
    completes_B: Tensor


@dataclass(frozen=True)
class AnswerIds:
    """Which ids end an answer, and when it is long enough.

    Attributes:
        start: First id behind the words.
        ends: Ids that end an answer.
        max_points: An answer ends after so many complete points; None for no bound.
        longest: An answer is cut after so many ids.
    """

    start: int
    ends: Tensor
    max_points: int | None
    longest: int


@dataclass
class Rows:
    """The answers in the making; the first axis of every tensor is B.

    Attributes:
        rows_B: Which prompts of the batch they answer.
        no_more_B: Their ids of "no more points"; -1 where the model has none.
        real_BS: Places of the prompt that are no padding; places behind the prompt count as real.
        length_B: Places in use.
        padding_B: How many of these are padding.
        pending_B: The id that was chosen last and has not been fed yet.
        last_patch_B, last_slot_B: Of the last point, -1 before the first.
        ended_B: "No more points" was said.
        done_B: The answer is complete.
        stopped_B: It is complete, or as long as it may be; such a row stands still.
        points_B: Complete points.
        written_B: Ids so far.
        expected_BT: Drafted end of the answer, -1 behind it.
        next_B: How much of that has come true; -1 before it begins and once the answer took another way.
        first_patch_BP: Probabilities at the first patch step.
        has_first_B: Whether there was one.
    """

    rows_B: Tensor
    no_more_B: Tensor
    real_BS: Tensor
    length_B: Tensor
    padding_B: Tensor
    pending_B: Tensor
    last_patch_B: Tensor
    last_slot_B: Tensor
    ended_B: Tensor
    done_B: Tensor
    stopped_B: Tensor
    points_B: Tensor
    written_B: Tensor
    expected_BT: Tensor
    next_B: Tensor
    first_patch_BP: Tensor
    has_first_B: Tensor

    @classmethod
    def begin(cls, read: Prefill, expected: Sequence[Sequence[int]]) -> Rows:
        """Rows whose last prompt token counts as fed in the step to come.

        Args:
            read: The prompts.
            expected: For each the drafted end of its answer.
        """
        batch, device, ids = len(read.real_BS), read.real_BS.device, read.state.ids
        width = LONGEST_LABEL + 1
        none_B = torch.full((batch,), NONE, device=device)
        false_B = torch.zeros(batch, dtype=torch.bool, device=device)
        return cls(
            rows_B=torch.arange(batch, device=device),
            no_more_B=ids.start + ids.num_patches_B if ids.no_more_points else none_B,
            real_BS=F.pad(read.real_BS, (0, read.cache.places - read.length), value=True),
            length_B=torch.full_like(none_B, read.length - 1),
            padding_B=(~read.real_BS).sum(-1),
            pending_B=none_B,
            last_patch_B=none_B,
            last_slot_B=none_B,
            ended_B=false_B,
            done_B=false_B,
            stopped_B=false_B,
            points_B=none_B + 1,
            written_B=none_B + 1,
            expected_BT=torch.tensor([[*ids, *[NONE] * width][:width] for ids in expected], device=device),
            next_B=none_B,
            first_patch_BP=torch.zeros(batch, read.state.patch_keys_BPE.shape[1] + 1, device=device),
            has_first_B=false_B,
        )

    def select(self, kept: Tensor) -> Rows:
        """Some of the rows."""
        return Rows(**{name: value[kept] for name, value in vars(self).items()})

    def clone(self) -> Rows:
        """The same in tensors of its own."""
        return Rows(**{name: value.clone() for name, value in vars(self).items()})

    def copy_(self, other: Rows) -> None:
        """Takes over the values of rows of the same shapes, in place."""
        for name, value in vars(self).items():
            value.copy_(getattr(other, name))

    def padded(self, patches: int) -> Rows:
        """Rows for prompts padded to so many image tokens; "no more points" stays last."""
        shares_BP, no_more_B1 = self.first_patch_BP[:, :-1], self.first_patch_BP[:, -1:]
        shares_BP = F.pad(shares_BP, (0, patches - shares_BP.shape[1]))
        return replace(self, first_patch_BP=torch.cat((shares_BP, no_more_B1), dim=1))

    def draft(self, closing: Tensor, longest: int) -> Tensor:
        """(B, longest) words that probably follow the pending one, -1 where nothing is expected.

        What was expected while it comes true; else, behind the points, the end of the label at any moment.
        """
        steps = torch.arange(longest, device=self.next_B.device)
        index = (self.next_B[:, None] + steps).clamp(0, self.expected_BT.shape[1] - 1)
        expected = self.expected_BT.gather(1, index)
        ending = F.pad(closing[:longest], (0, max(0, longest - len(closing))), value=NONE)
        off_track = torch.where(self.ended_B[:, None], ending, NONE)
        return torch.where(self.next_B[:, None] >= 0, expected, off_track)

    def settle(self, step: Settled, answers: AnswerIds) -> Block:
        """Takes over what a step has chosen, up to the first id that was not the drafted one.

        Args:
            step: The choices and the draft.
            answers: Which ids mean what.
        """
        matches_BN = (step.ids_BN[:, :-1] == step.fed_BN[:, 1:]).long()
        last_B1 = matches_BN.cumprod(-1).sum(-1, keepdim=True)
        pending_B = step.ids_BN.gather(1, last_B1)[:, 0]
        is_extended_B = pending_B >= answers.start
        self.points_B = self.points_B + step.completes_B
        over_B = torch.isin(pending_B, answers.ends)
        if answers.max_points is not None:
            over_B = over_B | (is_extended_B & (self.points_B >= answers.max_points))
        count_B = torch.where(self.stopped_B, 0, last_B1[:, 0] + (~over_B).long())
        is_first_B = ~self.has_first_B & is_extended_B & ~over_B
        index = (last_B1 - (step.ids_BN.shape[1] - step.patches_BNP.shape[1])).clamp_min(0)
        patches_BP = step.patches_BNP.gather(1, index[..., None].expand(-1, -1, step.patches_BNP.shape[-1]))[
            :, 0
        ]
        self.first_patch_BP = torch.where(is_first_B[:, None], patches_BP, self.first_patch_BP)
        self.has_first_B = self.has_first_B | is_first_B
        is_no_more_B = pending_B == self.no_more_B
        self._follow(pending_B, is_no_more_B, last_B1[:, 0])
        self.ended_B = self.ended_B | is_no_more_B
        self.done_B = self.done_B | (over_B & ~self.stopped_B)
        self.length_B = self.length_B + torch.where(self.stopped_B, 0, last_B1[:, 0] + 1)
        self.pending_B, self.written_B = pending_B, self.written_B + count_B
        self.stopped_B = self.done_B | (self.written_B >= answers.longest)
        return Block(self.rows_B, step.ids_BN, step.chances_BN, count_B)

    def _follow(self, pending_B: Tensor, is_no_more_B: Tensor, drafted_B: Tensor) -> None:
        """Whether the answer still goes as expected, and how far."""
        index = (self.next_B + drafted_B).clamp(0, self.expected_BT.shape[1] - 1)
        held_B = pending_B == self.expected_BT.gather(1, index[:, None])[:, 0]
        going = torch.where(held_B, index + 1, NONE)
        begins_B = (self.next_B < 0) & ~self.ended_B & (pending_B == self.expected_BT[:, 0])
        next_B = torch.where(self.next_B >= 0, going, torch.where(begins_B, 1, NONE))
        self.next_B = torch.where(is_no_more_B, 0, next_B)
