"""lmms-eval's reader and its rules of what is hit, of every recorded case."""

from __future__ import annotations

import json

import pytest

from model.evaluation.official.lmms_point import in_pixels, in_polygon, read_point
from tests.model.evaluation.oracle import oracle


@pytest.mark.parametrize("name", ["osworld_g_lmms", "screenspot_v2_lmms", "screenspot_pro_lmms"])
def test_every_recorded_text_is_read_alike(name):
    for case in oracle(name)["cases"]:
        found = read_point(case["prediction"]["text"])
        wanted = case["prediction"]["parsed"]
        assert found == (None if wanted is None else pytest.approx(tuple(wanted))), case["id"]


def test_screenspot_pro_in_shares():
    for case in oracle("screenspot_pro_lmms")["cases"]:
        row = {
            key: json.loads(value) if isinstance(value, str) else value
            for key, value in case["gt"].items()
            if key != "ui_type"
        }
        width, height = row["img_size"]
        parsed = read_point(case["prediction"]["text"])
        x, y = in_pixels(parsed, width, height) if parsed else (-1, -1)
        x0, y0, x1, y1 = row["bbox"]
        assert (x0 <= x <= x1 and y0 <= y <= y1) == case["scores"]["correct"], case["id"]


def test_polygons():
    assert in_polygon(3, 3, [4, 4, 1, 1])
    assert not in_polygon(3, 3, [0, 0, 9, 0, 9])
    assert in_polygon(1, 1, [0, 0, 9, 0, 0, 9])
    assert not in_polygon(8, 8, [0, 0, 9, 0, 0, 9])
