"""Inputs and targets of one branch, id by id."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from model.data.encoding.message_tree import Branch
from model.train.data.branch_targets import IGNORE, branch_targets

START, PATCHES, SLOTS = 100, 6, 4
NO_MORE, SLOT, LOCATION = START + PATCHES, START + PATCHES + 1, START + PATCHES + 1 + SLOTS
PATCH_WORD, SLOT_WORD, LOCATION_WORD = 91, 92, 93
CONFIG = SimpleNamespace(
    extended_vocab_start=START,
    no_more_points_class=True,
    num_locations=9,
    patch_token_id=PATCH_WORD,
    subpatch_token_id=SLOT_WORD,
    location_token_id=LOCATION_WORD,
)
TREE = SimpleNamespace(token_pooling=np.zeros((PATCHES, SLOTS), dtype=np.int64), prefix=np.zeros(3))
FIRST_ROW, ROWS = 10, 20


def of(ids: list[int], asked: int):
    """Targets of a branch whose first `asked` ids are the question."""
    branch = Branch(np.array(ids), np.arange(len(ids)) >= asked)
    return branch_targets(branch, TREE, CONFIG, FIRST_ROW, ROWS)


def test_a_list_of_one_point():
    ids = [7, 8, START + 2, SLOT + 1, LOCATION + 5, NO_MORE, 9]
    found = of(ids, asked=2)
    nothing = [IGNORE] * 2
    assert found.words.tolist() == [7, 8, PATCH_WORD, SLOT_WORD, LOCATION_WORD, PATCH_WORD, 9]
    assert found.position.tolist() == [3, 4, 5, 6, 7, 8, 9]
    assert found.patch.tolist() == [-1, -1, 12, 12, -1, -1, -1]  # rows of the batch
    assert found.subpatch.tolist() == [-1, -1, -1, 1, -1, -1, -1]
    assert found.last_patch.tolist() == [-1, -1, -1, 12, 12, 12, 12]
    # Targets say what comes next; words are not asked for where only a slot or a location is legal.
    assert found.word_target.tolist() == [
        *(IGNORE, PATCH_WORD, IGNORE, IGNORE, PATCH_WORD, 9, IGNORE),
    ]
    assert found.patch_target.tolist() == [IGNORE, 12, *nothing, ROWS, *nothing]
    assert found.subpatch_target.tolist() == [*nothing, 1, *nothing, *nothing]
    assert found.location_target.tolist() == [*nothing, IGNORE, 5, IGNORE, *nothing]


def test_questions_are_fed_and_not_asked():
    found = of([START + 1, SLOT, LOCATION, 7, 8], asked=4)
    assert found.patch.tolist() == [11, 11, -1, -1, -1]
    assert found.word_target.tolist() == [IGNORE, IGNORE, IGNORE, 8, IGNORE]
    for targets in (found.patch_target, found.subpatch_target, found.location_target):
        assert (targets == IGNORE).all()


def test_without_a_class_for_no_more_points_slots_follow_patches():
    config = SimpleNamespace(**vars(CONFIG) | {"no_more_points_class": False})
    branch = Branch(np.array([7, START + 5, START + PATCHES]), np.array([False, True, True]))
    found = branch_targets(branch, TREE, config, FIRST_ROW, ROWS)
    assert found.patch_target.tolist() == [15, IGNORE, IGNORE]
    assert found.subpatch_target.tolist() == [IGNORE, 0, IGNORE]
