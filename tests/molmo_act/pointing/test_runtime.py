"""PointingRuntime: what the model can do, and how much room it has for an answer."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from molmo_act.errors import PlatformError
from molmo_act.pointing.runtime import PointingRuntime
from tests.support.tiny_checkpoint import tiny_model, tiny_processor


@pytest.fixture(scope="module")
def runtime() -> PointingRuntime:
    return PointingRuntime(tiny_model(), tiny_processor(), "tiny")


class TextModel(nn.Module):
    """Stands for a model that writes coordinates as text."""

    config = SimpleNamespace(text_config=SimpleNamespace(max_position_embeddings=100))
    device = torch.device("cpu")


@pytest.fixture
def text_runtime() -> PointingRuntime:
    return PointingRuntime(TextModel(), tiny_processor(), "text")


def test_a_molmo_point_has_grounding_tokens_and_one_engine(runtime):
    assert runtime.has_grounding_tokens
    assert not runtime.has_temporal_module
    assert runtime.device == torch.device("cpu")
    assert runtime.engine is runtime.engine
    assert runtime.engine.model is runtime.model
    assert runtime.engine.grammar is runtime.grammar
    runtime.require_grounding_tokens("it cannot.")


def test_each_process_has_an_engine_of_its_own(monkeypatch):
    runtime = PointingRuntime(tiny_model(), tiny_processor(), "tiny")
    engine = runtime.engine
    assert runtime.engine is engine
    monkeypatch.setattr("os.getpid", lambda: -1)  # as after a fork
    assert runtime.engine is not engine


def test_cuda_in_a_fork_is_refused(text_runtime, monkeypatch):
    monkeypatch.setattr(TextModel, "device", torch.device("cuda:0"))
    text_runtime.check_process()
    monkeypatch.setattr("os.getpid", lambda: -1)
    with pytest.raises(PlatformError, match="CUDA cannot be used in a fork"):
        text_runtime.check_process()
