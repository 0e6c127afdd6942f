"""Conversations become tensors on the model's device, with their metadata."""

from __future__ import annotations

import pytest
import torch

from molmo_act.pointing.prompts import prepare_inputs, text_part, user_message
from molmo_act.pointing.runtime import PointingRuntime
from tests.support.synthetic import synthetic_image
from tests.support.tiny_checkpoint import SNIPPET, tiny_model, tiny_processor


@pytest.fixture(scope="module")
def runtime() -> PointingRuntime:
    return PointingRuntime(tiny_model(), tiny_processor(), "tiny")


def test_parts_stay_in_order():
    image = {"type": "image", "image": 1}
    message = user_message(text_part("Point to the mug"), image)
    assert message == {"role": "user", "content": [{"type": "text", "text": "Point to the mug"}, image]}


def test_inputs_are_those_of_the_processor(runtime):
    pixels = synthetic_image(1, 60, 90)
    messages = [[user_message(text_part("Point to the mug"), {"type": "image", "image": pixels})]]
    inputs = prepare_inputs(runtime, messages, max_crops=None)
    expected = tiny_processor().apply_chat_template(messages, **SNIPPET)
    for name, tensor in expected.items():
        if isinstance(tensor, torch.Tensor):
            assert torch.equal(inputs[name], tensor), name
    [metadata] = inputs["metadata"]
    assert metadata["image_sizes"] == [(90, 60)]


def test_options_reach_the_processor(runtime):
    pixels = synthetic_image(1, 200, 300)
    messages = [[user_message(text_part("a"), {"type": "image", "image": pixels})]]
    few, more = (prepare_inputs(runtime, messages, max_crops=most)["input_ids"].shape[1] for most in (1, 4))
    assert few < more
