"""The sizes of the released 8B model are those that benchmarks have."""

from __future__ import annotations

from model.benchmarks._random_models import SIZES
from molmo_act.doctor.parameters import count
from molmo_act.doctor.plan import make_plan
from molmo_act.doctor.released import MOLMO_POINT_8B, released_peak_mb
from molmo_act.doctor.sizes import read_sizes


def test_they_are_those_of_the_model() -> None:
    assert count(read_sizes(MOLMO_POINT_8B)) == count(read_sizes(SIZES["MolmoPoint-8B"]().to_dict()))


def test_the_peak_is_that_of_a_plan() -> None:
    rows = {row.precision: row for row in make_plan(MOLMO_POINT_8B, memory_mb=16_000).rows}
    assert round(released_peak_mb("nf4"), 1) == rows["nf4"].peak_mb
