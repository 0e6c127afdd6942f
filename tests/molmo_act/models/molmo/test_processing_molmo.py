"""The processor of Molmo 1 against the recorded one, and what it refuses."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from molmo_act.errors import CheckpointError, InputError
from molmo_act.models.molmo import MolmoProcessor
from tests.support.synthetic import synthetic_image, synthetic_video
from tests.support.tiny_molmo1 import (
    CASES,
    DATA,
    copy_molmo1,
    image_input_idx,
    molmo1_case,
    molmo1_inputs,
    molmo1_processor,
)

IMAGE = synthetic_image(1, 44, 58)


def said(*texts: str) -> list[dict[str, str]]:
    return [
        {"role": "assistant" if number % 2 else "user", "content": text} for number, text in enumerate(texts)
    ]


@pytest.mark.parametrize(("style", "case"), CASES)
def test_all_arrays_are_the_recorded_ones(style, case):
    messages, arrays, _ = molmo1_case(style, case)
    inputs = molmo1_inputs(style, messages)
    assert inputs["input_ids"].tolist() == [arrays["in.input_ids"].tolist()]
    if "image" not in arrays:
        assert set(inputs) == {"input_ids", "attention_mask", "image_token_mask"}
        return
    np.testing.assert_allclose(inputs["pixel_values"], arrays["in.images"], rtol=0, atol=1e-6)
    np.testing.assert_array_equal(inputs["image_masks"], arrays["in.image_masks"])
    patches = arrays["in.images"].shape[1]
    np.testing.assert_array_equal(image_input_idx(inputs, patches), arrays["in.image_input_idx"])


def test_a_batch_is_padded_on_the_left():
    conversations = [molmo1_case("tiny", case)[0] for case in ("small", "text")]
    inputs = molmo1_inputs("tiny", *conversations)
    (alone,) = molmo1_inputs("tiny", conversations[1])["input_ids"].tolist()
    assert inputs["input_ids"][1, -len(alone) :].tolist() == alone
    assert inputs["attention_mask"].sum(1).tolist() == [57, len(alone)]
    assert not inputs["image_token_mask"][1].any()


def test_text_of_a_conversation():
    write = molmo1_processor("tiny").apply_chat_template
    assert write(said("Hi")) == " User: Hi"
    assert write(said("Hi"), add_generation_prompt=True) == " User: Hi Assistant:"
    assert write(said("Hi", "Yes", "And?"), add_generation_prompt=True) == (
        " User: Hi Assistant: Yes<|endoftext|> User: And? Assistant:"
    )
    shown = [
        {"type": "text", "text": "Point"},
        {"type": "image", "image": IMAGE},
        {"type": "text", "text": " here"},
    ]
    assert write([{"role": "user", "content": shown}]) == "<|image|> User: Point here"


def test_a_template_of_the_language_model_is_not_used(tmp_path):
    folder = copy_molmo1("tiny", tmp_path / "copy")
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    settings["chat_template"] = "<|im_start|>{{ messages[0]['content'] }}"
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    processor = MolmoProcessor.from_pretrained(folder)
    assert processor.apply_chat_template(said("Hi"), add_generation_prompt=True) == " User: Hi Assistant:"


def test_what_is_written_reads_alike(tmp_path):
    processor = MolmoProcessor(
        molmo1_processor("tiny").image_processor,
        molmo1_processor("tiny").tokenizer,
        prompts={"point": "Point at {}"},
    )
    processor.save_pretrained(tmp_path)
    again = MolmoProcessor.from_pretrained(tmp_path)
    assert again.prompts.ask("it") == "Point at it"
    messages, arrays, _ = molmo1_case("tiny", "small")
    got = again.apply_chat_template(messages, tokenize=True, add_generation_prompt=True, return_dict=True)
    assert got["input_ids"].tolist() == [arrays["in.input_ids"].tolist()]
    assert torch.equal(got["pixel_values"], molmo1_inputs("tiny", messages)["pixel_values"])
    assert set(again.model_input_names) == set(got)


@pytest.mark.parametrize(
    ("text", "media", "message"),
    [
        ("<|image|><|image|> User: a", {"images": [IMAGE, IMAGE]}, "shows 2 images, but Molmo 1 reads one"),
        (" User: <|image|> a", {"images": IMAGE}, "text before <|image|>; Molmo 1 reads its image first"),
        (" User: a", {"images": IMAGE}, "hold 0 placeholders <|image|>, but 1 images"),
        (
            " User: a",
            {"videos": synthetic_video(1, 2, 20, 20)},
            "A video was given, but Molmo 1 reads one image",
        ),
    ],
)
def test_what_molmo_cannot_be_shown(text, media, message):
    with pytest.raises(InputError) as caught:
        molmo1_processor("tiny")(text=text, **media)
    assert message in str(caught.value)


def test_roles_alternate():
    with pytest.raises(InputError, match="roles must alternate, user first"):
        molmo1_processor("tiny").apply_chat_template(said("a") + said("b"))


def test_a_tokenizer_without_image_tokens(tmp_path):
    folder = copy_molmo1("tiny_e", tmp_path / "copy")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        path = folder / name
        path.write_text(path.read_text().replace("<im_patch>", "<other>"))
    with pytest.raises(
        CheckpointError, match="The tokenizer has no token <im_patch>; expected the tokenizer of a Molmo"
    ):
        MolmoProcessor.from_pretrained(folder)


def test_the_ids_are_those_of_the_tokenizer():
    for style in ("tiny", "tiny_o", "tiny_e"):
        ids = json.loads((DATA / style / "case_small.json").read_text())["special_token_ids"]
        assert molmo1_processor(style).vision_ids.image_patch == ids["<im_patch>"]
