"""Points in text are those that the original code reads; text that names nothing is left out."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import torch

from molmo_act.formats.grounding_tokens import PromptIds
from molmo_act.formats.point_extraction import (
    extract_grounding_points,
    extract_grounding_video_points,
    parse_grounding_text,
)
from tests.support.recorded_cases import CASES, RUNS, TEN, case


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("name", CASES)
def test_points_of_the_original_code_about_images(name: str, run: str) -> None:
    facts, arrays = case(name)
    sizes = facts["image_sizes_wh"]
    mappings = [arrays[f"meta.subpatch_mapping_{i}"] for i in range(len(sizes))]
    expected = facts[f"{run}_points"]
    text = facts[f"{run}_text"]
    # metadata arrive as arrays or as tensors
    for kind in (np.asarray, torch.from_numpy):
        got = extract_grounding_points(
            text, True, "3x3", kind(arrays["meta.token_pooling"]), list(map(kind, mappings)), sizes
        )
        assert [row[:2] for row in got] == [row[:2] for row in expected]
        assert np.allclose([row[2:] for row in got], [row[2:] for row in expected], rtol=0, atol=1e-9)
    assert bool(expected) == (run != "greedy_noproc")  # the cases do show points, and answers without


@pytest.mark.parametrize("run", RUNS)
def test_points_of_the_original_code_about_a_video(run: str) -> None:
    facts, arrays = case("case_video_four")
    got = extract_grounding_video_points(
        facts[f"{run}_text"],
        True,
        "3x3",
        arrays["meta.token_pooling"],
        arrays["meta.subpatch_mapping"],
        facts["timestamps"],
        facts["video_size_wh"],
    )
    expected = facts[f"{run}_points"]
    assert [row[:2] for row in got] == [row[:2] for row in expected]
    assert np.allclose([row[2:] for row in got], [row[2:] for row in expected], rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("text", "object_ids", "triples"),
    [
        ("<POINT_3><POINT_12><POINT_20>1", [1], [[3, 1, 5]]),  # one point
        ("<POINT_3> <POINT_12> <POINT_20> 1", [1], [[3, 1, 5]]),  # spaces between
        ("<POINT_3><POINT_12><POINT_20>", [], []),  # no object number
        ("<POINT_3>  <POINT_12><POINT_20>1", [], []),  # two spaces
        ("<POINT_12><POINT_20>1", [], []),  # half a point
        ("<POINT_5><POINT_3><POINT_12><POINT_20>1", [1], [[3, 1, 5]]),  # a stray patch in front
        ("<POINT_3><POINT_12><POINT_20>12<POINT_4><POINT_11><POINT_15>7", [12, 7], [[3, 1, 5], [4, 0, 0]]),
        (
            '<points coords="<POINT_0><POINT_14><POINT_23>1<POINT_10>">mug</points>',
            [1],
            [[0, 3, 8]],
        ),  # released
        ("There are none.", [], []),  # nothing there
        ("", [], []),  # nothing said
    ],
)
def test_reading(text: str, object_ids: list[int], triples: list[list[int]]) -> None:
    got_ids, got = parse_grounding_text(text, TEN)
    assert got_ids.tolist() == object_ids
    assert got.tolist() == triples
    assert got.shape == (len(triples), 3)


@pytest.mark.parametrize(
    "text",
    [
        "<POINT_10><POINT_12><POINT_20>1",  # no-more-points is no patch
        "<POINT_3><POINT_9><POINT_20>1",  # a patch where the subpatch should be
        "<POINT_3><POINT_15><POINT_20>1",  # a location where the subpatch should be
        "<POINT_3><POINT_12><POINT_24>1",  # behind the last location
        "<POINT_3><POINT_12><POINT_20>" + "1" * 5000,  # a model gone round in circles
        f"<POINT_{'1' * 5000}><POINT_12><POINT_20>1",  # the same inside a token
    ],
)
def test_points_that_name_nothing_are_left_out_with_a_warning(text: str, caplog) -> None:
    with caplog.at_level(logging.WARNING):
        got_ids, got = parse_grounding_text(text, TEN)
    assert len(got_ids) == len(got) == 0
    assert len(caplog.records) == 1


def test_without_no_more_points_and_without_locations() -> None:
    prompt = PromptIds(50, 10, 4, num_locations=0, no_more_points_class=False)
    ids, triples = parse_grounding_text("<POINT_3><POINT_11>5", prompt)
    assert (ids.tolist(), triples.tolist()) == ([5], [[3, 1, -1]])


def test_a_point_on_the_low_resolution_view_is_left_out_with_a_warning(caplog) -> None:
    facts, arrays = case("case_image_one")
    with caplog.at_level(logging.WARNING):
        got = extract_grounding_points(
            "<POINT_2><POINT_77><POINT_82>1<POINT_23><POINT_80><POINT_82>2",
            True,
            "3x3",
            arrays["meta.token_pooling"],
            [arrays["meta.subpatch_mapping_0"]],
            facts["image_sizes_wh"],
        )
    assert [row[0] for row in got] == [2]
    assert "Left out 1 point(s) on the low-resolution view" in caplog.text
