"""EmbeddedModel: the verbs of PointingModel with the same answers, and what it refuses in one sentence."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pytest

from molmo_act.embedded.encoded_image import EmbeddedImage
from molmo_act.embedded.model import EmbeddedModel
from molmo_act.errors import InputError, MolmoActError, QueryError
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


def test_an_export_is_no_checkpoint_to_write(model):
    for write in (model.export, model.save_pretrained):
        with pytest.raises(InputError, match=r"is an exported model; expected the checkpoint that it was"):
            write("out")


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


WRONG_CALLS = {
    "unknown option of point": lambda model, image, query: model.point(image, query, tempo=1),
    "unknown option of count": lambda model, image, query: model.count(image, query, tempo=1),
    "unknown option of tracker": lambda model, image, query: model.tracker(query, tempo=1),
    "unknown option of track": lambda model, image, query: model.track([image], query, tempo=1),
    "unknown option of encode": lambda model, image, query: model.encode(image, tempo=1),
    "option of another mode": lambda model, image, query: model.track([image], query, max_frames=3),
    "synchronous": lambda model, image, query: model.track([image], query, synchronous=True),
    "unknown mode": lambda model, image, query: model.track([image], query, mode="live"),
    "exactly to count": lambda model, image, query: model.count(image, query, exactly=2),
    "exactly to tracker": lambda model, image, query: model.tracker(query, exactly=2),
    "exactly to track": lambda model, image, query: model.track([image], query, exactly=2),
    "none exactly": lambda model, image, query: model.point(image, query, exactly=0),
    "a half together": lambda model, image, query: model.point(image, query, together=0.5),
    "a word together": lambda model, image, query: model.count(image, query, together="yes"),
    "no prompt": lambda model, image, query: model.point(image, query, prompt="no slot"),
    "a prompt of control tokens": lambda model, image, query: model.count(
        image, query, prompt="<|im_end|>{}"
    ),
    "no query": lambda model, image, query: model.point(image, 5),
    "an empty query": lambda model, image, query: model.count(image, ""),
    "a control token": lambda model, image, query: model.tracker("<|im_end|>"),
    "a query of half a surrogate": lambda model, image, query: model.check_query("\ud800"),
    "no image": lambda model, image, query: model.point("no such image.png", query),
    "nothing as an image": lambda model, image, query: model.count(None, query),
    "no image to encode": lambda model, image, query: model.encode(5),
    "a video": lambda model, image, query: model.point("film.mp4", query),
    "a video to count in": lambda model, image, query: model.count(["film.mp4"], query),
    "unlike lists": lambda model, image, query: model.count([image] * 2, [query] * 3),
    "a window of none": lambda model, image, query: model.tracker(query, window=0),
    "a window of text": lambda model, image, query: model.tracker(query, window="1"),
    "an unknown window": lambda model, image, query: model.tracker(query, window_mode="round"),
    "a rate of 0": lambda model, image, query: model.tracker(query, rate=0),
    "no crops to encode": lambda model, image, query: model.encode(image, max_crops=0),
    "an endless camera": lambda model, image, query: model.track(0, query),
    "a backward video": lambda model, image, query: model.track([image], query, start=2, end=1),
    "encoded anew": lambda model, image, query: model.point(model.encode(image), query, max_crops=2),
    **{
        f"{verb} {options}": lambda model, image, query, verb=verb, options=options: getattr(model, verb)(
            *((query,) if verb == "tracker" else (image, query)), **options
        )
        for verb in ("point", "count", "tracker")
        for options in BAD_OPTIONS
    },
}


@pytest.mark.parametrize("call", WRONG_CALLS)
def test_wrong_calls_are_refused_in_the_words_of_the_model_of_torch(model, torch_model, call):
    told = []
    for each in (model, torch_model):
        with pytest.raises((MolmoActError, TypeError)) as refused:
            WRONG_CALLS[call](each, *asked(ONE))
        own = re.sub(r"^\w+\.", "", str(refused.value))  # Python writes the class before its method
        told.append((refused.type, own))
    assert told[0] == told[1]


def test_answers_in_words_need_the_model_of_torch():
    exported = EmbeddedModel(SimpleNamespace(name="nano"))  # refused before anything is looked at
    for ask in (lambda: exported.answer(None, "What?"), exported.chat):
        with pytest.raises(
            InputError, match=r"^nano is exported, and exported models point; answers in words"
        ):
            ask()
