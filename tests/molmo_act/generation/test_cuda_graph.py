"""Steppers and the caches they are kept with: what is dropped, used again, and read back from the device."""

from __future__ import annotations

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from molmo_act.generation.cuda_graph import MAX_KEPT, SIZE_MULTIPLE, EagerStepper, GraphCache, GraphStepper
from molmo_act.generation.decode_state import StepOutput
from molmo_act.generation.kv_cache import TreeCache
from molmo_act.generation.limits import GenerationLimits
from tests.support.decode_states import decode_state, grounding_state
from tests.support.engines import assert_same, engine
from tests.support.tiny_checkpoint import CASES, load_case, model_inputs


class Counter:
    """A decoder whose step writes the number of the step into all rows."""

    def __init__(self) -> None:
        self.steps = 0

    def step(self, rows, state):
        self.steps += 1
        rows.pending_id_B = torch.full_like(rows.pending_id_B, self.steps)
        ids = rows.pending_id_B[:, None]
        return StepOutput(rows.prompt_index_B, ids, ids / 100, torch.ones_like(rows.pending_id_B))


def new_cache(batch: int, capacity: int) -> TreeCache:
    return TreeCache(1, batch, 1, capacity, 1, torch.zeros(1))


def test_eager_steps_go_on_without_the_rows_that_stopped():
    state = grounding_state((6, 6, 6))
    rows, cache = decode_state(state, [(), (), ()]), new_cache(3, 8)
    cache.values_2LBHSD[:] = torch.arange(3.0)[:, None, None, None]
    stepper = EagerStepper(Counter(), rows, state, cache)
    assert stepper.drop_stopped(torch.tensor([False, False, False])) is None
    dropped = stepper.drop_stopped(torch.tensor([False, True, False]))
    assert dropped.prompt_index_B.tolist() == [1]
    assert stepper.rows.prompt_index_B.tolist() == [0, 2]
    assert cache.values_2LBHSD[0, 0, :, 0, 0, 0].tolist() == [0, 2]
    assert stepper.step().prompt_index_B.tolist() == [0, 2]


def test_a_graph_stepper_keeps_its_tensors_and_gives_away_copies():
    state = grounding_state((6, 6))
    rows = decode_state(state, [(), ()])
    stepper = GraphStepper(Counter(), rows, state, capture=False)
    place = stepper.rows.pending_id_B.data_ptr()
    first, second = stepper.step(), stepper.step()
    assert stepper.rows.pending_id_B.data_ptr() == place
    assert (first.ids_BN.tolist(), second.ids_BN.tolist()) == ([[1], [1]], [[2], [2]])
    assert rows.pending_id_B.tolist() == [-1, -1]  # those of the caller are left alone
    assert stepper.drop_stopped(torch.tensor([True, True])) is None
    stepper.begin(rows, state)
    assert stepper.rows.pending_id_B.tolist() == [-1, -1]


def test_caches_are_used_again_for_sizes_that_round_to_the_same():
    graphs = GraphCache(capture=False)
    first = graphs.kv_cache(1, 100, new_cache)
    assert first.capacity == SIZE_MULTIPLE
    assert graphs.kv_cache(1, SIZE_MULTIPLE, new_cache) is first
    assert graphs.kv_cache(1, SIZE_MULTIPLE + 1, new_cache) is not first
    assert graphs.kv_cache(2, 100, new_cache) is not first
    assert len(graphs) == MAX_KEPT


def test_the_cache_that_was_used_longest_ago_is_forgotten():
    graphs = GraphCache(capture=False)
    first, second = (graphs.kv_cache(batch, 1, new_cache) for batch in (1, 2))
    assert graphs.kv_cache(1, 1, new_cache) is first  # now the second is the older one
    graphs.kv_cache(3, 1, new_cache)
    assert graphs.kv_cache(1, 1, new_cache) is first
    assert graphs.kv_cache(2, 1, new_cache) is not second


def test_steppers_are_used_again_under_one_key_only():
    graphs, state = GraphCache(capture=False), grounding_state()
    rows, cache = decode_state(state), graphs.kv_cache(1, 1, new_cache)
    first = graphs.stepper("reference", Counter(), rows, state, cache)
    assert graphs.stepper("reference", Counter(), rows, state, cache) is first
    assert graphs.stepper("masked", Counter(), rows, state, cache) is not first
    assert first.rows.first_patch_probabilities_BP.shape == (1, SIZE_MULTIPLE + 1)


class NoHostAccess(TorchDispatchMode):
    """Fails on what no captured CUDA graph can hold: values read back, or brought over from the host."""

    FORBIDDEN = (
        "_local_scalar_dense",
        "nonzero",
        "masked_select",
        "is_nonzero",
        "equal",
        "lift_fresh",
        "unique",
    )

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.name().removeprefix("aten::").split(".")[0]
        assert name not in self.FORBIDDEN, name
        if name in ("index", "index_put", "index_put_"):
            assert not any(index is not None and index.dtype == torch.bool for index in args[1]), name
        return func(*args, **(kwargs or {}))


def test_graph_steps_read_nothing_back(monkeypatch):
    advance, steps = GraphStepper._advance, []

    def watched(self):
        steps.append(1)
        with NoHostAccess():
            return advance(self)

    monkeypatch.setattr(GraphStepper, "_advance", watched)
    engine(static_shapes=True).generate(model_inputs(load_case("image_many")[1]), limits=GenerationLimits(20))
    assert len(steps) > 3


def test_eager_steps_do():
    """Otherwise the test above would prove little."""
    with pytest.raises(AssertionError, match="_local_scalar_dense"), NoHostAccess():
        engine(static_shapes=False).generate(
            model_inputs(load_case("image_many")[1]), limits=GenerationLimits(8)
        )


def test_graph_steps_serve_one_prompt_after_another():
    """Caches and steps are used again, for prompts of other lengths and other images."""
    again = engine(static_shapes=True)
    for name in (*CASES, *reversed(CASES)):
        inputs = model_inputs(load_case(name)[1])
        assert_same(again.generate(inputs).answers, engine().generate(inputs).answers)
    assert len(again._graphs) <= MAX_KEPT < len(CASES)
