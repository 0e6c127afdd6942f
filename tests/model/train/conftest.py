"""A tokenizer and a model of toy size, for tests that change neither."""

from __future__ import annotations

import pytest

from tests.model.train.small_run import make_tokenizer, rough_model, tiny_config


@pytest.fixture(scope="module")
def tokenizer():
    return make_tokenizer()


@pytest.fixture(scope="module")
def model(tokenizer):
    return rough_model(tiny_config(tokenizer))
