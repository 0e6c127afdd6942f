"""Answers of every family: the ids of `generate`, the words of fixtures, and points behind given words."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import molmo_act
from molmo_act import InputError, QueryError
from molmo_act.formats.answer_text import readable
from molmo_act.formats.token_text import TokenText
from molmo_act.pointing.prompts import prepare_inputs, text_part, user_message
from tests.support.families import FAMILIES, WRITERS, Speaks, family
from tests.support.synthetic import synthetic_image, synthetic_video
from tests.support.tiny_checkpoint import load_case
from tests.support.tiny_molmo1 import molmo1_case

QUESTION, LONGEST = "How many mugs are there?", 24


def generated(model: molmo_act.PointingModel, *images: np.ndarray) -> str:
    """What transformers' `generate` answers to the question."""
    runtime = model.runtime
    message = user_message(*({"type": "image", "image": image} for image in images), text_part(QUESTION))
    inputs = prepare_inputs(runtime, [[message]])
    del inputs["metadata"]
    rules = {}
    if runtime.has_grounding_tokens:
        rules["logits_processor"] = model.model.build_logit_processor_from_inputs(inputs)
    end = runtime.tokenizer.eos_token_id
    with torch.no_grad():
        ids = model.model.generate(
            **inputs, **rules, max_new_tokens=LONGEST, do_sample=False, eos_token_id=end, pad_token_id=end
        )
    written = TokenText(runtime.tokenizer)
    written.feed(token for token in ids[0, inputs["input_ids"].shape[1] :].tolist() if token != end)
    written.end()
    return written.text.strip()


SHOWN = {"nothing": [], "one image": [synthetic_image(1, 60, 90)]}
NAMES = [name for name in FAMILIES if name != "tiny_o"]
CASES = [(name, shown) for name in NAMES for shown in SHOWN if (name, shown) != ("videomolmo", "one image")]


@pytest.mark.parametrize(("name", "shown"), CASES)
def test_answers_are_those_of_generate_at_once_and_as_they_come(name, shown):
    model, images = family(name), SHOWN[shown]
    image = images[0] if images else None
    answer = model.answer(image, QUESTION, max_new_tokens=LONGEST)
    assert answer.written == generated(model, *images)
    assert answer.text == readable(answer.written)
    assert answer.question == QUESTION
    assert answer.image_size == (((90, 60),) if images else ())
    stream = model.answer(image, QUESTION, max_new_tokens=LONGEST, stream=True)
    assert "".join(stream) == stream.text == answer.text
    assert stream.answer.to_dict() | {"timing_ms": 0} == answer.to_dict() | {"timing_ms": 0}


@pytest.mark.parametrize("name", ["molmo_point", "molmo2"])
def test_several_images_in_one_prompt(name):
    images = [synthetic_image(1, 60, 90), synthetic_image(2, 30, 20)]
    answer = family(name).answer(images, QUESTION, max_new_tokens=LONGEST)
    assert answer.written == generated(family(name), *images)
    assert answer.image_size == ((90, 60), (20, 30))


@pytest.mark.parametrize("name", ["image_one", "image_many", "video_four"])
def test_recorded_answers_with_points(name):
    """What the original code answered: words and points of grounding tokens, of images and of a video."""
    messages, _, said = load_case(name)
    text = next(part["text"] for part in messages[0]["content"] if part["type"] == "text")
    shown = next(part for part in messages[0]["content"] if part["type"] != "text")
    answer = family("molmo_point").answer(
        shown[shown["type"]], text, fps=shown.get("fps", 30), max_new_tokens=60
    )
    assert answer.written == said["greedy_text"].removesuffix("<|im_end|>")
    found = [
        [one.object_id, one.image_index if one.timestamp is None else one.timestamp, one.x, one.y]
        for points in answer.points.values()
        for one in points
    ]
    np.testing.assert_allclose(found, said["greedy_points"], atol=1e-4)
    assert all(label in answer.text for label in answer.points)
    assert all(0 < one.score <= 1 for points in answer.points.values() for one in points)


def test_recorded_words_of_molmo_1():
    _, arrays, said = molmo1_case("tiny", "small")
    tokens = len(arrays["greedy.ids"])
    answer = family("tiny").answer(arrays["image"], said["prompt"], max_new_tokens=tokens)
    assert answer.written == said["greedy_text"].strip().removesuffix("\ufffd")  # half a character


def test_a_video_molmo_answers_about_sampled_frames():
    model = family("videomolmo")
    video = np.stack([synthetic_image(seed, 60, 90) for seed in range(12)])
    one = ' <point x="50.0" y="25.0" alt="the mug">mug</point>'
    two = ' <points x1="10.0" y1="20.0" x2="30.0" y2="40.0" alt="the mug">mugs</points> on it'
    with Speaks(model, one, two) as speaker:
        stream = model.answer(video, "Where is the mug?", fps=10, stream=True)
        assert "".join(stream) == "mug\nmugs on it"
    assert len(speaker.prompts) == 2
    points = stream.answer.points["the mug"]
    assert points.timestamp.tolist() == [0, 1, 1]
    assert points.image_index.tolist() == [0, 1, 1]
    assert points.xy.tolist() == [[45, 15], [9, 12], [27, 24]]
    assert stream.answer.image_size == ((90, 60),) * 2


EXPLAINED = {
    "molmo2": (
        'The <points coords="1 1 500 250">mug</points> stands by 2 <points coords="1 1 100 200 2 300 400">'
        "plates</points> and at (1 200 300)."
    ),
    "tiny": (
        ' The <point x="50.0" y="25.0" alt="mug">mug</point> stands by 2 <points x1="10.0" y1="20.0" '
        'x2="30.0" y2="40.0" alt="plates">plates</points> and at (1 200 300).'
    ),
}


@pytest.mark.parametrize("name", EXPLAINED)
def test_points_inside_an_explanation_by_their_labels(name):
    model = family(name)
    with Speaks(model, EXPLAINED[name]):
        answer = model.answer(SHOWN["one image"][0], "What is on the table?")
    assert answer.text == "The mug stands by 2 plates and at (1 200 300)."
    assert list(answer.points) == ["mug", "plates"]
    np.testing.assert_allclose(answer.points["mug"].xy, [[45, 15]])
    np.testing.assert_allclose(answer.points["plates"].xy, [[9, 12], [27, 24]], atol=1e-5)
    assert answer.points["plates"].object_id.tolist() == [1, 2]
    assert not answer.truncated
    assert answer.draw(SHOWN["one image"][0]).size == (90, 60)


@pytest.mark.parametrize("name", ["molmo2", "tiny"])
def test_counting_gives_the_number_and_the_points_behind_it(name):
    model = family(name)
    tag = EXPLAINED[name][EXPLAINED[name].rindex("<points ") :].split("</points>")[0] + "</points>"
    with Speaks(model, f"Counting the {tag} shows a total of 2.", "There are none."):
        answer = model.answer(SHOWN["one image"][0], "How many plates are there?")
        assert answer.text == "Counting the plates shows a total of 2."
        assert (answer.count, len(answer.points["plates"])) == (2, 2)
        none = model.answer(SHOWN["one image"][0], "How many cats are there?")
    assert (none.count, none.points) == (0, {})


def test_a_molmo_2_answers_about_a_video_with_times():
    model = family("molmo2")
    said = 'The <tracks coords="0.0 1 500 250;0.5 1 600 250 2 100 100;9.5 1 1 1">cats</tracks> run.'
    with Speaks(model, said):
        answer = model.answer(synthetic_video(1, 3, 40, 60), "What runs?", fps=2)
    cats = answer.points["cats"]
    assert cats.timestamp.tolist() == [0, 0.5, 0.5]  # nothing was shown at 9.5 s
    assert cats.object_id.tolist() == [1, 1, 2]
    np.testing.assert_allclose(cats.xy, [[30, 10], [36, 10], [6, 4]], rtol=1e-6)
    assert answer.count == 2


@pytest.mark.parametrize("name", WRITERS)
def test_styles_stand_before_the_question_where_models_were_trained_so(name):
    model = family(name)
    with Speaks(model, "yes", "yes") as speaker:
        model.answer(None, "Is it red?", style="vqa2")
        model.answer(None, "Is it red?")
    assert "vqa2: Is it red?" in speaker.prompts[0]
    assert "vqa2" not in speaker.prompts[1]


def test_half_a_character_at_the_longest_answer_is_left_out():
    model = family("molmo2")
    ids = model.runtime.tokenizer.encode("ab 🦙", add_special_tokens=False)
    with Speaks(model, "ab 🦙"):
        answer = model.answer(None, "Say a word.", max_new_tokens=len(ids) - 1)
    assert answer.text == "ab"
    assert answer.truncated


def test_a_prompt_without_room_is_refused_before_the_model_runs():
    with pytest.raises(QueryError, match=r"^The query takes 6001 of \d+ tokens"):
        family("molmo_point").answer(None, "word " * 3000)
    with pytest.raises(InputError, match=r"reads 600\. Give fewer images, max_crops or turns"):
        family("molmo2").answer([SHOWN["one image"][0]] * 30, "What is there?")
