"""Answers without torch are those of the engine: ids, scores, and one forward pass for a point."""

from __future__ import annotations

import time

import numpy as np
import pytest

from molmo_act.embedded.prompt import read_image, see_image
from molmo_act.errors import CheckpointError, InputError
from molmo_act.generation.engine import Engine
from molmo_act.generation.limits import GenerationLimits
from molmo_act.generation.one_prompt.decoder import Decoder
from molmo_act.generation.outputs import exhausted
from tests.molmo_act.generation.test_engine_properties import EAGERNESS, drawn, inputs_of
from tests.support.embedded import runtime_of
from tests.support.engines import assert_same, grammar, talkative
from tests.support.samples import seeds
from tests.support.tiny_checkpoint import load_case, model_inputs, tiny_model, tiny_processor

LONGEST = 24
SWITCHES = [
    {},
    {"mask_repeats": "never"},
    {"mask_patches": "never"},
    {"mask_subpatches": "never"},
    {"score_temperature": 3.0},
    {"norm_logits": False},
    {"no_more_points_class": False},
]


def decoder(runtime, inputs, query: str = "it", order: str = "reference", **limits) -> Decoder:
    """A decoder of a prompt that the processor of torch has made."""
    ids = inputs["input_ids"][0].numpy()
    pooling, pixels = inputs["image_token_pooling"].numpy(), inputs["pixel_values"].numpy()
    tables = see_image(runtime.network, runtime.config, pixels, pooling, ids)
    seen = inputs["token_type_ids"][0].bool().numpy()
    read = read_image(runtime.network, runtime.config, tables, ids, seen, grammar().opening)
    bounds = GenerationLimits(**{"max_new_tokens": LONGEST, **limits})
    given = runtime.network, runtime.config, grammar(), read, query
    return Decoder(*given, order=order, limits=bounds, instead="Export it with --precision fp32.")


def compare(runtime, model, inputs, query: str = "it", order: str = "reference", **limits):
    """Asserts that both decoders give the same, and returns the answer."""
    bounds = GenerationLimits(**{"max_new_tokens": LONGEST, **limits})
    engine = Engine(model, grammar(), one_prompt=False)
    expected = engine.generate(inputs, [query], order=order, limits=bounds).answers
    found = exhausted(decoder(runtime, inputs, query, order, **limits).steps(time.perf_counter()))
    assert_same([found], expected)
    assert found.patch_features.keys() == expected[0].patch_features.keys()
    for index, features in found.patch_features.items():
        np.testing.assert_allclose(features, expected[0].patch_features[index], atol=1e-4)
    return found


@pytest.mark.parametrize("name", ["image_one", "image_many"])
def test_recorded_cases(name, tmp_path):
    arrays = load_case(name)[1]
    answer = compare(
        runtime_of(tiny_model(), tiny_processor(), tmp_path),
        tiny_model(),
        model_inputs(arrays),
        max_new_tokens=60,
    )
    recorded = arrays["greedy.tokens"].tolist()
    assert answer.tokens == [token for token in recorded if token not in grammar().end_ids]


SEEDS = [*range(3), *(pytest.param(seed, marks=pytest.mark.slow) for seed in seeds(24, 101)[3:])]


@pytest.mark.parametrize("seed", SEEDS)
def test_random_models_answer_as_the_engine_does(seed, tmp_path):
    model = talkative(seed, EAGERNESS[seed % 3], **SWITCHES[seed % 7])
    runtime = runtime_of(model, tiny_processor(), tmp_path)
    for image, query in list(zip(*drawn(seed), strict=True))[:2]:
        inputs = inputs_of([image], [query], max_crops=1 + seed % 5)
        for order in ("reference", "masked"):
            compare(runtime, model, inputs, query, order)
        compare(runtime, model, inputs, query, max_points=2)
        compare(runtime, model, inputs, query, exactly=3)


def test_a_point_takes_one_forward_pass(tmp_path):
    model = talkative(0, 1.8, mask_patches="never", mask_repeats="never", mask_subpatches="never")
    runtime = runtime_of(model, tiny_processor(), tmp_path)
    inputs = model_inputs(load_case("image_one")[1])
    made = decoder(runtime, inputs, exactly=5, max_new_tokens=23)
    before = runtime.network.reads
    answer = exhausted(made.steps(time.perf_counter()))
    assert sum(token >= model.config.extended_vocab_start for token in answer.tokens) >= 15
    assert runtime.network.reads - before <= 5 + 2


def test_time_runs_out(tmp_path):
    runtime = runtime_of(tiny_model(), tiny_processor(), tmp_path)
    inputs = model_inputs(load_case("image_many")[1])
    answer = exhausted(decoder(runtime, inputs, timeout=1e-9).steps(time.perf_counter() - 1))
    assert answer.truncated
    assert answer.tokens


def test_more_points_than_places_are_refused(tmp_path):
    runtime = runtime_of(tiny_model(), tiny_processor(), tmp_path)
    with pytest.raises(InputError, match="exactly=5000 points were asked for, but the image has"):
        decoder(runtime, model_inputs(load_case("image_one")[1]), exactly=5000)


def test_numbers_that_overflow_are_an_error(tmp_path):
    runtime = runtime_of(tiny_model(), tiny_processor(), tmp_path)
    made = decoder(runtime, model_inputs(load_case("image_one")[1]))
    words = runtime.network.words
    runtime.network.words = lambda hidden: words(hidden) * np.nan
    with pytest.raises(CheckpointError, match=r"not finite in float32.*Export it with --precision fp32"):
        exhausted(made.steps(time.perf_counter()))
