"""Decode steps of the tiny model, one by one: wrong drafts cost steps and change nothing."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch

from molmo_act.formats.order_rules import OrderRules
from molmo_act.generation.decode import Decoder
from molmo_act.generation.prefill import new_cache, prefill
from molmo_act.generation.sampling import DecodingRules
from tests.support.engines import grammar
from tests.support.tiny_checkpoint import load_case, model_inputs, tiny_model

IDS = 30


@torch.inference_mode()
def decode(
    opening: Sequence[int], draft: Sequence[int], max_points: int | None = None
) -> tuple[list[int], list[float], int, float]:
    """Ids, probabilities and number of steps of an answer, and the probability of the opening's first id."""
    model, inputs = tiny_model(), model_inputs(load_case("image_one")[1])
    cache = new_cache(model, 1, inputs["input_ids"].shape[1] + IDS + 100)
    prefilled = prefill(model, inputs, opening, cache)
    rules = DecodingRules("reference", OrderRules.of(model.config), grammar().list_end)
    decoder = Decoder(model, grammar(), rules, cache, max_points, None, IDS)
    rows, output, [opening_probability] = decoder.start(prefilled, opening, [draft])
    outputs = [output]
    while not rows.stopped_B.all():
        outputs.append(decoder.step(rows, prefilled.state))
    ids = [token for one in outputs for token in one.ids_BN[0, : one.accepted_B[0]].tolist()]
    shares = [share for one in outputs for share in one.probabilities_BN[0, : one.accepted_B[0]].tolist()]
    return ids, shares, len(outputs) - 1, float(opening_probability)


def recorded() -> list[int]:
    return load_case("image_one")[1]["greedy.tokens"].tolist()


@pytest.mark.parametrize("draft", [(), (3, 4, 5)], ids=["none", "wrong"])
def test_the_ids_are_the_recorded_ones_whatever_is_drafted(draft):
    ids, shares, steps, _ = decode(grammar().opening, draft)
    assert ids[:IDS] == recorded()[: min(IDS, len(ids))]
    assert len(shares) == len(ids)
    assert all(0 < share <= 1 for share in shares)
    assert steps < len(ids)


def test_an_opening_that_comes_true_is_accepted_at_once_and_a_wrong_one_is_not():
    right = tuple(recorded()[:3])
    ids, _, steps, likely = decode(right, ())
    wrong_first = (right[0] + 1, *right[1:])
    others, _, more, unlikely = decode(wrong_first, ())
    assert ids == others
    assert more > steps
    assert likely > unlikely


def test_max_points_stops_decoding():
    whole, *_ = decode(grammar().opening, ())
    ids, *_ = decode(grammar().opening, (), max_points=1)
    start = tiny_model().config.extended_vocab_start
    assert ids == whole[: len(ids)]
    assert sum(token >= start for token in ids) == 3
