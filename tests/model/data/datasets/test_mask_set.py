"""Files of a set of masks: what is missing is skipped, what is damaged is said."""

from __future__ import annotations

import pytest

from model.data.datasets.mask_set import read_json, read_pixels
from model.data.datasets.mask_sets import MASKS, open_mask_set
from model.data.errors import SkippedRow
from molmo_act.errors import InputError
from tests.support.mask_sets import write


def test_files_that_are_missing_or_damaged(tmp_path):
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(InputError, match=r"a\.json cannot be read"):
        read_json(tmp_path / "a.json")
    with pytest.raises(SkippedRow, match="mask is missing"):
        read_pixels(tmp_path / "a.png", "mask")


def test_a_set_reads_nothing_outside_of_its_folder(tmp_path):
    write(tmp_path / MASKS, {"image": "a.png", "text": "a", "masks": []})
    masks = open_mask_set(tmp_path)
    assert masks.file("in/b.png") == tmp_path / "in" / "b.png"
    with pytest.raises(InputError, match="outside of its folder"):
        masks.file("../b.png")
