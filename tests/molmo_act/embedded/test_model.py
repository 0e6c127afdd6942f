"""EmbeddedModel: the verbs of PointingModel with the same answers, and what it refuses in one sentence."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act.embedded.encoded_image import EmbeddedImage
from molmo_act.embedded.model import EmbeddedModel
from molmo_act.errors import InputError, QueryError
from molmo_act.pointing.model import PointingModel
from tests.support.asked_cases import BAD_OPTIONS, MANY, ONE, asked, equal
from tests.support.embedded import runtime_of
from tests.support.tiny_checkpoint import tiny_model, tiny_processor


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> EmbeddedModel:
    return EmbeddedModel(runtime_of(tiny_model(), tiny_processor(), tmp_path_factory.mktemp("export")))


@pytest.fixture(scope="module")
def torch_model() -> PointingModel:
    return PointingModel(tiny_model(), tiny_processor(), "tiny")


@pytest.fixture(scope="module")
def encoded(model) -> EmbeddedImage:
    return model.encode(asked(ONE)[0])


def test_answers_are_those_of_torch(model, torch_model, encoded):
    image, query = asked(ONE)
    expected = torch_model.point(image, query)
    found = model.point(image, query)
    equal(found, expected)
    assert found.timing_ms.keys() == expected.timing_ms.keys()
    np.testing.assert_allclose(found.features, expected.features, atol=1e-4)
    equal(model.point(encoded, query), expected)
    assert model.count(image, query) == len(expected)
    assert (model.name, model.calibrated) == ("tiny", torch_model.calibrated)
    assert repr(model) == "EmbeddedModel('tiny', precision='fp32')"


def test_lists_have_lists_of_answers(model, torch_model):
    (one, first), (many, second) = asked(ONE), asked(MANY)
    for images, queries in (
        ([one, many], [first, second]),
        ([one, many], first),
        (one, [first, second]),
        ([one], first),
    ):
        options = {"max_points": 1, "order": "masked", "prompt": "gui", "max_crops": 2}
        found, expected = (each.point(images, queries, **options) for each in (model, torch_model))
        for ours, theirs in zip(found, expected, strict=True):
            equal(ours, theirs)
    assert model.point([], first) == []
    assert model.count([one, many], first) == torch_model.count([one, many], first)


@pytest.mark.parametrize("options", BAD_OPTIONS, ids=str)
def test_wrong_options(model, encoded, options):
    image, query = asked(ONE)
    with pytest.raises(InputError, match=next(iter(options))):
        model.point(image, query, **options)


def test_what_needs_torch_says_so(model):
    image, query = asked(ONE)
    needs = r"cannot be asked of an exported model, .*: molmo_act\.load\(CHECKPOINT\)"
    for ask in (
        lambda: model.point([image], query, together=True),
        lambda: model.track([image], query, mode="offline"),
        lambda: model.tracker(query, window=3),
        lambda: model.tracker(query, window_mode="sliding"),
        lambda: model.point_in_video("film.mp4", query),
        lambda: model.count_in_video("film.mp4", query),
    ):
        with pytest.raises(InputError, match=needs):
            ask()


def test_what_no_model_can_be_asked(model, encoded):
    image, query = asked(ONE)
    with pytest.raises(QueryError):
        model.point(image, "<|im_end|>")
    with pytest.raises(QueryError):
        model.check_query("")
    with pytest.raises(InputError, match="Give it to encode"):
        model.point(encoded, query, max_crops=2)
    with pytest.raises(InputError, match="Encoded images come one at a time"):
        model.point([encoded, encoded], query)
    with pytest.raises(InputError, match="exactly=1 was given to count"):
        model.count(image, query, exactly=1)
    with pytest.raises(InputError, match="expected as many of both"):
        model.point([image] * 2, [query] * 3)
    with pytest.raises(InputError, match="window is"):
        model.tracker(query, window=0)
    with pytest.raises(InputError, match="max_fps was given"):
        model.track([image], query, max_fps=2)
    with pytest.raises(InputError, match="together is"):
        model.point(image, query, together=1)
