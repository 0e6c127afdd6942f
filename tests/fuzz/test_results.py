"""Results read back from JSON: a value that writes itself the same, or an InputError."""

from __future__ import annotations

import json

import pytest

from molmo_act import Points, Tracks
from tests.support.fuzzing import broken, fuzzed, json_values, parses_or_refuses

POINTS = Points(
    xy=[[1.5, 2.5], [3, 4]], score=[0.5, 0.25], timestamp=[0, 0.5], image_size=[(8, 6)] * 2, query="mug"
).to_dict()
TRACKS = Tracks(1.5, 45, (64, 48), [[10.5, 20.5]], [2], [0.9], [True], [0.0], ["grounded"], ["mug"]).to_dict()


def some(value, rng):
    return broken(rng.choice([POINTS, TRACKS]), rng)


@pytest.mark.parametrize("kind", [Points, Tracks])
@fuzzed(json_values(), some)
def test_results(values, kind):
    with parses_or_refuses():
        line = kind.from_dict(values).to_json()
        assert kind.from_dict(json.loads(line)).to_json() == line
