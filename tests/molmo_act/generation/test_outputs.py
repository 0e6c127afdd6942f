"""Probability of absence of a generated answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from molmo_act.generation.outputs import GeneratedAnswer


def test_absent_without_a_list_is_one_minus_its_beginning():
    row = GeneratedAnswer(opening_probability=0.25)
    assert row.absent == 0.75
    with_patch = replace(row, first_patch_probabilities=np.array([0.1, 0.9]))
    assert with_patch.absent == pytest.approx(0.9)


def test_answers_share_no_lists():
    first, second = GeneratedAnswer(), GeneratedAnswer()
    first.tokens.append(1)
    first.patch_features[0] = np.zeros(1)
    assert (second.tokens, second.patch_features) == ([], {})
