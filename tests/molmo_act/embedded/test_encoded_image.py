"""An encoded image says what it is, and belongs to the model that read it."""

from __future__ import annotations

import copy

import pytest

from molmo_act.embedded.model import EmbeddedModel
from molmo_act.errors import InputError
from tests.support.asked_cases import ONE, asked
from tests.support.embedded import runtime_of
from tests.support.tiny_checkpoint import tiny_model, tiny_processor


def test_an_encoded_image(tmp_path):
    model = EmbeddedModel(runtime_of(tiny_model(), tiny_processor(), tmp_path))
    image, query = asked(ONE)
    encoded = model.encode(image, max_crops=1)
    height, width = image.shape[:2]
    assert encoded.image_size == (width, height)
    assert repr(encoded) == f"EmbeddedImage({width}x{height}, {encoded.prefix.length} tokens)"
    other = EmbeddedModel(copy.copy(model.runtime))
    with pytest.raises(InputError, match="encoded by another model"):
        other.point(encoded, query)
