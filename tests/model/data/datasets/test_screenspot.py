"""ScreenSpot in its two forms: boxes of different corners, kinds, and what is missing."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from model.data.datasets.screenspot import LAYOUTS
from model.data.errors import SkippedRow
from model.data.registry import open_source
from molmo_act.errors import InputError

V2 = {"img_filename": "a.png", "bbox": [10, 20, 30, 10], "instruction": "open the menu", "data_source": "ios"}
PRO = {
    "id": "excel_1",
    "img_filename": "excel/a.png",
    "bbox": [10, 20, 40, 30],
    "img_size": [100, 80],
    "instruction": "open the menu",
    "instruction_cn": "打开菜单",
    "application": "excel",
    "platform": "windows",
    "group": "Office",
}


def write(folder, name: str, file: str, rows) -> None:
    home = folder / LAYOUTS[name].folder
    path = home / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(rows if isinstance(rows, str) else json.dumps(rows))
    for row in rows if isinstance(rows, list) else []:
        sample = home / LAYOUTS[name].images / row["img_filename"]
        sample.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (100, 80)).save(sample)


@pytest.mark.parametrize(
    ("name", "file", "row", "kind"),
    [
        ("screenspot-v2", "screenspot_mobile_v2.json", V2 | {"data_type": "icon"}, "icon"),
        ("screenspot-pro", "annotations/excel.json", PRO | {"ui_type": "text"}, "text"),
    ],
)
def test_both_forms_mean_the_same_box(tmp_path, name, file, row, kind):
    write(tmp_path, name, file, [row])
    sample = open_source(name, tmp_path).read(0, np.random.default_rng(0))
    (query,) = sample.queries
    assert (query.text, query.kind) == ("open the menu", kind)
    assert query.targets[0].box == (10, 20, 40, 30)
    assert query.targets[0].point == (25, 25)
    assert sample.image.shape == (80, 100, 3)


def test_boxes_outside_and_missing_images_are_skipped(tmp_path):
    rows = [V2 | {"data_type": "text", "bbox": [90, 0, 20, 10]}, V2 | {"data_type": "text"}, V2]
    write(tmp_path, "screenspot-v2", "screenspot_web_v2.json", rows)
    source = open_source("screenspot-v2", tmp_path)
    with pytest.raises(SkippedRow, match="outside the image"):
        source.read(0, np.random.default_rng(0))
    with pytest.raises(SkippedRow, match="not as expected"):
        source.read(2, np.random.default_rng(0))
    (tmp_path / "ScreenSpot-v2" / "screenspotv2_image" / "a.png").unlink()
    with pytest.raises(SkippedRow, match="image is missing"):
        source.read(1, np.random.default_rng(0))


@pytest.mark.parametrize("content", ["no JSON", '{"rows": []}'])
def test_damaged_files_and_missing_sets_are_errors(tmp_path, content):
    with pytest.raises(InputError, match="hf download likaixin/ScreenSpot-Pro"):
        open_source("screenspot-pro", tmp_path)
    write(tmp_path, "screenspot-pro", "annotations/a.json", content)
    with pytest.raises(InputError, match=r"a\.json"):
        open_source("screenspot-pro", tmp_path)
