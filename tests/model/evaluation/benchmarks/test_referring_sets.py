"""Where each set of referring expressions keeps its masks."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from model.data.errors import SkippedRow
from model.evaluation.benchmarks.referring_sets import MeViS, ReasonVos, RefDavis, RefYoutubeVos, size_of
from molmo_act.errors import InputError

ROW = {"width": 8, "height": 6, "n_frames": 1, "video": "v", "qid": "3", "obj_id": ["2"], "mask_id": ["7"]}
LABELS = np.zeros((6, 8), np.uint8)
LABELS[1, 1], LABELS[2, 2] = 1, 2


@pytest.mark.parametrize(
    ("data", "folder", "row", "pixels"),
    [
        (RefYoutubeVos, "Annotations/v/3", ROW, 2),
        (RefYoutubeVos, "valid/Annotations/v/3", ROW, 2),
        (
            RefYoutubeVos,
            "Annotations/v/3",
            {**ROW, "width": 16, "height": 12},
            8,
        ),  # brought to the row's size
        (RefDavis, "DAVIS/Annotations/480p/v", ROW, 1),
        (RefDavis, "Annotations/v", ROW, 1),
        (ReasonVos, "Annotations/v_2", ROW, 2),
        (ReasonVos, "test/Annotations/LVVIS_v_2", {**ROW, "source": "LVVIS"}, 2),
    ],
)
def test_masks_in_images(tmp_path, data, folder, row, pixels):
    assert not data(tmp_path).masks_there
    (tmp_path / folder).mkdir(parents=True)
    Image.fromarray(LABELS).save(tmp_path / folder / "00000.png")
    opened = data(tmp_path)
    assert opened.masks_there
    [masks] = opened.masks(row)
    assert masks[0].sum() == pixels
    with pytest.raises(SkippedRow, match=r"masks are missing|outside of the folder"):
        opened.masks({**row, "video": "../../other"})


def test_masks_of_mevis(tmp_path):
    (tmp_path / "valid_u").mkdir()
    runs = {"7": [{"size": [6, 8], "counts": [0, 2, 46]}, None]}
    (tmp_path / "valid_u/mask_dict.json").write_text(json.dumps(runs), encoding="utf-8")
    opened = MeViS(tmp_path)
    assert opened.masks_there
    [masks] = opened.masks(ROW)
    assert (masks[0].sum(), 1 in masks, masks.annotated) == (2, False, (0, 1))
    with pytest.raises(KeyError):
        opened.masks({**ROW, "mask_id": ["8"]})
    (tmp_path / "valid_u/mask_dict.json").write_text("[]", encoding="utf-8")
    with pytest.raises(InputError, match="holds no masks by number"):
        _ = MeViS(tmp_path).masks_there


def test_sizes():
    assert size_of(ROW) == (8, 6)
    with pytest.raises(ValueError, match="size"):
        size_of({**ROW, "width": 0})
