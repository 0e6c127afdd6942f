"""Masks as JSON and back; `test_masks.py` compares whole values."""

from __future__ import annotations

import json

import numpy as np
import pytest

from molmo_act.errors import InputError
from molmo_act.outputs.masks import Masks
from molmo_act.outputs.masks_json import fields_of

MASKS = Masks.of_arrays(np.array([[[True, False]]]), object_id=[3], query=["mug"], seconds=0.5)


def test_what_is_written_is_read():
    written = json.loads(json.dumps(MASKS.to_dict()))
    assert written["masks"] == [
        {"frame_index": 0, "object_id": 3, "score": None, "query": "mug", "counts": "011"}
    ]
    assert Masks(**fields_of(written)).to_dict() == written


@pytest.mark.parametrize("name", ["image_size", "frames", "masks", "truncated", "damaged"])
def test_a_key_that_is_missing_is_named(name):
    values = MASKS.to_dict()
    del values[name]
    with pytest.raises(InputError, match=name):
        fields_of(values)
