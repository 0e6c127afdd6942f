"""load, point and count on the tiny checkpoint: the same answers as the original, scores, and bad input."""

from __future__ import annotations

import json
import math
import shutil
import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

import molmo_act
from molmo_act import (
    CheckpointError,
    ImageError,
    InputError,
    MolmoActError,
    PlatformError,
    Points,
    QueryError,
)
from tests.synthetic import synthetic_image
from tests.tiny_checkpoint import TINY, load_case

ONE, MANY = "image_one", "image_many"


@pytest.fixture(scope="module")
def model() -> molmo_act.PointingModel:
    return molmo_act.load(TINY, device="cpu")


def asked(name: str) -> tuple[np.ndarray, str]:
    """Image and query of a case, the query without the words that the library puts before it."""
    messages, arrays, _ = load_case(name)
    return arrays["image_0"], messages[0]["content"][0]["text"].removeprefix("Point to ")


@pytest.fixture(scope="module")
def one(model) -> Points:
    return model.point(*asked(ONE))


@pytest.fixture(scope="module")
def many(model) -> Points:
    return model.point(*asked(MANY))


def equal(first: Points, second: Points, tolerance: float = 1e-5) -> None:
    assert first.text == second.text
    assert first.xy.tolist() == second.xy.tolist()
    assert first.object_id.tolist() == second.object_id.tolist()
    assert first.image_size == second.image_size
    np.testing.assert_allclose(first.score, second.score, rtol=0, atol=tolerance)
    assert first.absent == pytest.approx(second.absent, abs=tolerance)
    for ours, theirs in zip(first.heatmaps, second.heatmaps, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance)


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


def test_encoded_images_are_refused_where_they_cannot_serve(model, one):
    image, query = asked(ONE)
    encoded = model.encode(image)
    with pytest.raises(InputError, match="one at a time"):
        model.point([encoded, encoded], query)
    other = molmo_act.PointingModel(model.model, model.processor, "another")
    with pytest.raises(InputError, match=r"encoded by .*, but this is another"):
        other.point(encoded, query)
    with pytest.raises(InputError, match=r"max_crops says how .* give it to encode\(\)"):
        model.point(encoded, query, max_crops=1)


def test_a_checkpoint_cannot_be_written_over_a_file(model, tmp_path):
    (tmp_path / "taken").write_text("a file")
    for folder in (tmp_path / "taken", tmp_path / "taken" / "deeper"):
        with pytest.raises(InputError, match="Cannot write a checkpoint to"):
            model.save_pretrained(folder)
    assert (tmp_path / "taken").read_text() == "a file"
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_a_time_limit_cuts(model, one):
    image, query = asked(ONE)
    found = model.point(image, query, timeout=1e-9)
    assert found.cut
    assert one.text.startswith(found.text)
    assert not one.cut
    with pytest.raises(InputError, match="timeout is 0; expected seconds above 0"):
        model.point(image, query, timeout=0)


def test_mode(model, one):
    image, query = asked(ONE)
    equal(model.point(image, query, mode="reference"), one)
    assert model.point(image, query, mode="masked").text
    with pytest.raises(InputError, match="mode is 'fast'; expected 'reference' or 'masked'"):
        model.point(image, query, mode="fast")


def test_more_than_a_batch(model, monkeypatch, one):
    monkeypatch.setattr("molmo_act.image_pointing.BATCH_SIZE", 2)
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


def test_an_answer_ends_where_the_model_has_no_room(model, monkeypatch, one):
    image, query = asked(ONE)
    length = load_case(ONE)[2]["input_len"]
    monkeypatch.setattr(model.model.config.text_config, "max_position_embeddings", length + 7)
    found = model.point(image, query)
    assert found.xy.tolist() == one.xy[:1].tolist()  # 3 tokens open the list, 4 are a point
    assert one.text.startswith(found.text)


def test_name_and_device(model):
    assert model.name == str(TINY)
    assert repr(model) == f"PointingModel({str(TINY)!r}, device='cpu', dtype=torch.float32)"


def test_dtype():
    loaded = molmo_act.load(TINY, device="cpu", dtype="bfloat16")
    assert {weight.dtype for weight in loaded.model.parameters()} == {torch.bfloat16}
    found = loaded.point(*asked(ONE))
    assert found.score.dtype == np.float32
    assert 0 <= found.absent <= 1


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
        (lambda whole: b"not a picture at all", "cannot be read as a picture"),
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


@pytest.fixture
def checkpoint(tmp_path):
    shutil.copytree(TINY, tmp_path / "copy", ignore=shutil.ignore_patterns("case_*", "*.md", "logits_*"))
    return tmp_path / "copy"


def test_missing_folder(tmp_path):
    with pytest.raises(CheckpointError, match="There is no folder"):
        molmo_act.load(tmp_path / "nothing")


def test_nano_by_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert molmo_act.load("nano", device="cpu").name == "nano"
    (tmp_path / "nano").mkdir()
    with pytest.raises(CheckpointError, match=r"no file config\.json"):  # a folder of one's own goes first
        molmo_act.load("nano", device="cpu")


def test_another_architecture(checkpoint):
    config = json.loads((checkpoint / "config.json").read_text())
    (checkpoint / "config.json").write_text(json.dumps(config | {"model_type": "llama"}))
    with pytest.raises(CheckpointError, match="model type 'llama'; expected 'molmo_point' or 'molmo2'"):
        molmo_act.load(checkpoint)


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"dtype": "float99"}, InputError, "dtype is 'float99'"),
        ({"dtype": "int8"}, InputError, "dtype is 'int8'"),  # a type of torch, but not one to compute in
        ({"dtype": "nn"}, InputError, "dtype is 'nn'"),
        ({"device": "tpu"}, PlatformError, "device 'tpu' cannot be used here"),
        ({"device": "cuda:77"}, PlatformError, "device 'cuda:77' cannot be used here"),
        ({"quantization": "int3"}, InputError, "quantization is 'int3'"),
    ],
)
def test_bad_load_options(options, kind, message):
    with pytest.raises(kind, match=message) as caught:
        molmo_act.load(TINY, **options)
    assert isinstance(caught.value, MolmoActError)
    assert "\n" not in str(caught.value)
