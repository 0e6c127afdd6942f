"""What a model can be asked, and how much room it has for an answer."""

from __future__ import annotations

import copy
from types import SimpleNamespace

import pytest
import torch
from torch import nn

import molmo_act
from molmo_act.errors import CheckpointError, InputError, QueryError
from molmo_act.formats.prompt_templates import PromptTemplates
from molmo_act.pointing.runtime import PointingRuntime
from molmo_act.request import Bounds
from tests.support.tiny_checkpoint import tiny_model, tiny_processor


@pytest.fixture(scope="module")
def runtime() -> PointingRuntime:
    return PointingRuntime(tiny_model(), tiny_processor(), "tiny")


class TextModel(nn.Module):
    """Stands for a model that writes coordinates as text."""

    config = SimpleNamespace(text_config=SimpleNamespace(max_position_embeddings=100))
    device = torch.device("cpu")


@pytest.fixture
def text_runtime() -> PointingRuntime:
    return PointingRuntime(TextModel(), tiny_processor(), "text")


def test_other_models_are_refused_by_name(text_runtime):
    assert not text_runtime.has_grounding_tokens
    with pytest.raises(InputError, match=r"^text writes coordinates as text; use point\(\)\.$"):
        text_runtime.require_grounding_tokens("use point().")


@pytest.mark.parametrize(
    ("prompt_tokens", "options", "expected"),
    [
        (40, {}, 60),  # what is left
        (40, {"max_new_tokens": 20}, 20),  # less was wanted
        (99, {"max_new_tokens": 20}, 1),  # the last place
    ],
)
def test_answers_end_where_the_model_has_no_room(text_runtime, prompt_tokens, options, expected):
    limits = text_runtime.limits(prompt_tokens, Bounds(max_points=3, timeout=0.5), **options)
    assert (limits.max_new_tokens, limits.max_points, limits.timeout) == (expected, 3, 0.5)


def test_a_prompt_without_room_for_an_answer_is_refused(text_runtime):
    with pytest.raises(InputError, match=r"take 100 tokens, but text reads 100\. Give fewer max_frames\."):
        text_runtime.limits(100, Bounds(), reduce="max_frames")


def test_the_error_names_the_query_where_it_is_what_is_too_long(text_runtime):
    query = "a very long query " * 20
    tokens = len(tiny_processor().tokenizer.encode(query))
    with pytest.raises(QueryError, match=rf"The query takes {tokens} of 120 tokens.*Shorten it by 21 tokens"):
        text_runtime.limits(120, Bounds(), query)
    with pytest.raises(InputError, match="Give fewer max_crops"):  # too long without it
        text_runtime.limits(100 + tokens, Bounds(), query)


def test_room_for_a_certain_number_of_points(runtime, text_runtime):
    limits = runtime.limits(100, Bounds(exactly=200))
    assert limits.exactly == 200
    assert limits.max_new_tokens > 4 * 200
    room = runtime.model.config.text_config.max_position_embeddings
    with pytest.raises(
        InputError, match=r"exactly=200 points take \d+ tokens behind a prompt .* Ask for fewer"
    ):
        runtime.limits(room - 500, Bounds(exactly=200))
    with pytest.raises(InputError, match="Ask for fewer"):
        runtime.limits(100, Bounds(exactly=10**9))
    with pytest.raises(InputError, match="text writes coordinates as text; leave exactly= out"):
        text_runtime.limits(10, Bounds(exactly=1))


def test_prompts_are_checked_like_queries(runtime):
    for prompt in (None, "gui", "raw", "{}", "Where is {}?"):
        runtime.check_questions(["the mug"], prompt)
    with pytest.raises(QueryError, match="control token"):
        runtime.check_questions(["the mug"], "<|image|>{}")
    for query, prompt in (("0", "<POINT_{}>"), ("im_end", "<|{}|>"), ("<im", "{}_start>")):
        with pytest.raises(QueryError, match="control token"):  # which the two make together
            runtime.check_questions([query], prompt)
    with pytest.raises(InputError, match="expected 'point'"):
        runtime.check_questions(["the mug"], "click")
    assert runtime.question("Point to the mug", "raw") == runtime.question("the mug")


@pytest.mark.parametrize("template", ["<im_patch>{}", "\ud83d{}", "Find <|im_end|> {}"])
@pytest.mark.parametrize("name", ["point", "track", "gui"])
def test_templates_of_a_checkpoint_are_checked_like_queries(name, template):
    processor = copy.copy(tiny_processor())  # it is everybody's
    processor.prompts = PromptTemplates(**{name: template})
    with pytest.raises(CheckpointError, match=rf"processor_config.json of tiny: prompts\['{name}'\] cannot"):
        PointingRuntime(tiny_model(), processor, "tiny").check_prompts()


def test_released_templates_can_be_used(runtime, nano):
    runtime.check_prompts()
    nano.check_prompts()


@pytest.fixture(scope="module")
def nano() -> PointingRuntime:
    return molmo_act.load(device="cpu").runtime


def test_no_added_token_passes_as_a_query(nano):
    added = [token.content for token in nano.processor.tokenizer.added_tokens_decoder.values()]
    assert {"<POINT_0>", "<im_patch>", "<|im_end|>", "<|image|>"} < set(added)
    for word in added:
        with pytest.raises(QueryError, match="control token of"):
            nano.check_query(f"the red {word} circle")


@pytest.mark.parametrize(
    "query", ["a < b", "<POINT_", "POINT_0", "< im_start >", "<|", "the link <a href='x'>", "x\x00y", "café"]
)
def test_words_that_only_look_like_control_tokens(nano, query):
    nano.check_query(query)


def test_runs_of_spaces_are_no_control_tokens(runtime):
    processor = copy.deepcopy(tiny_processor())  # tokenizers such as GPT-NeoX's have tokens for them
    processor.tokenizer.add_tokens(["    ", "<cut>"])
    spaced = PointingRuntime(tiny_model(), processor, "spaced")
    spaced.check_query("the    mug")
    with pytest.raises(QueryError, match="holds '<cut>'"):
        spaced.check_query("the <cut> mug")
