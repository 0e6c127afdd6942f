"""One small processor for all tests of encodings."""

from __future__ import annotations

import pytest

from model.train.models.nano import make_processor
from molmo_act.models.molmo_point.processing_molmo_point import MolmoPointProcessor
from tests.model.train.small_run import GEOMETRY, make_tokenizer


@pytest.fixture(scope="session")
def processor() -> MolmoPointProcessor:
    return make_processor(make_tokenizer(), GEOMETRY)
