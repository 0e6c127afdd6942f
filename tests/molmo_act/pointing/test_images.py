"""Questions about images: batches, images that were read before, and frames that came earlier."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from molmo_act.errors import InputError
from molmo_act.pointing import images
from molmo_act.pointing.images import (
    encode_image,
    point_in_encoded,
    point_in_pairs,
    point_with_prefix,
    prepare_image_inputs,
)
from molmo_act.pointing.runtime import PointingRuntime
from molmo_act.request import Bounds
from tests.support.tiny_checkpoint import load_case, tiny_model, tiny_processor

IMAGE = load_case("image_one")[1]["image_0"]  # on which the tiny checkpoint does point
SIZE = (IMAGE.shape[1], IMAGE.shape[0])
FEW = Bounds(max_points=2)  # answers of random weights are long
QUERIES = ["the boats", "the cat", "a boat"]


@pytest.fixture(scope="module")
def runtime() -> PointingRuntime:
    return PointingRuntime(tiny_model(), tiny_processor(), "tiny")


def test_batches_give_the_answers_of_one_by_one(runtime, monkeypatch):
    monkeypatch.setattr(images, "BATCH_SIZE", 2)
    together = point_in_pairs(runtime, [(IMAGE, query) for query in QUERIES], FEW, None)
    alone = [point_in_pairs(runtime, [(IMAGE, query)], FEW, None)[0] for query in QUERIES]
    assert [points.query for points in together] == QUERIES
    assert [points.text for points in together] == [points.text for points in alone]
    for ours, theirs in zip(together, alone, strict=True):
        np.testing.assert_allclose(ours.xy, theirs.xy, rtol=0, atol=1e-4)


def test_an_encoded_image_is_asked_in_batches_too(runtime, monkeypatch):
    alone = point_in_pairs(runtime, [(IMAGE, query) for query in QUERIES], FEW, None)
    encoded = encode_image(runtime, IMAGE, None, ())
    monkeypatch.setattr(images, "BATCH_SIZE", 2)
    shared = point_in_encoded(runtime, encoded, QUERIES, FEW)
    assert [points.text for points in shared] == [points.text for points in alone]
    assert all(points.timing_ms["preprocess"] == encoded.preprocess_ms for points in shared)
    assert all(points.timing_ms["prefill"] >= encoded.prefill_ms for points in shared)
    assert point_in_encoded(runtime, encoded, [], Bounds()) == []


def test_an_image_of_another_model_is_refused(runtime):
    encoded = encode_image(runtime, IMAGE, None, ())
    other = PointingRuntime(tiny_model(), tiny_processor(), "another")
    with pytest.raises(InputError, match="encoded by tiny, but this is another"):
        point_in_encoded(other, encoded, ["a"], Bounds())


def test_the_prompt_of_a_prefix_can_be_chosen(runtime):
    encoded = encode_image(runtime, IMAGE, None, ())
    [short] = point_with_prefix(runtime, encoded, ["the boats"], Bounds(), max_new_tokens=1)
    assert short.truncated
    [pointed] = point_with_prefix(runtime, encoded, ["the boats"], FEW)
    [tracked] = point_with_prefix(runtime, encoded, ["the boats"], FEW, prompt="track")
    assert pointed.absent != tracked.absent


def test_the_prompt_of_pairs_can_be_chosen(runtime):
    raw = prepare_image_inputs(runtime, [(IMAGE, "Point to the boats")], None, "raw")
    usual = prepare_image_inputs(runtime, [(IMAGE, "the boats")], None)
    assert torch.equal(raw["input_ids"], usual["input_ids"])


def test_several_images_in_one_prompt(runtime):
    """As alone with both queries, and as the original answered; all in batches with single images."""
    _, arrays, said = load_case("images_two")
    both = [arrays["image_0"], arrays["image_1"]]
    pairs = [(both, "the boats"), (IMAGE, "the boats")]
    together, single = point_in_pairs(runtime, pairs, FEW, None)
    assert together.image_index.tolist() == [int(row[1]) for row in said["greedy_points"][:2]]
    np.testing.assert_allclose(together.xy, [row[2:] for row in said["greedy_points"][:2]], atol=1e-3)
    assert together.image_size == tuple(map(tuple, said["image_sizes_wh"]))
    assert single.image_size == (SIZE,)
    [alone] = point_in_encoded(runtime, encode_image(runtime, both, None), ["the boats"], FEW)
    assert alone.text == together.text


def test_earlier_frames_need_a_temporal_module(runtime):
    with pytest.raises(InputError, match="past was given, but tiny has no temporal module"):
        encode_image(runtime, IMAGE, None, [torch.zeros(1, 1, 1)])


def test_inputs_of_several_images_are_one_batch(runtime):
    inputs = prepare_image_inputs(runtime, [(IMAGE, "a"), (IMAGE, "the second boat")], None)
    assert inputs["input_ids"].shape[0] == 2
    assert [one["image_sizes"] for one in inputs["metadata"]] == [[SIZE]] * 2
