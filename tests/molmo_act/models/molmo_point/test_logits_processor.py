"""Which ids may come next: all cases recorded from the original, and rows of a batch as alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
import torch

from molmo_act.formats.order_rules import OrderRules
from molmo_act.models.molmo_point.grounding_state import ExtendedIds
from molmo_act.models.molmo_point.logits_processor import GroundingLogitsProcessor
from tests.support.tiny_checkpoint import TINY

RECORDED = json.loads((TINY / "logits_processor_cases.json").read_text())
CASES = RECORDED["cases"]


def rules(case: Mapping[str, Any], num_patches: list[int]) -> GroundingLogitsProcessor:
    ids = ExtendedIds(
        start=RECORDED["vocab_size"],
        num_patches_B=torch.tensor(num_patches),
        num_subpatches=RECORDED["n_subpatches"],
        num_locations=case["n_loc"],
        no_more_points=case["no_more"],
    )
    repeats, patches, subpatches = map(bool, case["flags"])
    return GroundingLogitsProcessor(
        ids, OrderRules(prevent_repeats=repeats, force_patch_sorted=patches, force_subpatch_sorted=subpatches)
    )


def forbidden(processor: GroundingLogitsProcessor, histories: list[list[int]]) -> list[list[int]]:
    """Ids of each row that get minus infinity; all others keep their score."""
    width = processor.ids.start + int(processor.ids.end_B.max())
    scores = torch.arange(float(len(histories) * width)).reshape(len(histories), width)
    masked = processor(torch.tensor(histories), scores)
    kept = ~torch.isneginf(masked)
    assert torch.equal(masked[kept], scores[kept])
    return [torch.nonzero(row)[:, 0].tolist() for row in ~kept]


def test_every_recorded_case():
    assert len(CASES) > 500
    counts = {"raises": 0, "something": 0, "nothing": 0}
    for case in CASES:
        processor = rules(case, [RECORDED["n_patches"]])
        if "raises" in case:
            counts["raises"] += 1
            with pytest.raises(RuntimeError, match="no locations"):
                forbidden(processor, [case["ids"]])
            continue
        counts["something" if case["neginf"] else "nothing"] += 1
        assert forbidden(processor, [case["ids"]]) == [case["neginf"]], case
    assert counts["something"] > 300


def test_rows_of_a_batch_are_as_alone():
    """Histories of one length together, half of the rows with ids of a longer prompt's beside them."""
    groups: dict[tuple, list[dict]] = {}
    for case in CASES:
        if "raises" not in case:
            key = (case["no_more"], case["n_loc"], tuple(case["flags"]), len(case["ids"]))
            groups.setdefault(key, []).append(case)
    together = [cases for cases in groups.values() if len(cases) > 1]
    assert together
    patches = RECORDED["n_patches"]
    for cases in together:
        processor = rules(cases[0], [patches] * len(cases))
        got = forbidden(processor, [case["ids"] for case in cases])
        assert got == [case["neginf"] for case in cases]


def test_rows_with_different_numbers_of_patches():
    """Ids behind a row's own last one are padding, so they are forbidden."""
    case = next(c for c in CASES if c["no_more"] and c["n_loc"] and c.get("neginf") and all(c["flags"]))
    patches, more = RECORDED["n_patches"], 3
    start, slots = RECORDED["vocab_size"], RECORDED["n_subpatches"]
    behind_words = start + patches
    shifted = [i if i < behind_words else i + more for i in case["ids"]]
    padded, longer = forbidden(rules(case, [patches, patches + more]), [case["ids"], shifted])
    end = start + patches + 1 + slots + case["n_loc"]
    assert padded == [*case["neginf"], *range(end, end + more)]
    assert longer == forbidden(rules(case, [patches + more]), [shifted])[0]


def test_the_first_point_may_be_anywhere_and_nothing_follows_the_end():
    case = {"n_loc": 9, "no_more": True, "flags": [1, 1, 1]}
    start = RECORDED["vocab_size"]
    patches, slots = RECORDED["n_patches"], RECORDED["n_subpatches"]
    everything = list(range(start, start + patches + 1 + slots + 9))
    assert forbidden(rules(case, [patches]), [[1, 2]]) == [everything[patches + 1 :]]
    assert forbidden(rules(case, [patches]), [[1, start + patches, 2]]) == [everything]


def test_where_the_end_of_the_list_is_known_nothing_else_follows_no_more_points():
    ids = ExtendedIds(20, torch.tensor([4, 4, 4]), 2, 9, True)
    histories = torch.tensor([[1, 24], [24, 7], [1, 23]])  # just ended, ended before, a patch
    scores = torch.zeros(3, 20 + int(ids.end_B.max()))
    masked = GroundingLogitsProcessor(ids, list_end=7)(histories, scores)
    kept = [torch.nonzero(row > -torch.inf)[:, 0].tolist() for row in masked]
    assert kept == [[7], list(range(20)), [25, 26]]
    free = GroundingLogitsProcessor(ids)(histories, scores)
    assert torch.nonzero(free[0] > -torch.inf)[:, 0].tolist() == list(range(20))
