"""point, count and encode on the tiny checkpoint: the same answers as the original, scores, and bad input."""

from __future__ import annotations

import math
import pickle
import re
import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

import molmo_act
from molmo_act import (
    ImageError,
    InputError,
    Points,
    QueryError,
)
from tests.support.asked_cases import BAD_OPTIONS, MANY, ONE, asked, equal
from tests.support.synthetic import synthetic_image
from tests.support.tiny_checkpoint import TINY, load_case


@pytest.fixture(scope="module")
def model() -> molmo_act.PointingModel:
    return molmo_act.load(TINY, device="cpu")


@pytest.fixture(scope="module")
def one(model) -> Points:
    return model.point(*asked(ONE))


@pytest.fixture(scope="module")
def many(model) -> Points:
    return model.point(*asked(MANY))


@pytest.mark.parametrize("name", [ONE, MANY])
def test_points_of_the_original(request, name):
    found = request.getfixturevalue(name.removeprefix("image_"))
    image, query = asked(name)
    said = load_case(name)[2]
    expected = np.array(said["greedy_points"])
    assert found.text + "<|im_end|>" == said["greedy_text"]
    assert found.object_id.tolist() == expected[:, 0].tolist()
    assert found.image_index.tolist() == expected[:, 1].tolist()
    np.testing.assert_allclose(found.xy, expected[:, 2:], rtol=0, atol=1e-4)  # float32 of some hundreds
    assert found.query == query
    assert found.image_size == ((image.shape[1], image.shape[0]),)
    width, height = found.image_size[0]
    assert ((found.xy >= 0) & (found.xy <= (width, height))).all()


@pytest.mark.parametrize("name", [ONE, MANY])
def test_scores_are_products_of_softmaxes(request, name):
    """Recomputed from the scores that the original code gave at each step."""
    found = request.getfixturevalue(name.removeprefix("image_"))
    _, arrays, said = load_case(name)
    bounds, tokens = said["bounds"], arrays["greedy.tokens"].tolist()
    patches, slots, cells = (
        torch.from_numpy(arrays[f"greedy.step_{kind}_logits"]) for kind in ("patch", "subpatch", "location")
    )
    expected, last, first = [], 0, None
    for place, token in enumerate(tokens):
        if not bounds["patch_start"] <= token < bounds["no_more_points_token_id"]:
            continue
        patch = token - bounds["patch_start"]
        scores = patches[place - 1].clone()
        scores[:last] = -math.inf  # points go forward only
        chance = scores.softmax(-1)
        first = chance if first is None else first
        slot, cell = (
            tokens[place + 1] - bounds["subpatch_start"],
            tokens[place + 2] - bounds["location_start"],
        )
        expected.append(chance[patch] * slots[place].softmax(-1)[slot] * cells[place + 1].softmax(-1)[cell])
        last = patch
    np.testing.assert_allclose(found.score, torch.stack(expected), rtol=0, atol=1e-5)
    assert found.absent == pytest.approx(float(first[-1]), abs=1e-5)
    assert 0 <= found.absent <= 1
    assert ((found.score >= 0) & (found.score <= 1)).all()

    pooling, mapping = arrays["meta.token_pooling"], arrays["meta.subpatch_mapping_0"]
    (heat,) = found.heatmaps
    assert heat.shape == mapping.shape
    assert heat.min() >= 0
    assert heat.sum() == pytest.approx(1 - found.absent, abs=1e-5)  # the global crop takes no part
    top = np.unravel_index(heat.argmax(), heat.shape)
    assert mapping[top] in pooling[int(first[:-1].argmax())]


def test_timing(one):
    assert set(one.timing_ms) == {"preprocess", "prefill", "decode"}
    assert all(value > 0 for value in one.timing_ms.values())


def test_lists_batch(model, one, many):
    (image_one, query_one), (image_many, query_many) = asked(ONE), asked(MANY)
    both = model.point([image_one, image_many], [query_one, query_many])
    assert len(both) == 2
    alone = [one, model.point(image_many, query_many)]
    for together, single in zip(both, alone, strict=True):
        equal(together, single)


def test_one_image_with_many_queries_and_one_query_with_many_images(model, one):
    image, query = asked(ONE)
    other = synthetic_image(2, 60, 90)
    first, second = model.point(image, [query, "the boats"])
    equal(first, one)
    assert second.query == "the boats"
    equal(second, model.point(image, "the boats"))
    first, second = model.point([image, other], query)
    equal(first, one)
    assert second.image_size == ((90, 60),)
    assert [len(found) for found in model.point([image], query)] == [len(one)]
    assert model.point([], "a") == model.point(image, []) == []


def test_an_encoded_image_is_asked_like_the_image_itself(model, one):
    image, query = asked(ONE)
    encoded = model.encode(image)
    width, height = encoded.image_size
    assert repr(encoded) == f"EncodedImage({width}x{height}, {encoded.prefix.length} tokens, {model.name!r})"
    equal(model.point(encoded, query), one)
    equal(model.point(encoded, ["the boats", query])[1], one)
    assert model.count(encoded, query) == len(one)


def test_encoded_images_in_lists(model, one):
    image, query = asked(ONE)
    encoded = model.encode(image)
    first, second, third = model.point([encoded, image, encoded], [query, query, "the boats"])
    equal(first, one)
    equal(second, one)
    assert third.query == "the boats"
    assert [len(found) for found in model.point([encoded], query)] == [len(one)]
    with pytest.raises(InputError, match="max_crops says how"):
        model.point([image, encoded], query, max_crops=2)


def test_encoded_images_are_refused_where_they_cannot_serve(model, one):
    image, query = asked(ONE)
    encoded = model.encode(image)
    with pytest.raises(InputError, match="encoded image was given with together=True"):
        model.point([encoded, image], query, together=True)
    other = molmo_act.PointingModel(model.model, model.processor, "another")
    with pytest.raises(InputError, match=r"encoded by .*, but this is another"):
        other.point(encoded, query)
    for given in (encoded, [encoded]):
        with pytest.raises(InputError, match=r"max_crops says how .* Give it to encode\(\)"):
            model.point(given, query, max_crops=1)


def test_a_time_limit_cuts(model, one):
    image, query = asked(ONE)
    found = model.point(image, query, timeout=1e-9)
    assert found.truncated
    assert one.text.startswith(found.text)
    assert not one.truncated
    with pytest.raises(InputError, match="timeout is 0; expected seconds above 0"):
        model.point(image, query, timeout=0)


@pytest.mark.parametrize("options", BAD_OPTIONS, ids=str)
@pytest.mark.parametrize("verb", ["point", "count"])
def test_wrong_kinds_of_arguments_are_refused_before_any_work(model, verb, options):
    [(name, value)] = options.items()
    with pytest.raises(InputError, match=f"^{name} is {re.escape(repr(value))}; expected "):
        getattr(model, verb)("no such image.png", "the boats", **options)


def test_numbers_of_numpy(model, one):
    image, query = asked(ONE)
    found = model.point(image, query, max_points=np.int64(2), min_score=np.float32(0), max_crops=np.uint8(8))
    assert found.xy.tolist() == one.xy[:2].tolist()


def test_order(model, one):
    image, query = asked(ONE)
    equal(model.point(image, query, order="reference"), one)
    assert model.point(image, query, order="masked").text
    with pytest.raises(InputError, match="order is 'fast'; expected 'reference' or 'masked'"):
        model.point(image, query, order="fast")


def test_more_than_a_batch(model, monkeypatch, one):
    monkeypatch.setattr("molmo_act.pointing.images.BATCH_SIZE", 2)
    image, query = asked(ONE)
    found = model.point(image, ["the boats", "the boats", query])
    equal(found[2], one)


def test_count(model, one):
    image, query = asked(ONE)
    assert model.count(image, query) == len(one) == 7
    assert model.count([image, image], query) == [7, 7]
    assert model.count(image, query, max_points=2) == 2


def test_max_points(model, one):
    image, query = asked(ONE)
    found = model.point(image, query, max_points=3)
    assert found.xy.tolist() == one.xy[:3].tolist()
    assert found.text.endswith("3")
    assert one.text.startswith(found.text)


def test_exactly(model, many):
    image, query = asked(MANY)
    for count in (1, 3):
        found = model.point(image, query, exactly=count)
        assert len(found) == count
        assert not found.truncated
        assert found.text.startswith('<points coords="')
    batch = model.point([image, image[:, ::-1]], query, exactly=2)
    assert [len(points) for points in batch] == [2, 2]
    equal(batch[0], model.point(image, [query], exactly=2)[0], 1e-4)
    assert len(model.point(image, query, exactly=2, max_points=5)) == 2


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda model, image: model.point(image, "a", exactly=0), "exactly is 0"),
        (lambda model, image: model.point(image, "a", exactly=1.5), "exactly is 1.5"),
        (
            lambda model, image: model.point(image, "a", exactly=3, max_points=2),
            "exactly is 3 and max_points 2",
        ),
        (lambda model, image: model.point(image, "a", exactly=10**6), "Ask for fewer"),
        (lambda model, image: model.count(image, "a", exactly=1), r"given to count\(\)"),
        (lambda model, image: model.count_in_video([image], "a", exactly=1), r"given to count_in_video\(\)"),
        (lambda model, image: model.track([image], "a", exactly=1), r"given to track\(\)"),
        (lambda model, image: model.tracker("a", exactly=1), r"given to tracker\(\)"),
        (lambda model, image: model.point(image, "a", prompt="click"), "expected 'point', 'gui'"),
        (lambda model, image: model.point(image, "a", together=True), "without a list of images"),
        (lambda model, image: model.point([], "a", together=True), "without a list of images"),
        (lambda model, image: model.point([image], "a", together="yes"), "together is 'yes'"),
    ],
)
def test_bad_numbers_prompts_and_lists(model, ask, message):
    with pytest.raises(InputError, match=message):
        ask(model, asked(ONE)[0])


def test_prompts(model, one):
    image, query = asked(ONE)
    equal(
        model.point(image, f"Point to {query}", prompt="raw"), replace(one, query=f"Point to {query}"), 1e-4
    )
    equal(model.point(image, query, prompt="Point to {}"), one)
    assert model.point(image, query, prompt="gui", max_points=1).absent != one.absent


def test_images_together(model):
    messages, arrays, said = load_case("images_two")
    images = [arrays["image_0"], arrays["image_1"]]
    query = messages[0]["content"][0]["text"].removeprefix("Point to ")
    found = model.point(images, query, together=True)
    assert f"{found.text}<|im_end|>" == said["greedy_text"]
    rows = np.column_stack((found.object_id, found.image_index, found.xy))
    np.testing.assert_allclose(rows, said["greedy_points"], atol=1e-3)
    assert found.image_size == tuple(map(tuple, said["image_sizes_wh"]))
    assert model.count(images, query, together=True) == len(found)
    first, second = model.point(images, [query, "a cat"], together=True, max_points=2)
    assert first.xy.tolist() == found.xy[:2].tolist()
    assert second.query == "a cat"


def test_a_query_longer_than_the_model_reads(model, monkeypatch):
    monkeypatch.setattr(model.model.config.text_config, "max_position_embeddings", 300)
    with pytest.raises(QueryError, match=r"The query takes \d+ of \d+ tokens, but .* Shorten it by"):
        model.point(asked(ONE)[0], "a very small boat " * 40)
    with pytest.raises(QueryError, match="Shorten it by"):
        model.point(asked(ONE)[0], ["a boat", "a very small boat " * 40])


def test_min_score(model, one):
    image, query = asked(ONE)
    between = float(np.sort(one.score)[3:5].mean())
    found = model.point(image, query, min_score=between)
    kept = one.score >= between
    assert len(found) == 3
    assert found.xy.tolist() == one.xy[kept].tolist()
    assert found.object_id.tolist() == one.object_id[kept].tolist()
    assert len(model.point(image, query, min_score=1.0)) == 0


def test_every_way_of_giving_an_image(model, one, tmp_path):
    image, query = asked(ONE)
    path = tmp_path / "picture.png"
    Image.fromarray(image).save(path)
    tensor = torch.from_numpy(image)
    for given in (path, str(path), Image.fromarray(image), tensor, tensor.permute(2, 0, 1)):
        equal(model.point(given, query), one, tolerance=0)


@pytest.mark.slow
def test_more_crops_show_more(model):
    image = synthetic_image(2, 300, 200)
    few, more = (model.point(image, "discs", max_crops=n).heatmaps[0].size for n in (1, 4))
    assert few < more
    with pytest.raises(InputError, match="max_crops is 0"):
        model.point(image, "discs", max_crops=0)


def test_a_prompt_longer_than_the_model_reads(model, monkeypatch):
    image, query = asked(ONE)
    length = load_case(ONE)[2]["input_len"]
    monkeypatch.setattr(model.model.config.text_config, "max_position_embeddings", length)
    with pytest.raises(
        InputError, match=f"take {length} tokens, but .* reads {length}. Give fewer max_crops"
    ):
        model.point(image, query)


def test_too_many_images_in_one_prompt(model, monkeypatch):
    image, query = asked(ONE)
    length = load_case(ONE)[2]["input_len"]
    monkeypatch.setattr(model.model.config.text_config, "max_position_embeddings", length + 50)
    prefilled = []
    monkeypatch.setattr("molmo_act.pointing.images.prefill_prefix", lambda *given: prefilled.append(given))
    for queries in (query, [query, "a cat"]):
        with pytest.raises(InputError, match=r"Give fewer images at a time, or fewer max_crops"):
            model.point([image] * 3, queries, together=True)
    assert prefilled == []


def test_an_answer_ends_where_the_model_has_no_room(model, monkeypatch, one):
    image, query = asked(ONE)
    length = load_case(ONE)[2]["input_len"]
    monkeypatch.setattr(model.model.config.text_config, "max_position_embeddings", length + 7)
    found = model.point(image, query)
    assert found.xy.tolist() == one.xy[:1].tolist()  # 3 tokens open the list, 4 are a point
    assert one.text.startswith(found.text)


def huge_png() -> bytes:
    """A PNG that says it has 20,000 × 20,000 pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


def png(image: np.ndarray, tmp_path) -> bytes:
    Image.fromarray(image).save(tmp_path / "whole.png")
    return (tmp_path / "whole.png").read_bytes()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda whole: b"", "0 bytes"),
        (lambda whole: b"not a picture at all", "cannot be read as an image"),
        (lambda whole: whole[: len(whole) // 2], "truncated"),
        (lambda whole: huge_png(), "too large"),
        (None, "does not exist"),
    ],
    ids=["empty", "unreadable", "truncated", "huge", "missing"],
)
def test_bad_image_files(model, tmp_path, content, message):
    path = tmp_path / "picture.png"
    if content is not None:
        path.write_bytes(content(png(synthetic_image(1, 60, 90), tmp_path)))
    with pytest.raises(ImageError, match=message) as caught:
        model.point(path, "mug")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.full((6, 8, 3), np.nan), "NaN"),
        (torch.full((3, 6, 8), torch.nan), "NaN"),
        (np.broadcast_to(np.uint8(0), (20_000, 20_000, 3)), "too large"),
        (np.zeros((0, 8, 3), np.uint8), "no pixels"),
        (np.zeros((2, 6, 8, 3), np.uint8), "expected RGB"),
        (None, "type NoneType"),
    ],
    ids=["NaN", "NaN tensor", "huge", "empty", "batch", "None"],
)
def test_bad_images(model, image, message):
    with pytest.raises(ImageError, match=message):
        model.point(image, "mug")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "is empty"),
        (" \n\t", "is empty"),
        ("mug " * 2500, "10000 characters"),
        (None, "is a NoneType"),
        (b"mug", "is a bytes"),
        (["mug", ""], "is empty"),
        # tokens of the prompt's own would move the answer out of its place
        ("mug<|im_end|>", "control token"),
        ("<|image|>", "control token"),
        ("<im_patch>", "control token"),
    ],
)
def test_bad_queries(model, query, message):
    with pytest.raises(QueryError, match=message):
        model.point(synthetic_image(1, 60, 90), query)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_points": 0}, "max_points is 0"),
        ({"max_points": 1.5}, "max_points is 1.5; expected a whole number"),
        ({"timeout": math.nan}, "timeout is nan"),
        ({"min_score": 1.1}, "min_score is 1.1"),
        ({"min_score": math.nan}, "min_score is nan"),
    ],
)
def test_bad_options(model, options, message):
    with pytest.raises(InputError, match=message):
        model.point(synthetic_image(1, 60, 90), "mug", **options)


def test_lists_of_different_lengths(model):
    image = synthetic_image(1, 60, 90)
    with pytest.raises(InputError, match="2 images and 3 queries"):
        model.point([image, image], ["a", "b", "c"])


def test_a_query_too_long_for_the_model_is_refused_before_another_is_answered(model, monkeypatch):
    image, query = asked(ONE)
    encoded = model.encode(image)
    room = encoded.prefix.length + 100
    monkeypatch.setattr(model.model.config.text_config, "max_position_embeddings", room)
    monkeypatch.setattr("molmo_act.pointing.images.BATCH_SIZE", 1)
    answers = []
    generate = model.runtime.engine.generate_with_prefix
    monkeypatch.setattr(
        model.runtime.engine,
        "generate_with_prefix",
        lambda *args, **options: answers.append(1) or generate(*args, **options),
    )
    with pytest.raises(QueryError, match=r"The query takes .* Shorten it"):
        model.point(encoded, [query, "boat " * 300])
    assert answers == []
    with pytest.raises(QueryError, match=r"The query takes .* Shorten it"):
        model.point(image, "boat " * 300)


def test_an_encoded_image_can_be_pickled(model, one):
    image, query = asked(ONE)
    equal(model.point(pickle.loads(pickle.dumps(model.encode(image))), query), one)
