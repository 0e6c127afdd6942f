"""Message trees of images: one prompt, and conversations that lead back to the image."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from model.data.encoding.answer_format import AnswerFormat
from model.data.encoding.message_tree import ImageTreeEncoder, TurnEncoder
from model.data.scenes.generate import draw_scene
from model.data.schema import POINTS_HERE, ImageSample, Query, QuestionAnswer, Target
from model.train.models.nano import nano_config
from molmo_act.formats.grounding_tokens import AnswerGrammar, PromptIds
from molmo_act.formats.prompt_templates import PromptTemplates
from molmo_act.models.molmo_point.configuration_molmo_point import MolmoPointConfig
from molmo_act.models.molmo_point.processing_molmo_point import MolmoPointProcessor


def target(x: float, y: float) -> Target:
    return Target((x, y), (x - 5, y - 5, x + 5, y + 5))


RED = Query("red circle", "circle", (target(40.5, 60.5), target(150.5, 20.5)), "count")
ONE = Query("blue star", "blue star", (target(100.5, 90.5),), "colour")
NONE = Query("ring", "ring", (), "absent")


@pytest.fixture(scope="module")
def sample() -> ImageSample:
    image = np.random.default_rng(0).integers(0, 255, (120, 200, 3), dtype=np.uint8)
    return ImageSample(image, (RED, ONE, NONE), ())


def encode(
    processor: MolmoPointProcessor, sample: ImageSample, points: int, names: int, seed: int = 0, **form
):
    encoder = ImageTreeEncoder(processor, AnswerFormat(**form))
    return encoder.encode(sample, np.random.default_rng(seed), points, names)


def ids_of(tree, processor: MolmoPointProcessor) -> PromptIds:
    return TurnEncoder(processor).prompt_ids(torch.as_tensor(tree.token_pooling))


def answer(branch) -> list[int]:
    return branch.ids[branch.is_answer].tolist()


def test_grounding_ids_are_those_of_the_configuration(processor, sample) -> None:
    """Without the class "no more points" subpatches begin right behind the patches."""
    released = nano_config(processor.tokenizer)
    for has_class in (True, False):
        config = MolmoPointConfig(**{**released.to_dict(), "no_more_points_class": has_class})
        encoder = ImageTreeEncoder(processor, AnswerFormat(), config=config)
        tree = encoder.encode(sample, np.random.default_rng(0), 4, 1)
        ids = PromptIds.of(config, tree.token_pooling)
        grammar = AnswerGrammar.of(processor.tokenizer)
        found = [grammar.parse(answer(branch), ids).object_ids.tolist() for branch in tree.branches]
        assert sorted(found) == [[], [], [1], [1, 2]]  # nothing, a name, one and two
        ends = [ids.subpatch_start - 1 in answer(branch) for branch in tree.branches]
        assert sum(ends) == (3 if has_class else 0)


def test_the_checkpoint_says_how_it_is_asked(processor, sample) -> None:
    asking = copy.copy(processor)
    asking.prompts = PromptTemplates.of({"point": "Where is {}?"})
    [branch] = encode(asking, replace(sample, queries=(ONE,)), 4, 0).branches
    expected = processor.encode_question(["Where is blue star?"])
    assert branch.ids[~branch.is_answer].tolist() == expected


def test_the_prompt_and_a_question_are_those_of_the_processor(processor, sample) -> None:
    tree = encode(processor, replace(sample, queries=(ONE,)), 4, 0)
    (branch,) = tree.branches
    message = {"role": "user", "content": [{"type": "image", "image": sample.image},
                                           {"type": "text", "text": "Point to blue star"}]}  # fmt: skip
    inputs = processor.apply_chat_template(
        [message], tokenize=True, return_dict=True, add_generation_prompt=True
    )
    assert inputs["input_ids"][0].tolist() == [*tree.prefix, *branch.ids[~branch.is_answer]]
    assert tree.tokens == len(tree.prefix) + len(branch.ids)
    assert answer(branch)[-1] == processor.tokenizer.eos_token_id


def test_points_are_written_in_the_order_of_the_image_tokens(processor, sample) -> None:
    tree = encode(processor, replace(sample, queries=(RED,)), 4, 0)
    ids = ids_of(tree, processor)
    found = np.array([each for each in answer(tree.branches[0]) if each >= ids.start])
    assert found[-1] == ids.no_more_points
    triples, valid = ids.decode(found[:-1].reshape(-1, 3))
    assert valid.all()
    assert len(triples) == 2
    assert triples[:, 0].tolist() == sorted(triples[:, 0])


def test_shuffled_points_come_in_any_order(processor, sample) -> None:
    trees = [
        encode(processor, replace(sample, queries=(RED,)), 4, 0, seed, order="shuffled") for seed in range(8)
    ]
    assert len({tuple(answer(tree.branches[0])) for tree in trees}) == 2


def test_naming_asks_for_what_a_query_names_alone(processor, sample) -> None:
    tree = encode(processor, sample, 0, 9)
    (branch,) = tree.branches  # two circles share a name, and of the ring there is none
    assert branch.kind == "naming"
    text = processor.tokenizer.decode(answer(branch), skip_special_tokens=True)
    assert text == "blue star"
    pointed = [each for each in branch.ids[~branch.is_answer] if each >= ids_of(tree, processor).start]
    assert len(pointed) == 3


def test_there_is_no_naming_in_text_coordinates(processor, sample) -> None:
    tree = encode(processor, sample, 9, 9, coordinates="text")
    assert {branch.kind for branch in tree.branches} == {"pointing"}
    texts = {processor.tokenizer.decode(answer(branch)[:-1]) for branch in tree.branches}
    assert "There are none." in texts
    assert '<points coords="1 1 502 754">blue star</points>' in texts


def test_points_stand_where_an_answer_has_a_mark(processor, sample) -> None:
    turn = QuestionAnswer("Where?", f"Here {POINTS_HERE} and {POINTS_HERE}.", "pointing", (ONE, NONE))
    tree = encode(processor, replace(sample, queries=(), question_answers=(turn,)), 4, 0)
    text = processor.tokenizer.decode(answer(tree.branches[0]))
    assert text.startswith('Here <points coords="<POINT_')
    assert text.count("<points") == 2
    assert POINTS_HERE not in text


def test_no_more_branches_than_asked_for(processor) -> None:
    drawn = draw_scene(np.random.default_rng(1), 200, 200, None)
    assert len(encode(processor, drawn, 3, 2).branches) == 5
    assert len(encode(processor, drawn, 99, 0).branches) == len(drawn.queries)


def test_fewer_crops_can_be_asked_for(processor, sample) -> None:
    wide = replace(sample, image=np.zeros((300, 900, 3), np.uint8))
    crops = [
        len(ImageTreeEncoder(processor, max_crops=most).encode(wide, np.random.default_rng(0), 1, 0).patches)
        for most in (None, 1)
    ]
    assert crops[0] > crops[1] == 2  # one crop, and the whole image
