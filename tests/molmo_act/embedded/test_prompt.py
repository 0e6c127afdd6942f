"""Prompts that are read without torch: tables and states are those of the prefill of torch."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act.embedded.prompt import read_image, read_question, see_image
from molmo_act.generation.prefill import prefill_prefix
from tests.support.embedded import runtime_of
from tests.support.tiny_checkpoint import load_case, model_inputs, tiny_model, tiny_processor


@pytest.fixture
def runtime(tmp_path):
    return runtime_of(tiny_model(), tiny_processor(), tmp_path)


def test_an_image_is_read_as_by_torch_and_a_question_behind_it_as_at_once(runtime):
    inputs, network, config = model_inputs(load_case("image_many")[1]), runtime.network, runtime.config
    prefix = prefill_prefix(tiny_model(), inputs)
    ids, seen = inputs["input_ids"][0].numpy(), inputs["token_type_ids"][0].bool().numpy()
    length, question = prefix.length, ids[prefix.length :].tolist()
    tables = see_image(
        network, config, inputs["pixel_values"].numpy(), inputs["image_token_pooling"].numpy(), ids[:length]
    )
    apart = read_image(network, config, tables, ids[:length], seen[:length])
    state = prefix.state
    for ours, theirs in (
        (apart.tables.patch_keys, state.patch_keys_BPE),
        (apart.tables.features, state.image_features_BPD),
        (apart.tables.subpatch_keys, state.subpatch_keys_BPKE),
        (apart.tables.windows, state.vit_features_BPKC),
    ):
        np.testing.assert_allclose(ours, theirs[0].numpy(), atol=1e-4)
    assert np.array_equal(apart.tables.indexable, state.indexable_BP[0].numpy())
    assert np.array_equal(apart.tables.positions, state.positions_BP[0].numpy())
    assert np.array_equal(apart.tables.valid, state.subpatch_valid_BPK[0].numpy())
    behind = read_question(network, apart, question)
    at_once = read_image(network, config, tables, ids[:length], seen[:length], question)
    assert behind.length == at_once.length == len(ids)
    np.testing.assert_allclose(behind.hidden, at_once.hidden[length:], atol=1e-4)
    assert apart.length == length  # stays as it is, for the next question


def test_many_crops_are_seen_a_few_at_a_time(runtime, monkeypatch):
    inputs = model_inputs(load_case("image_many")[1])
    given = (
        inputs["pixel_values"].numpy(),
        inputs["image_token_pooling"].numpy(),
        inputs["input_ids"][0].numpy(),
    )
    network = runtime.network
    monkeypatch.setattr("molmo_act.embedded.prompt.PATCHES_AT_ONCE", 10**6)
    at_once = see_image(network, runtime.config, *given)
    monkeypatch.setattr("molmo_act.embedded.prompt.PATCHES_AT_ONCE", 1)  # a crop is seen whole
    seen, see = [], network.see
    monkeypatch.setattr(type(network), "see", lambda self, part: seen.append(len(part)) or see(part))
    one_by_one = see_image(network, runtime.config, *given)
    assert seen == [1] * len(given[0])
    np.testing.assert_allclose(one_by_one.windows, at_once.windows, atol=1e-5)
