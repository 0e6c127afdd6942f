"""Streams are tracked with exported models, keyframe by keyframe; what needs torch says so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from molmo_act.embedded.model import EmbeddedModel
from molmo_act.embedded.runtime import EmbeddedRuntime
from molmo_act.embedded.stream_verbs import needs_torch
from molmo_act.errors import InputError, QueryError
from tests.support.embedded import runtime_of
from tests.support.tiny_checkpoint import tiny_model, tiny_processor


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> EmbeddedModel:
    return EmbeddedModel(runtime_of(tiny_model(), tiny_processor(), tmp_path_factory.mktemp("export")))


def test_streams_are_tracked(model):
    frames = [np.full((48, 64, 3), 200, np.uint8)] * 3
    history = model.track(frames, "mug", fps=2, max_points=2, timeout=5)
    assert [tracks.timestamp for tracks in history] == [0.0, 0.5, 1.0]
    with model.tracker("mug", synchronous=True, max_points=1) as tracker:
        tracker.update(frames[0], 0.0)
        assert tracker.stats.groundings == 1
        with pytest.raises(QueryError):
            tracker.add("<|im_end|>")


def test_models_that_remember_frames_need_torch(model):
    runtime = model.runtime
    settings = replace(runtime.settings, config=replace(runtime.config, temporal_module="attention"))
    remembering = EmbeddedModel(
        EmbeddedRuntime(settings, runtime.tokenizer, runtime._tokens, runtime.network)
    )
    with pytest.raises(InputError, match="temporal module remembers earlier frames, cannot be asked"):
        remembering.tracker("mug")
    assert needs_torch("That").startswith("That cannot be asked of an exported model")
