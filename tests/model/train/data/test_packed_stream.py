"""Streams of packed sequences: full, the same for the same seed, resumable, and open about what they skip."""

from __future__ import annotations

import itertools
import json
import multiprocessing
from dataclasses import replace

import pytest
import torch

from model.data.encoding.mixture import parse_groups
from model.data.encoding.packing import Room
from model.data.errors import SkippedRow
from model.data.registry import open_source
from model.train.config.packed import PackedRecipe
from model.train.data.packed_sequence import PackedSequence
from model.train.data.packed_stream import Packed, PackLoader, PackStream, StreamPlan, deal_streams
from model.train.models.init import make_encoders
from model.train.models.nano import make_processor
from molmo_act.errors import InputError
from tests.model.train.small_run import GEOMETRY, tiny_config

PLAN = StreamPlan(parse_groups("1 shapes"), Room(tokens=900, crops=20, buffer=6))


@pytest.fixture(scope="module")
def make(tokenizer):
    processor, config = make_processor(tokenizer, GEOMETRY), tiny_config(tokenizer)
    encoders = make_encoders(processor, PackedRecipe(points=4, max_crops=4))
    sources = {"shapes": open_source("shapes", sides=(120, 300))}

    def make_stream(states=(None,), first: int = 0, plan: StreamPlan = PLAN, sources=sources, **ranks):
        return PackStream(plan, sources, encoders, config, states=states, first=first, **ranks)

    return make_stream


def take(stream: PackStream, count: int) -> list[Packed]:
    return list(itertools.islice(stream, count))


def same(one: Packed, other: Packed) -> bool:
    return one.state == other.state and equal(one.sequence, other.sequence)


def equal(one: PackedSequence, other: PackedSequence) -> bool:
    pairs = zip(vars(one).values(), vars(other).values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_sequences_are_full_and_fit(make):
    packs = take(make(), 12)
    assert all(p.sequence.tokens <= 900 and len(p.sequence.patches) <= 20 for p in packs)
    assert sum(p.sequence.tokens for p in packs) / (12 * 900) > 0.9
    assert all(p.sequence.examples == len(p.sequence.tree_N.unique()) for p in packs)


def test_a_stream_goes_on_behind_any_sequence(make):
    whole = take(make(), 6)
    for number in (0, 3):
        state = json.loads(json.dumps(whole[number].state))
        rest = take(make(states=(state,)), 5 - number)
        assert all(same(a, b) for a, b in zip(rest, whole[number + 1 :], strict=True))


def test_ranks_and_seeds_see_different_examples(make):
    streams = (make(rank=0, ranks=2), make(rank=1, ranks=2), make(plan=replace(PLAN, seed=1)))
    firsts = [next(iter(stream)) for stream in streams]
    assert not any(same(a, b) for a, b in itertools.combinations(firsts, 2))


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 2])
def test_a_loader_goes_on_where_it_stopped(make, workers):
    loader = PackLoader(make, workers)
    whole = [loader.next() for _ in range(7)]
    loader = PackLoader(make, workers)
    for _ in range(3):
        loader.next()
    state = json.loads(json.dumps(loader.state))
    loader = PackLoader(make, workers, state)
    assert all(equal(loader.next()[0], expected) for expected, _ in whole[3:])


def test_another_number_of_workers_is_refused(make):
    with pytest.raises(InputError, match="Resume with --workers 2"):
        PackLoader(make, 0, {"streams": [None, None], "taken": 3})


class Faulty:
    """Every other row cannot be used."""

    blocks = (100,)

    def __init__(self, least: int = 2) -> None:
        self._good, self._least = open_source("shapes", sides=(120, 300)), least

    def read(self, index, rng):
        if index % 2 < self._least - 1:
            raise SkippedRow("picture is missing")
        return self._good.read(index, rng)


def test_what_is_skipped_is_counted(make):
    packs = take(make(sources={"shapes": Faulty()}), 4)
    counts = [p.skipped.get("shapes: picture is missing", 0) for p in packs]
    picks = packs[-1].state["mixture"]["picks"]
    used = sum(p.sequence.examples for p in packs) + len(packs[-1].state["waiting"])
    assert sum(counts) == picks - used > 0


def test_data_of_which_nothing_can_be_used_are_an_error(make):
    with pytest.raises(InputError, match=r"cannot be used: \{'shapes: picture is missing'"):
        next(iter(make(sources={"shapes": Faulty(least=3)})))


def test_streams_are_dealt_to_another_number_of_processes():
    saved = [{"streams": [f"{rank}{worker}" for worker in range(2)], "taken": 6} for rank in range(2)]
    assert deal_streams(saved, 1, 2) is saved[1]  # as many as before
    assert deal_streams(saved, 0, 1) == {"streams": ["00", "01", "10", "11"], "taken": 0}
    assert [deal_streams(saved, rank, 4)["streams"] for rank in range(4)] == [["00"], ["01"], ["10"], ["11"]]
    with pytest.raises(InputError, match=r"4 streams .* to 3 processes\. Resume with 1 or 2 or 4"):
        deal_streams(saved, 0, 3)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_loading_processes_need_not_be_forks(make, method: str):
    expected = take(make(), 2)
    before = multiprocessing.get_start_method()
    multiprocessing.set_start_method(method, force=True)
    try:
        loader = PackLoader(make, workers=1)
        found = [loader.next()[0] for _ in range(2)]
    finally:
        multiprocessing.set_start_method(before, force=True)
    assert all(equal(one.sequence, other) for one, other in zip(expected, found, strict=True))
