"""One prompt is decoded in NumPy as in torch, wherever a CPU computes in float32."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

import molmo_act
from molmo_act.generation.engine import Engine
from molmo_act.generation.kv_cache import TreeCache
from molmo_act.generation.limits import GenerationLimits
from molmo_act.generation.prefill import new_cache, prefill
from molmo_act.generation.torch_steps import TorchSteps, can_step_alone, read_prompt
from tests.molmo_act.generation.test_engine_properties import EAGERNESS, SWITCHES, drawn, inputs_of
from tests.support.engines import assert_same, grammar, talkative
from tests.support.samples import seeds
from tests.support.tiny_checkpoint import load_case, model_inputs, tiny_model


def both(model, inputs, **options):
    """The outputs of one prompt with torch's choices and with NumPy's."""
    options["limits"] = GenerationLimits(max_new_tokens=60, **options.pop("limits", {}))
    return [
        Engine(model, grammar(), one_prompt=one_prompt).generate(inputs, ["it"], **options)
        for one_prompt in (False, None)
    ]


def same(model, inputs, **options):
    """Asserts that both give the same in as many steps, and returns the answer."""
    expected, found = both(model, inputs, **options)
    assert_same(found.answers, expected.answers)
    assert found.steps == expected.steps
    return found.answers[0]


@pytest.mark.parametrize("limits", [{}, {"exactly": 3}, {"max_points": 2}])
@pytest.mark.parametrize("order", ["reference", "masked"])
@pytest.mark.parametrize("case", ["image_many", "images_two", "video_four"])
def test_answers_are_those_of_torch_in_as_many_steps(case, order, limits):
    answer = same(talkative(2, 1.8), model_inputs(load_case(case)[1]), order=order, limits=limits)
    assert len(answer.tokens) > 4


@pytest.mark.parametrize("seed", seeds(12, 100))
def test_random_models_answer_alike(seed):
    model = talkative(seed, EAGERNESS[seed % 3], **SWITCHES[seed % 4])
    for image, query in zip(*drawn(seed), strict=True):
        same(model, inputs_of([image], [query], max_crops=1 + seed % 5))


def test_a_padded_prompt_and_batches_are_left_to_torch():
    model, inputs = tiny_model(), model_inputs(load_case("image_many")[1])
    assert can_step_alone(model)

    def read(inputs):
        batch, length = inputs["input_ids"].shape
        with torch.inference_mode():
            return read_prompt(
                prefill(model, inputs, grammar().opening, new_cache(model, batch, length + 64))
            )

    assert read(inputs) is not None
    padded = dict(inputs)
    for name in ("input_ids", "attention_mask", "token_type_ids"):
        padded[name] = torch.nn.functional.pad(inputs[name], (1, 0))
    assert read(padded) is None


def test_models_of_another_type_are_left_to_torch():
    assert not can_step_alone(copy.deepcopy(tiny_model()).to(torch.bfloat16))
    model = copy.deepcopy(tiny_model())
    model.lm_head.to(torch.bfloat16)
    assert not can_step_alone(model)


def test_words_of_any_number_of_positions_are_those_of_the_model():
    model = molmo_act.load("nano", device="cpu").model
    hidden = torch.randn(9, 256, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        network = TorchSteps(model, new_cache(model, 1, 8))
        expected = model.lm_head(model.model.final_norm(hidden)).numpy()
        for positions in (1, 2, 4, 8, 9):
            found = network.words(hidden[:positions].numpy())
            np.testing.assert_allclose(found, expected[:positions], atol=1e-4)
            assert found.flags.c_contiguous


def test_a_cache_closes_up_over_what_was_dropped():
    cache = TreeCache(2, 1, 2, 8, 3, torch.empty(0))
    cache.values_2LBHSD[:] = torch.arange(8.0)[:, None]
    cache.close_up(np.array([0, 1, 3, 6]))
    assert cache.values_2LBHSD[1, 1, 0, 1, :4, 2].tolist() == [0, 1, 3, 6]
    before = cache.values_2LBHSD.clone()
    cache.close_up(np.arange(3))
    assert torch.equal(cache.values_2LBHSD, before)
