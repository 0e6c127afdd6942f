"""The proof and its rehearsal have the same parts; what they need comes before them, and programs exist."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from model.benchmarks._random_models import SIZES
from model.benchmarks.gpu_proof.parts import BUDGET_S, SHAPES, SMALL_SHAPES, list_parts, needed_bytes


@pytest.mark.parametrize("rehearsal", [False, True])
def test_parts_have_programs_and_come_behind_what_they_need(rehearsal):
    parts = list_parts(Path("/scratch"), rehearsal=rehearsal)
    names = [part.name for part in parts]
    assert len(set(names)) == len(names)
    for number, part in enumerate(parts):
        assert find_spec(f"model.benchmarks.gpu_proof.{part.module}") is not None
        assert part.needs is None or part.needs in names[:number]
        assert 0 < part.limit_s < BUDGET_S
        assert ("--small" in part.words) == rehearsal


def test_a_rehearsal_leaves_no_program_out():
    real, rehearsed = (list_parts(Path("s"), rehearsal=rehearsal) for rehearsal in (False, True))
    assert [part.module for part in real] == [part.module for part in rehearsed]


def test_shapes_exist_and_their_room_is_known():
    assert {*SHAPES, *SMALL_SHAPES} <= {*SIZES}
    assert needed_bytes(list_parts(Path("s"), rehearsal=False)) > 24e9
    assert needed_bytes(list_parts(Path("s"), rehearsal=True)) == 0
