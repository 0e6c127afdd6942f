"""The engine gives what the slow and obvious path gives, token for token and score for score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

import molmo_act
from molmo_act.answers import Answer
from molmo_act.decoding.prefill import read_prefix
from molmo_act.decoding.stepping import KEPT, RepeatedSteps
from molmo_act.engine import Engine, Limits
from molmo_act.grammar import AnswerGrammar
from molmo_act.image_pointing import prompt_inputs
from molmo_act.modeling import MolmoPointForConditionalGeneration
from tests.plain_decoding import plain_answers
from tests.tiny_checkpoint import (
    CASES,
    TINY,
    VARIANTS,
    load_case,
    model_inputs,
    tiny_model,
    tiny_processor,
)

LONGEST = 60


@lru_cache
def grammar() -> AnswerGrammar:
    return AnswerGrammar.of(tiny_processor().tokenizer)


def engine(model: MolmoPointForConditionalGeneration | None = None, **options) -> Engine:
    return Engine(tiny_model() if model is None else model, grammar(), **options)


def plainly(model, inputs, words: AnswerGrammar | None = None, longest: int = LONGEST) -> list[Answer]:
    """Answers of the slow path."""
    words = words or grammar()
    return plain_answers(
        model, inputs, opening_id=words.opening[0], end_ids=words.end_ids, max_new_tokens=longest
    )


def compare(model, inputs, words: AnswerGrammar, queries=None, longest: int = LONGEST):
    """Asserts that all paths give the same, and returns the engine's answers, with narrow steps."""
    expected = plainly(model, inputs, words, longest)
    for repeat in (True, False):
        found = Engine(model, words, repeat=repeat).answer(inputs, queries, limits=Limits(longest))
        assert_same(found.rows, expected)
    return found


def assert_same(rows: Sequence[Answer], expected: Sequence[Answer]) -> None:
    for row, plain in zip(rows, expected, strict=True):
        assert row.tokens == plain.tokens
        assert row.cut == plain.cut
        np.testing.assert_allclose(row.probabilities, plain.probabilities, atol=1e-5)
        assert row.opening == pytest.approx(plain.opening, abs=1e-5)
        assert (row.first_patch is None) == (plain.first_patch is None)
        if plain.first_patch is not None:
            torch.testing.assert_close(row.first_patch, plain.first_patch, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", CASES)
def test_recorded_answers(name):
    """What the original code answered, in a third of the forward passes."""
    _, arrays, _ = load_case(name)
    found = compare(tiny_model(), model_inputs(arrays), grammar())
    tokens = arrays["greedy.tokens"].tolist()
    (row,) = found.rows
    assert row.tokens == [token for token in tokens if token not in grammar().end_ids]
    assert found.steps < len(row.tokens) / 2


@pytest.mark.parametrize("folder", sorted(VARIANTS.glob("variant_*")), ids=lambda folder: folder.name)
def test_variants(folder):
    model = tiny_model(folder)
    compare(model, model_inputs(load_case("image_one")[1]), grammar(), longest=20)


def talkative(seed: int, eagerness: float, **switches) -> MolmoPointForConditionalGeneration:
    """A model of random weights that likes points as much as words, with other rules of order."""
    config = MolmoPointForConditionalGeneration.config_class.from_pretrained(TINY, **switches)
    torch.manual_seed(seed)
    model = MolmoPointForConditionalGeneration(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.15)
        inputs = model_inputs(load_case("image_one")[1])
        seen = []
        model.model.final_norm.register_forward_hook(lambda *call: seen.append(call[-1]))
        logits = model(**inputs).logits[0, :, : config.extended_vocab_start]
        direction = seen[0][0].mean(0)
        best = logits[-20:].max(-1).values.mean()
        model.lm_head.weight[config.patch_token_id] = eagerness * best * direction / direction.square().sum()
    return model


@pytest.mark.parametrize("seed", range(6))
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
    assert found.rows[0].tokens


def test_random_models_do_point():
    """Otherwise the test above would prove little."""
    start = tiny_model().config.extended_vocab_start
    inputs = model_inputs(load_case("image_one")[1])
    answers = [engine(talkative(seed, 1.3)).answer(inputs, limits=Limits(LONGEST)) for seed in range(6)]
    kinds = [[token >= start for token in found.rows[0].tokens] for found in answers]
    assert sum(any(kind) and not all(kind) for kind in kinds) >= 3


def nano_inputs(model, pictures, queries):
    pairs = list(zip(pictures, queries, strict=True))
    inputs = prompt_inputs(model, pairs, None)
    inputs.pop("metadata")
    return inputs


@pytest.fixture(scope="module")
def nano():
    return molmo_act.load(device="cpu")


def scene(seed: int, width: int = 200, height: int = 180) -> np.ndarray:
    """A grey picture with a few coloured boxes."""
    rng = np.random.default_rng(seed)
    image = np.full((height, width, 3), 200, dtype=np.uint8)
    for colour in ((220, 30, 30), (30, 30, 220), (30, 160, 40))[: 1 + seed % 3]:
        x, y = rng.integers(10, width - 60), rng.integers(10, height - 60)
        image[y : y + 40, x : x + 40] = colour
    return image


def test_batches_of_pictures_of_many_sizes(nano):
    pictures = [scene(0), scene(1, 420, 180), scene(2, 150, 400), scene(2)]
    queries = ["the red square", "all squares", "a purple giraffe", "squares"]
    found = compare(
        nano.model, nano_inputs(nano, pictures, queries), AnswerGrammar.of(nano.processor.tokenizer), queries
    )
    assert len({len(row.tokens) for row in found.rows}) > 1  # rows end at different steps


def test_a_right_guess_of_the_label_saves_steps_and_a_wrong_one_changes_nothing(nano):
    inputs = nano_inputs(nano, [scene(0)], ["the red square"])
    words = AnswerGrammar.of(nano.processor.tokenizer)
    wrong = compare(nano.model, inputs, words, ["nothing of the kind at all"])
    text = nano.processor.tokenizer.decode(wrong.rows[0].tokens)
    label = text.rsplit('">', 1)[-1].removesuffix("</points>")
    right = compare(nano.model, inputs, words, [label])
    assert right.rows[0].tokens == wrong.rows[0].tokens
    assert right.steps < wrong.steps


def test_questions_about_pictures_read_once_are_answered_as_alone(nano):
    queries = ["the red square", "all squares", "a purple giraffe", "the thing in the upper left corner"]
    words = AnswerGrammar.of(nano.processor.tokenizer)
    inputs = [nano_inputs(nano, [scene(2)], [query]) for query in queries]
    prefix = read_prefix(nano.model, inputs[0])
    questions = [one["input_ids"][0, prefix.length :].tolist() for one in inputs]
    alone = [
        Engine(nano.model, words).answer(one, [query]).rows[0]
        for one, query in zip(inputs, queries, strict=True)
    ]
    for repeat in (False, True):
        together = Engine(nano.model, words, repeat=repeat).answer_behind(prefix, questions, queries)
        assert_same(together.rows, alone)


def test_max_points():
    inputs = model_inputs(load_case("image_many")[1])
    whole = engine().answer(inputs, limits=Limits(LONGEST)).rows[0]
    start = tiny_model().config.extended_vocab_start
    for most in (1, 2):
        row = engine().answer(inputs, limits=Limits(LONGEST, most)).rows[0]
        assert row.tokens == whole.tokens[: len(row.tokens)]
        assert sum(token >= start for token in row.tokens) == 3 * most
        assert row.tokens[-1] < start  # with its number
        assert not row.cut


def test_longest_answer_is_cut():
    inputs = model_inputs(load_case("image_one")[1])
    row = engine().answer(inputs, limits=Limits(7)).rows[0]
    assert row.tokens == load_case("image_one")[1]["greedy.tokens"].tolist()[:7]
    assert len(row.probabilities) == 7
    assert row.cut


def test_timeout_returns_what_there_is():
    inputs = model_inputs(load_case("image_many")[1])
    row = engine().answer(inputs, limits=Limits(timeout=1e-9)).rows[0]
    assert row.cut
    whole = engine().answer(inputs).rows[0]
    assert row.tokens == whole.tokens[: len(row.tokens)]
    assert not whole.cut


def test_masked_mode_points_on_where_reference_mode_falls_back_to_words():
    inputs = model_inputs(load_case("image_one")[1])
    start = tiny_model().config.extended_vocab_start
    differs = 0
    for seed in range(8):
        model = talkative(seed, 1.8)
        by_mode = {
            mode: engine(model).answer(inputs, mode=mode, limits=Limits(LONGEST)).rows[0].tokens
            for mode in ("reference", "masked")
        }
        differs += by_mode["reference"] != by_mode["masked"]
        patches = [token for token in by_mode["masked"] if start <= token < start + 76]
        assert patches == sorted(patches)
    assert differs


def test_absent_without_a_list_is_one_minus_its_beginning():
    row = Answer(opening=0.25)
    assert row.absent == 0.75
    assert replace(row, first_patch=torch.tensor([0.1, 0.9])).absent == pytest.approx(0.9)


class NothingOfTheHost(TorchDispatchMode):
    """Fails on what no captured CUDA graph can hold: values read back, or brought over from the host."""

    FORBIDDEN = (
        "_local_scalar_dense",
        "nonzero",
        "masked_select",
        "is_nonzero",
        "equal",
        "lift_fresh",
        "unique",
    )

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.name().removeprefix("aten::").split(".")[0]
        assert name not in self.FORBIDDEN, name
        if name in ("index", "index_put", "index_put_"):
            assert not any(index is not None and index.dtype == torch.bool for index in args[1]), name
        return func(*args, **(kwargs or {}))


def test_repeated_steps_ask_nothing_of_the_host(monkeypatch):
    advance, steps = RepeatedSteps._advance, []

    def watched(self):
        steps.append(1)
        with NothingOfTheHost():
            return advance(self)

    monkeypatch.setattr(RepeatedSteps, "_advance", watched)
    engine(repeat=True).answer(model_inputs(load_case("image_many")[1]), limits=Limits(20))
    assert len(steps) > 3


def test_narrow_steps_do_ask():
    """Otherwise the test above would prove little."""
    with pytest.raises(AssertionError, match="_local_scalar_dense"), NothingOfTheHost():
        engine(repeat=False).answer(model_inputs(load_case("image_many")[1]), limits=Limits(8))


def test_repeated_steps_serve_one_prompt_after_another():
    """Caches and steps are used again, for prompts of other lengths and other pictures."""
    again = engine(repeat=True)
    for name in (*CASES, *reversed(CASES)):
        inputs = model_inputs(load_case(name)[1])
        assert_same(again.answer(inputs).rows, engine().answer(inputs).rows)
    assert len(again._stages._stages) <= KEPT < len(CASES)
