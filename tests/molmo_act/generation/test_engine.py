"""The engine gives what the slow and obvious path gives, token for token and score for score."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import molmo_act
from molmo_act.errors import CheckpointError, InputError
from molmo_act.formats.grounding_tokens import AnswerGrammar, PromptIds
from molmo_act.generation.engine import Engine
from molmo_act.generation.limits import GenerationLimits
from molmo_act.generation.outputs import GenerationOutput
from molmo_act.generation.prefill import prefill_prefix
from molmo_act.pointing.images import prepare_image_inputs
from tests.support.engines import LONGEST, assert_same, compare, engine, grammar, plainly, talkative
from tests.support.tiny_checkpoint import (
    CASES,
    VARIANTS,
    load_case,
    model_inputs,
    tiny_model,
)


@pytest.mark.parametrize("name", CASES)
def test_recorded_answers(name):
    """What the original code answered, in a third of the forward passes."""
    _, arrays, _ = load_case(name)
    found = compare(tiny_model(), model_inputs(arrays), grammar())
    tokens = arrays["greedy.tokens"].tolist()
    (row,) = found.answers
    assert row.tokens == [token for token in tokens if token not in grammar().end_ids]
    assert found.steps < len(row.tokens) / 2


@pytest.mark.parametrize("folder", sorted(VARIANTS.glob("variant_*")), ids=lambda folder: folder.name)
def test_variants(folder):
    model = tiny_model(folder)
    compare(model, model_inputs(load_case("image_one")[1]), grammar(), longest=20)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize(
    "switches", [{}, {"token_prediction_rotary": "none"}, {"norm_logits": False}], ids=str
)
def test_types_of_fewer_bits_answer_as_generate_does(dtype, switches):
    """Also without rotation, where no score is computed in float32."""
    model = talkative(1, eagerness=1.3, **switches).to(dtype)
    inputs = model_inputs(load_case("image_many")[1])
    inputs |= {"pixel_values": inputs["pixel_values"].to(dtype)}
    (answer,) = engine(model).generate(inputs, limits=GenerationLimits(LONGEST)).answers
    (expected,) = plainly(model, inputs)
    assert answer.tokens == expected.tokens
    assert max(answer.tokens) >= model.config.extended_vocab_start
    np.testing.assert_allclose(answer.probabilities, expected.probabilities, atol=0.03)


def test_numbers_that_overflow_are_an_error_and_no_answer():
    model = talkative(1, eagerness=1.3)
    with torch.no_grad():
        model.model.language_model.layers[-1].mlp.down_proj.weight.mul_(1e5)
    inputs = model_inputs(load_case("image_one")[1])
    assert engine(model).generate(inputs).answers[0].tokens
    inputs |= {"pixel_values": inputs["pixel_values"].half()}
    with pytest.raises(CheckpointError, match=r"not finite in float16: .* Load it with dtype='bfloat16'"):
        engine(model.half()).generate(inputs)


SEEDS = [0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 6))]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"mask_repeats": "never"},
        {"mask_patches": "never"},
        {"mask_subpatches": "never"},
        {"score_temperature": 3.0},
        {"norm_logits": False},
        {"no_more_points_class": False},
    ],
    ids=lambda switches: next(iter(switches), "released"),
)
def test_random_models(seed, switches):
    model = talkative(seed, eagerness=(1.0, 1.3, 1.8)[seed % 3], **switches)
    name = CASES[seed % len(CASES)]
    found = compare(model, model_inputs(load_case(name)[1]), grammar())
    assert found.answers[0].tokens


@pytest.mark.slow
def test_random_models_do_point():
    """Otherwise the test above would prove little."""
    start = tiny_model().config.extended_vocab_start
    inputs = model_inputs(load_case("image_one")[1])
    answers = [
        engine(talkative(seed, 1.3)).generate(inputs, limits=GenerationLimits(LONGEST)) for seed in range(6)
    ]
    kinds = [[token >= start for token in found.answers[0].tokens] for found in answers]
    assert sum(any(kind) and not all(kind) for kind in kinds) >= 3


def nano_inputs(model, images, queries):
    pairs = list(zip(images, queries, strict=True))
    inputs = prepare_image_inputs(model.runtime, pairs, None)
    inputs.pop("metadata")
    return inputs


@pytest.fixture(scope="module")
def nano():
    return molmo_act.load(device="cpu")


def scene(seed: int, width: int = 200, height: int = 180) -> np.ndarray:
    """A grey image with a few coloured boxes."""
    rng = np.random.default_rng(seed)
    image = np.full((height, width, 3), 200, dtype=np.uint8)
    for colour in ((220, 30, 30), (30, 30, 220), (30, 160, 40))[: 1 + seed % 3]:
        x, y = rng.integers(10, width - 60), rng.integers(10, height - 60)
        image[y : y + 40, x : x + 40] = colour
    return image


@pytest.mark.slow
def test_batches_of_images_of_many_sizes(nano):
    images = [scene(0), scene(1, 420, 180), scene(2, 150, 400), scene(2)]
    queries = ["the red square", "all squares", "a purple giraffe", "squares"]
    found = compare(
        nano.model, nano_inputs(nano, images, queries), AnswerGrammar.of(nano.processor.tokenizer), queries
    )
    assert len({len(row.tokens) for row in found.answers}) > 1  # rows end at different steps


def test_a_right_guess_of_the_label_saves_steps_and_a_wrong_one_changes_nothing(nano):
    inputs = nano_inputs(nano, [scene(0)], ["the red square"])
    words = AnswerGrammar.of(nano.processor.tokenizer)
    wrong = compare(nano.model, inputs, words, ["nothing of the kind at all"])
    text = nano.processor.tokenizer.decode(wrong.answers[0].tokens)
    label = text.rsplit('">', 1)[-1].removesuffix("</points>")
    right = compare(nano.model, inputs, words, [label])
    assert right.answers[0].tokens == wrong.answers[0].tokens
    assert right.steps < wrong.steps


def test_questions_about_images_read_once_are_answered_as_alone(nano):
    queries = ["the red square", "all squares", "a purple giraffe", "the thing in the upper left corner"]
    words = AnswerGrammar.of(nano.processor.tokenizer)
    inputs = [nano_inputs(nano, [scene(2)], [query]) for query in queries]
    prefix = prefill_prefix(nano.model, inputs[0])
    questions = [one["input_ids"][0, prefix.length :].tolist() for one in inputs]
    alone = [
        Engine(nano.model, words).generate(one, [query]).answers[0]
        for one, query in zip(inputs, queries, strict=True)
    ]
    for static_shapes in (False, True):
        together = Engine(nano.model, words, static_shapes=static_shapes).generate_with_prefix(
            prefix, questions, queries
        )
        assert_same(together.answers, alone)


def test_max_points():
    inputs = model_inputs(load_case("image_many")[1])
    whole = engine().generate(inputs, limits=GenerationLimits(LONGEST)).answers[0]
    start = tiny_model().config.extended_vocab_start
    for most in (1, 2):
        row = engine().generate(inputs, limits=GenerationLimits(LONGEST, most)).answers[0]
        assert row.tokens == whole.tokens[: len(row.tokens)]
        assert sum(token >= start for token in row.tokens) == 3 * most
        assert row.tokens[-1] < start  # with its number
        assert not row.truncated


def points_of(answer) -> list[int]:
    """Places of the patches in an answer of the tiny model with points of three ids."""
    start = tiny_model().config.extended_vocab_start
    extended = [token >= start for token in answer.tokens]
    return [i for i in range(len(extended)) if all(extended[i : i + 3]) and not (i and extended[i - 1])]


@pytest.mark.parametrize(
    ("name", "count"), [("image_one", 1), ("images_two", 3), ("image_many", 11), ("video_four", 2)]
)
def test_exactly_so_many_points(name, count):
    """With forced opening, numbers and end, as the logits processor forces them."""
    inputs = model_inputs(load_case(name)[1])
    found = compare(tiny_model(), inputs, grammar(), exactly=count, longest=70)
    [row] = found.answers
    assert len(points_of(row)) == count
    assert tuple(row.tokens[:3]) == grammar().opening
    ids = prompt_ids(inputs)
    numbers = grammar().parse(row.tokens, ids).object_ids.tolist()
    assert numbers == list(range(1, count + 1))
    last = row.tokens.index(ids.no_more_points)
    assert row.tokens[last + 1] == grammar().list_end
    assert found.steps < len(row.tokens) / 2


def prompt_ids(inputs) -> PromptIds:
    pooling = inputs.get("image_token_pooling", inputs.get("video_token_pooling"))
    return PromptIds.of(tiny_model().config, pooling)


SWITCHES = [
    {},
    {"mask_repeats": "never"},
    {"mask_patches": "never"},
    {"mask_subpatches": "never"},
    {"no_more_points_class": False},
    {"score_temperature": 3.0},
]


@pytest.mark.parametrize("switches", SWITCHES, ids=lambda switches: next(iter(switches), "released"))
@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_exactly_so_many_points_of_random_models(seed, switches):
    """Even of one that would rather write words, or point in another order."""
    model = talkative(seed, eagerness=(0.2, 1.8)[seed], **switches)
    inputs = model_inputs(load_case(CASES[seed])[1])
    found = compare(model, inputs, grammar(), exactly=4, longest=30)
    assert len(points_of(found.answers[0])) == 4


@pytest.mark.slow
def test_exactly_as_many_points_as_there_are_places():
    """Points go forward in the prompt; the last places are left for the last points."""
    inputs = model_inputs(load_case("image_one")[1])
    model = tiny_model()
    state = model(**inputs).grounding_state
    places = int((state.subpatch_valid_BPK & state.indexable_BP[..., None]).sum())
    for count in (places, places // 2):
        [row] = engine().generate(inputs, limits=GenerationLimits(2000, exactly=count)).answers
        triples = grammar().parse(row.tokens, prompt_ids(inputs)).triples[:, :2].tolist()
        assert len(triples) == count
        assert triples == sorted(triples)
        assert len(set(map(tuple, triples))) == count
    with pytest.raises(InputError, match=rf"exactly={places + 1} .* has {places} places"):
        engine().generate(inputs, limits=GenerationLimits(exactly=places + 1))


def test_exactly_so_many_points_by_generate_of_transformers():
    inputs = model_inputs(load_case("image_one")[1])
    rules = tiny_model().build_logit_processor_from_inputs(inputs, exactly=3, grammar=grammar())
    with torch.inference_mode():
        output = tiny_model().generate(
            **inputs, logits_processor=rules, rank_patches=True, max_new_tokens=60, do_sample=False
        )
    tokens = output[0, inputs["input_ids"].shape[1] :].tolist()
    [row] = engine().generate(inputs, limits=GenerationLimits(60, exactly=3)).answers
    assert row.tokens == [token for token in tokens if token not in grammar().end_ids]
    with pytest.raises(InputError, match="without grammar="):
        tiny_model().build_logit_processor_from_inputs(inputs, exactly=3)


def test_an_answer_that_its_order_ended_says_so():
    inputs = model_inputs(load_case("image_one")[1])
    limits = GenerationLimits(LONGEST)
    for seed in range(2):
        eager = engine(talkative(seed, 1.8))
        assert eager.generate(inputs, limits=limits).answers[0].refused
        assert not eager.generate(inputs, order="masked", limits=limits).answers[0].refused
    assert not engine().generate(inputs, limits=limits).answers[0].refused


def test_behind_no_more_points_the_masked_order_ends_the_list():
    inputs = model_inputs(load_case("image_one")[1])
    ids, ended = prompt_ids(inputs), 0
    for seed in range(6):
        limits = GenerationLimits(LONGEST)
        [row] = engine(talkative(seed, 1.8)).generate(inputs, order="masked", limits=limits).answers
        for place in (i for i, token in enumerate(row.tokens[:-1]) if token == ids.no_more_points):
            ended += 1
            assert row.tokens[place + 1] == grammar().list_end
    assert ended


def test_longest_answer_is_cut():
    inputs = model_inputs(load_case("image_one")[1])
    row = engine().generate(inputs, limits=GenerationLimits(7)).answers[0]
    assert row.tokens == load_case("image_one")[1]["greedy.tokens"].tolist()[:7]
    assert len(row.probabilities) == 7
    assert row.truncated


def test_timeout_returns_what_there_is():
    inputs = model_inputs(load_case("image_many")[1])
    row = engine().generate(inputs, limits=GenerationLimits(timeout=1e-9)).answers[0]
    assert row.truncated
    whole = engine().generate(inputs).answers[0]
    assert row.tokens == whole.tokens[: len(row.tokens)]
    assert not whole.truncated


@pytest.mark.slow
def test_masked_order_points_on_where_reference_order_falls_back_to_words():
    inputs = model_inputs(load_case("image_one")[1])
    start = tiny_model().config.extended_vocab_start
    differs = 0
    for seed in range(8):
        model = talkative(seed, 1.8)
        by_order = {
            order: engine(model)
            .generate(inputs, order=order, limits=GenerationLimits(LONGEST))
            .answers[0]
            .tokens
            for order in ("reference", "masked")
        }
        differs += by_order["reference"] != by_order["masked"]
        patches = [token for token in by_order["masked"] if start <= token < start + 76]
        assert patches == sorted(patches)
    assert differs


def streamed(inputs, most: int) -> tuple[list[list[int]], GenerationOutput]:
    steps, pieces = engine().stream(inputs, limits=GenerationLimits(most)), []
    while True:
        try:
            pieces.append(next(steps))
        except StopIteration as end:
            return pieces, end.value


@pytest.mark.parametrize("most", [7, LONGEST])
@pytest.mark.parametrize("name", ["image_many", "video_four"])
def test_a_stream_gives_the_ids_of_the_answer_as_they_come(name, most):
    inputs = model_inputs(load_case(name)[1])
    expected = engine().generate(inputs, limits=GenerationLimits(most))
    pieces, output = streamed(inputs, most)
    assert_same(output.answers, expected.answers)
    assert [token for piece in pieces for token in piece] == expected.answers[0].tokens
    assert len(pieces) > 1
    assert all(pieces)
    assert output.steps == expected.steps


def test_an_engine_is_free_while_a_stream_waits():
    inputs = model_inputs(load_case("image_many")[1])
    alone, _ = streamed(inputs, 20)
    one = engine(static_shapes=True)
    steps = one.stream(inputs, limits=GenerationLimits(20))
    first = next(steps)
    one.generate(inputs, limits=GenerationLimits(5))
    assert [first, *steps] == alone
