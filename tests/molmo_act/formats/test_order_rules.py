"""Which patches and slots may come next; arrays of NumPy and tensors of torch give the same."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from molmo_act.formats.order_rules import OrderRules, allowed_patches, allowed_subpatches
from tests.support.tiny_checkpoint import tiny_model

ALL = OrderRules()
NONE = OrderRules(prevent_repeats=False, force_patch_sorted=False, force_subpatch_sorted=False)

# Each row: last patch, last slot of two, rules, which of three patches may come.
PATCHES = [
    (-1, -1, ALL, [1, 1, 1]),
    (1, 0, ALL, [0, 1, 1]),
    (1, 1, ALL, [0, 0, 1]),  # its last slot is used up
    (1, 1, OrderRules(prevent_repeats=False), [0, 1, 1]),
    (1, 0, OrderRules(force_patch_sorted=False), [1, 1, 1]),
    (1, 1, NONE, [1, 1, 1]),
]
# Each row: patch, last patch, last slot of three, rules, which slots may come.
SLOTS = [
    (1, -1, -1, ALL, [1, 1, 1]),
    (1, 0, 2, ALL, [1, 1, 1]),  # of another patch
    (1, 1, 0, ALL, [0, 1, 1]),
    (1, 1, 2, ALL, [0, 0, 0]),
    (1, 1, 0, OrderRules(prevent_repeats=False), [1, 1, 1]),
    (1, 1, 1, OrderRules(force_subpatch_sorted=False), [1, 1, 1]),
]


@pytest.fixture(params=[np.asarray, torch.tensor], ids=["numpy", "torch"])
def array(request):
    return request.param


@pytest.mark.parametrize(("last_patch", "last_slot", "rules", "expected"), PATCHES)
def test_patches(array, last_patch, last_slot, rules, expected):
    found = allowed_patches(array(range(3)), array(last_patch), array(last_slot), 2, rules)
    assert found.tolist() == list(map(bool, expected))


@pytest.mark.parametrize(("patch", "last_patch", "last_slot", "rules", "expected"), SLOTS)
def test_slots(array, patch, last_patch, last_slot, rules, expected):
    found = allowed_subpatches(array(range(3)), array(patch), array(last_patch), array(last_slot), rules)
    assert found.tolist() == list(map(bool, expected))


def test_the_rules_of_a_configuration():
    assert OrderRules.of(tiny_model().config) == ALL
