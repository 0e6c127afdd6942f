"""Prompts of exported models have the ids that the processor of torch gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from molmo_act.embedded.runtime import EmbeddedRuntime
from molmo_act.errors import InputError, QueryError
from molmo_act.request import Bounds
from tests.support.asked_cases import ONE, asked
from tests.support.embedded import runtime_of
from tests.support.tiny_checkpoint import load_case, tiny_model, tiny_processor


@pytest.fixture(scope="module")
def runtime(tmp_path_factory) -> EmbeddedRuntime:
    return runtime_of(tiny_model(), tiny_processor(), tmp_path_factory.mktemp("export"))


@pytest.mark.parametrize("name", ["image_one", "image_many"])
def test_ids_are_those_of_the_processor(runtime, name):
    messages, arrays, _ = load_case(name)
    query = messages[0]["content"][0]["text"].removeprefix("Point to ")
    cut, _ = runtime._cut(arrays["image_0"], None)
    ids = [*runtime._image_ids(cut), *runtime.question(query)]
    assert ids == arrays["in.input_ids"][0].tolist()
    assert np.array_equal(cut.maps.token_pooling, arrays["in.image_token_pooling"])


def test_prompts_without_room_are_refused(runtime, monkeypatch):
    image, query = asked(ONE)
    text = replace(runtime.config.text_config, max_position_embeddings=40)
    settings = replace(runtime.settings, config=replace(runtime.config, text_config=text))
    small = EmbeddedRuntime(settings, runtime.tokenizer, runtime._tokens, runtime.network)
    for ask in (
        lambda: small.encode(image, None),
        lambda: small.point(image, query, Bounds(), None, None),
    ):
        with pytest.raises(InputError, match=r"tokens, but tiny reads 40\. Give fewer max_crops"):
            ask()
    with pytest.raises(QueryError, match="a control token of tiny"):
        runtime.check_questions(["<POINT_0>"])
