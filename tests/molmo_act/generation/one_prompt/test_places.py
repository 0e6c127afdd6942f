"""Where points still fit: the same as for batches of torch, for random prompts."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from molmo_act.errors import InputError
from molmo_act.formats.order_rules import OrderRules
from molmo_act.generation.one_prompt.places import Places
from molmo_act.models.molmo_point import exact_points

RULES = [OrderRules(), OrderRules(prevent_repeats=False), OrderRules(force_patch_sorted=False)]


@pytest.mark.parametrize("seed", range(12))
def test_places_are_those_of_torch(seed):
    rng, order = np.random.default_rng(seed), RULES[seed % 3]
    patches, slots = rng.integers(2, 6), rng.integers(1, 4)
    valid, indexable = rng.random((patches, slots)) < 0.8, rng.random(patches) < 0.8
    ours = Places.of(valid, indexable, order)
    theirs = exact_points.Places.of(torch.from_numpy(valid)[None], torch.from_numpy(indexable)[None], order)
    assert ours.after.tolist() == theirs.after_BPK[0].tolist()
    for _ in range(20):
        patch, last_patch, last_slot, left = (
            int(rng.integers(low, high)) for low, high in ((0, patches), (-1, patches), (-1, slots), (0, 5))
        )
        if last_patch < 0 or last_slot < 0:
            last_patch = last_slot = -1
        each = [torch.tensor([[value]]) for value in (last_patch, last_slot, left)]
        assert ours.patches(last_patch, last_slot, left).tolist() == theirs.patches(*each)[0, 0].tolist()
        found = ours.subpatches(patch, last_patch, last_slot, left).tolist()
        assert found == theirs.subpatches(torch.tensor([[patch]]), *each)[0, 0].tolist()


def test_more_points_than_places_are_refused():
    places = Places.of(np.ones((2, 2), bool), np.array([False, True]), OrderRules())
    places.check(2)
    with pytest.raises(InputError, match="exactly=3 points were asked for, but the image has 2 places"):
        places.check(3)
    with pytest.raises(InputError, match="0 places"):
        Places.of(np.ones((2, 2), bool), np.zeros(2, bool), RULES[1]).check(1)
