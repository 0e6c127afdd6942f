"""Answers are read as the official program reads them: its points in every recorded text."""

from __future__ import annotations

import pytest

from model.evaluation.official.point_text import (
    extract_points,
    extract_timed_points,
    extract_tracks,
    unified_points,
)
from tests.model.evaluation.oracle import oracle

CASES = oracle("parse_points_molmo2")["cases"]
READERS = {
    "extract_points": extract_points,
    "extract_multi_image_points": extract_timed_points,
    "unified_with_ids": unified_points,
}


def test_every_recorded_text_is_read_alike():
    assert len(CASES) == 164
    for case in CASES:
        size = case["width"], case["height"]
        for name, read in READERS.items():
            if isinstance(case[name], dict):  # the official program ends there
                with pytest.raises(ValueError, match="float"):
                    read(case["text"], *size)
            else:
                found = [list(point) for point in read(case["text"], *size)]
                assert found == case[name], (case["id"], case["tags"], name)


def test_every_recorded_track_is_read_alike():
    for case in CASES:
        wanted = case["extract_tracks"]
        if isinstance(wanted, dict):
            with pytest.raises(ValueError, match="float"):
                extract_tracks(case["text"], case["width"], case["height"], case["video_fps"])
            continue
        found = extract_tracks(case["text"], case["width"], case["height"], case["video_fps"])
        said = [(one.frame, {key: list(xy) for key, xy in one.points.items()}) for one in found]
        assert said == [(one["frame"], one["points"]) for one in wanted], (case["id"], case["tags"])
