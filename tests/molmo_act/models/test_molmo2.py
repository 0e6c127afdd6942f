"""Native Molmo2, which writes coordinates as text, behind the same load and the same Points.

The checkpoint is tiny and random, written by transformers' own class: what is proved is that inputs, batches
and answers go the right way, not that it points well.
"""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import Molmo2ForConditionalGeneration

import molmo_act
from molmo_act import CheckpointError
from molmo_act.generation.outputs import GeneratedAnswer
from molmo_act.generation.text import generate_text
from molmo_act.models.molmo2 import Molmo2
from molmo_act.pointing.postprocessing import read_points
from tests.support.families import Speaks
from tests.support.synthetic import synthetic_image, synthetic_video
from tests.support.tiny_checkpoint import SNIPPET
from tests.support.tiny_molmo2 import tiny_molmo2, write_molmo2

ROOM = 160  # tokens that the model reads


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return write_molmo2(tmp_path_factory.mktemp("molmo2"), ROOM)


@pytest.fixture(scope="module")
def loaded(folder) -> molmo_act.PointingModel:
    return molmo_act.load(folder, device="cpu")


@pytest.fixture(scope="module")
def native(folder) -> Molmo2ForConditionalGeneration:
    return Molmo2ForConditionalGeneration.from_pretrained(folder).eval()


def prompt(*media: np.ndarray, text: str = "Point to mugs") -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = [
        {"type": "image", "image": one} if one.ndim == 3 else {"type": "video", "video": one, "fps": 2}
        for one in media
    ]
    return [{"role": "user", "content": [*parts, {"type": "text", "text": text}]}]


def inputs_of(loaded: molmo_act.PointingModel, *prompts: list[dict[str, Any]]) -> dict[str, Any]:
    return dict(loaded.processor.apply_chat_template(list(prompts), **SNIPPET))


def native_inputs(inputs: dict[str, Any]) -> dict[str, torch.Tensor]:
    """One prompt as transformers' own processor would give it: ids of patches count on over all images."""
    (metadata,) = inputs["metadata"]
    name = "image_token_pooling" if "image_token_pooling" in inputs else "video_token_pooling"
    renamed = {key: value for key, value in inputs.items() if key not in ("metadata", "token_type_ids")}
    return renamed | {
        "mm_token_type_ids": inputs["token_type_ids"].long(),
        name: torch.from_numpy(metadata["token_pooling"]),
    }


MEDIA = {
    "one image": [synthetic_image(1, 60, 90)],
    # the pooling of the second image is where relative and absolute ids differ
    "two images": [synthetic_image(1, 60, 90), synthetic_image(2, 30, 20)],
    "video": [synthetic_video(1, 2, 40, 60)],
}


@pytest.mark.parametrize("media", MEDIA.values(), ids=MEDIA)
def test_forward_is_the_native_one(loaded, native, media):
    assert type(loaded.model) is Molmo2
    inputs = inputs_of(loaded, prompt(*media))
    with torch.no_grad():
        ours = loaded.model(**{key: value for key, value in inputs.items() if key != "metadata"}).logits
        theirs = native(**native_inputs(inputs)).logits
    assert ours.shape == theirs.shape
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5)
    assert theirs.std() > 0.1


def answers_of(loaded: molmo_act.PointingModel, *prompts: list[dict[str, Any]]) -> list[GeneratedAnswer]:
    inputs = inputs_of(loaded, *prompts)
    del inputs["metadata"]
    end = loaded.processor.tokenizer.eos_token_id
    return generate_text(loaded.model, inputs, opening_ids=[446], end_ids=[end], max_new_tokens=6).answers


def test_answers_are_those_of_the_native_generate_alone_and_in_a_batch(loaded, native):
    prompts = [prompt(synthetic_image(1, 60, 90)), prompt(synthetic_image(2, 30, 20), text="Point to it now")]
    together = answers_of(loaded, *prompts)
    for one, row in zip(prompts, together, strict=True):
        inputs = native_inputs(inputs_of(loaded, one))
        made = native.generate(**inputs, max_new_tokens=6, do_sample=False)
        (alone,) = answers_of(loaded, one)
        assert made[0, inputs["input_ids"].shape[1] :].tolist() == alone.tokens == row.tokens
        np.testing.assert_allclose(row.probabilities, alone.probabilities, rtol=0, atol=1e-5)
        assert row.first_patch_probabilities is None
        assert row.absent == pytest.approx(1 - row.opening_probability)


def test_point_goes_all_the_way(loaded):
    image = synthetic_image(1, 60, 90)
    found = loaded.point(image, "mugs")
    assert isinstance(found, molmo_act.Points)
    assert found.heatmaps is None
    assert found.image_size == ((90, 60),)
    assert 0 <= found.absent <= 1
    assert found.text  # a random model writes until there is no room


def spoken(loaded: molmo_act.PointingModel, text: str) -> tuple[GeneratedAnswer, list[int]]:
    """An answer whose tokens write a text, each with a probability of its own."""
    tokens = loaded.processor.tokenizer.encode(text, add_special_tokens=False)
    return GeneratedAnswer(
        tokens=tokens, probabilities=[0.9 + 0.1 / (2 + i) for i in range(len(tokens))]
    ), tokens


SIZES = {"image_sizes": [(640, 480)]}


def chance(loaded: molmo_act.PointingModel, text: str, part: str) -> float:
    """Product of the probabilities of the tokens that write a part of a text, found token by token."""
    answered, tokens = spoken(loaded, text)
    decode = loaded.processor.tokenizer.decode
    first = text.index(part)
    last, place, product = first + len(part), 0, 1.0
    for token, probability in zip(tokens, answered.probabilities, strict=True):
        end = place + len(decode([token]))
        if end > first and place < last:
            product *= probability
        place = end
    assert place == len(text)
    return product


def test_written_coordinates_become_points(loaded):
    text = '<points coords="1 1 555 169 2 649 154">mugs</points>'
    answered, _ = spoken(loaded, text)
    rows, scores, _ = read_points(loaded.runtime, answered, text, SIZES)
    np.testing.assert_allclose(rows, [[1, 0, 355.2, 81.12], [2, 0, 415.36, 73.92]])
    assert scores == pytest.approx([chance(loaded, text, "1 555 169"), chance(loaded, text, "2 649 154")])
    assert len(set(scores)) == 2


def test_coordinates_that_cannot_be_matched_to_tokens_share_the_score_of_the_answer(loaded):
    text = '<points coords="1 1 500 250">the 1 200 300</points>'
    answered, _ = spoken(loaded, text)
    rows, scores, _ = read_points(loaded.runtime, answered, text, SIZES)
    assert rows == [[1, 0, 320, 120]]
    assert scores == [math.prod(answered.probabilities)]


@pytest.mark.parametrize("text", ["There are none.", ""])
def test_words_alone_are_no_points(loaded, text):
    answered, _ = spoken(loaded, text)
    assert read_points(loaded.runtime, answered, text, SIZES) == ([], [], [])


def test_loads_as_strictly_as_molmo_point(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "copy")
    config = json.loads((folder / "config.json").read_text())
    config["text_config"]["num_hidden_layers"] = 3
    (tmp_path / "copy" / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match=r"lacks .*layers\.2\."):
        molmo_act.load(tmp_path / "copy")


def test_points_in_several_images_of_one_prompt():
    images = [synthetic_image(1, 60, 90), synthetic_image(2, 30, 20)]
    with Speaks(tiny_molmo2(), '<points coords="1 1 500 250;2 2 500 500">mugs</points>') as speaker:
        points = tiny_molmo2().point(images, "mugs", together=True)
    assert points.image_index.tolist() == [0, 1]
    np.testing.assert_allclose(points.xy, [[45, 15], [10, 15]])
    assert speaker.prompts[0].count("<low_res_im_start>") == 2
    assert "Image 2" in speaker.prompts[0]


VIDEO = synthetic_video(1, 3, 40, 60)


def test_points_and_counts_in_a_video():
    model = tiny_molmo2()
    said = '<points coords="0.0 1 500 250;0.5 1 600 250 2 100 100">cats</points>'
    with Speaks(model, said, said, "There are none."):
        points = model.point_in_video(VIDEO, "cats", fps=2)
        assert model.count_in_video(VIDEO, "cats", fps=2) == 2
        absent = model.point_in_video(VIDEO, "dogs", fps=2)
    assert points.timestamp.tolist() == [0, 0.5, 0.5]
    assert points.image_index.tolist() == [0, 1, 1]
    assert points.image_size == ((60, 40),) * 3
    np.testing.assert_allclose(points.xy, [[30, 10], [36, 10], [6, 4]], rtol=1e-6)
    assert (points.score > 0).all()
    assert len(absent) == 0


def test_tracks_of_several_queries_through_a_video():
    model = tiny_molmo2()
    cats = '<tracks coords="0.0 1 500 250;0.5 1 600 250 1 100 100;1.0 1 700 250">cats</tracks>'
    dogs = '<tracks coords="0.5 1 100 100">dogs</tracks>'
    with Speaks(model, cats, dogs) as speaker:
        tracks = model.track(VIDEO, ["cats", "dogs"], mode="offline", fps=2)
    assert [one.timestamp for one in tracks] == [0, 0.5, 1]
    assert [one.object_id.tolist() for one in tracks] == [[1], [1, 2], [1]]
    assert [one.query for one in tracks][1] == ("cats", "dogs")
    assert "Track cats<|im_end|>" in speaker.prompts[0]
    assert "Track dogs<|im_end|>" in speaker.prompts[1]
    assert speaker.prompts[0].replace("cats", "dogs") == speaker.prompts[1]


def test_answers_about_a_video_are_those_of_generate():
    model = tiny_molmo2()
    answer = model.answer(VIDEO, "Point to cats", fps=2, max_new_tokens=8)
    inputs = inputs_of(model, prompt(VIDEO, text="Point to cats"))
    del inputs["metadata"]
    ids = model.model.generate(**inputs, max_new_tokens=8, do_sample=False)
    text = model.processor.tokenizer.decode(ids[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
    assert answer.written == text.strip()
