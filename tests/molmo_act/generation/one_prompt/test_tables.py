"""Tables of a prompt count its image tokens, whatever of them may be pointed at."""

from __future__ import annotations

import numpy as np

from molmo_act.generation.one_prompt.tables import ImageTables


def test_patches_that_may_not_be_pointed_at_count_too():
    nothing = np.empty(0)
    indexable = np.array([True, False, True])
    tables = ImageTables(nothing, nothing, nothing, nothing, indexable, np.array([0, 0, 1]), nothing)
    assert tables.num_patches == 3
