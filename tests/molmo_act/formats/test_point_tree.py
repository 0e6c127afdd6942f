"""The tree of a point as numbers; `test_draft_tree` compares it with plain sequences."""

from __future__ import annotations

import pytest

from molmo_act.formats.point_tree import TreeShape


@pytest.mark.parametrize(
    ("has_locations", "levels", "depths"), [(True, 3, [0, 1, 1, 2, 2, 3, 3]), (False, 2, [0, 1, 1, 2, 2])]
)
def test_nodes_of_two_slots(has_locations, levels, depths):
    tree = TreeShape(2, has_locations)
    assert (tree.levels, tree.width, tree.depths().tolist()) == (levels, len(depths), depths)
    assert tree.first_nodes().tolist() == [1, 3, 5][:levels]
    assert tree.attends()[-1].nonzero()[0].tolist() == [0, *(tree.first_nodes() + 1)]
