"""The engine on a GPU, with and without graphs, gives what the slow path gives there."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch

from molmo_act.generation.limits import GenerationLimits
from tests.support.engines import LONGEST, assert_same, engine, plainly, talkative
from tests.support.tiny_checkpoint import CASES, load_case, model_inputs, tiny_model

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
]


@pytest.fixture(autouse=True)
def exact_products():
    """Products in full float32, so that scores can be compared with those of a CPU."""
    torch.set_float32_matmul_precision("highest")


def on_gpu(inputs):
    return {key: value.cuda() if torch.is_tensor(value) else value for key, value in inputs.items()}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("capture", [False, True], ids=["steps", "graph"])
def test_recorded_answers(name, capture):
    model = deepcopy(tiny_model()).cuda()
    inputs = on_gpu(model_inputs(load_case(name)[1]))
    found = engine(model, cuda_graph=capture).generate(inputs, limits=GenerationLimits(LONGEST))
    assert_same(found.answers, plainly(model, inputs))


@pytest.mark.parametrize("seed", range(6))
def test_random_models_by_graph(seed):
    model = talkative(seed, eagerness=(1.0, 1.3, 1.8)[seed % 3]).cuda()
    graphs = engine(model, cuda_graph=True)
    for name in CASES:  # the graph of one prompt serves the next
        inputs = on_gpu(model_inputs(load_case(name)[1]))
        assert_same(graphs.generate(inputs, limits=GenerationLimits(LONGEST)).answers, plainly(model, inputs))
