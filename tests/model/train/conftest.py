"""Of tests of training: one thread, and a tokenizer and a model of toy size, which none of them changes."""

from __future__ import annotations

import pytest
import torch

from tests.model.train.small_run import make_tokenizer, rough_model, tiny_config


@pytest.fixture(scope="module")
def one_thread():
    """Sums come out the same for the same number of threads only, and other processes run with one here."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def tokenizer():
    return make_tokenizer()


@pytest.fixture(scope="module")
def model(tokenizer):
    return rough_model(tiny_config(tokenizer))
