"""The model against every array, text and point that the original code computed with the tiny checkpoint."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from molmo_act.formats.grounding_tokens import AnswerGrammar
from molmo_act.generation.engine import Engine
from molmo_act.generation.outputs import GeneratedAnswer
from molmo_act.models.molmo_point import MolmoPointForConditionalGeneration
from tests.support.tiny_checkpoint import (
    CASES,
    SNIPPET,
    TINY,
    VARIANTS,
    load_case,
    model_inputs,
    tiny_model,
    tiny_processor,
)

ALL = [
    *((name, TINY) for name in CASES),
    *(("image_one", VARIANTS / v) for v in ("variant_tied", "variant_adapter")),
]
IDS = [f"{folder.name}-{name}" for name, folder in ALL]
TOLERANCE = 1e-4
END = 702  # of an answer, for the tiny tokenizer


@contextmanager
def watched(model: MolmoPointForConditionalGeneration) -> Iterator[dict[str, Any]]:
    """What the parts of a model are given and give, while it runs."""
    seen: dict[str, Any] = {}

    def text(_, args, kwargs):
        seen["inputs_embeds"], seen["position_ids"] = kwargs["inputs_embeds"], kwargs["position_ids"]

    def final_norm(_, args, output):
        seen["pre_ln"], seen["hidden"] = args[0], output

    def lm_head(_, args, output):
        seen["lm_logits"] = output

    def vision(_, args, output):  # a few crops at a time
        seen.setdefault("vit", []).append(output.hidden_states)

    hooks = [
        model.model.language_model.register_forward_pre_hook(text, with_kwargs=True),
        model.model.final_norm.register_forward_hook(final_norm),
        model.lm_head.register_forward_hook(lm_head),
        model.model.vision_tower.register_forward_hook(vision),
    ]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


@torch.no_grad()
def prefill(
    model: MolmoPointForConditionalGeneration, inputs: dict[str, Tensor]
) -> tuple[dict[str, Tensor], Any]:
    """Everything the fixtures hold of one prompt, by their names, and the output."""
    with watched(model) as seen:
        output = model(**inputs, use_cache=True)
    vit = [torch.cat(layer) for layer in zip(*seen["vit"], strict=True)]
    state = output.grounding_state
    features = state.vit_features_BPKC
    shown = {key: value for key, value in inputs.items() if key.startswith(("pixel", "image", "video"))}
    _, pooling = model.flat_inputs(**shown)
    no_more = model.model.point_predictor.no_more_key[None, None]
    found = {
        "inputs_embeds": seen["inputs_embeds"],
        "position_ids": seen["position_ids"],
        "pre_ln_hidden_state": seen["pre_ln"],
        "last_hidden_state": seen["hidden"],
        "lm_logits_last": seen["lm_logits"][:, -1],
        "logits_last": output.logits[:, -1],
        "vit_features_gathered": features,
        "vit_features_checksum": features.double().sum((1, 2)),
        "vit_last_block_crop0": vit[-1][0],
        "vit_layer_mean_abs": torch.stack([hidden.abs().mean() for hidden in vit[1:]]),
        "image_features0": state.image_features_BPD[0][:, None],
        "token_pooling_batched": pooling[None],
        "patch_k": torch.cat((state.patch_keys_BPE, no_more), dim=1),
        "patch_k_mask": torch.cat((state.indexable_BP, torch.ones(1, 1, dtype=torch.bool)), dim=1),
        "subpatch_k": state.subpatch_keys_BPKE,
        "subpatch_k_checksum": state.subpatch_keys_BPKE.double().sum((1, 2)),
        "image_pos_ids": state.positions_BP,
    }
    return found, output


@torch.no_grad()
def decode(
    model: MolmoPointForConditionalGeneration, inputs: dict[str, Tensor], tokens: list[int]
) -> dict[str, Tensor]:
    """The fixtures' arrays of every step of a run in which these ids are fed."""
    _, output = prefill(model, inputs)
    start, mask = output.grounding_state.ids.start, inputs["attention_mask"]
    steps: dict[str, list[Tensor]] = {}
    for token in tokens[:-1]:
        mask = torch.cat((mask, mask.new_ones(1, 1)), dim=1)
        read = output.grounding_state.ids.read(torch.tensor([token]))
        with watched(model) as seen:
            output = model(
                input_ids=torch.tensor([[token]]),
                attention_mask=mask,
                past_key_values=output.past_key_values,
                grounding_state=output.grounding_state,
            )
        nothing = torch.full((1, 1), torch.nan)
        row = {
            "step_lm_logits": seen["lm_logits"],
            "step_hidden": seen["hidden"],
            "step_pre_ln": seen["pre_ln"],
            "step_inputs_embeds": seen["inputs_embeds"][:, 0],
            "step_patch_logits": output.patch_scores,
            # the original computes these only where they are due
            "step_subpatch_logits": torch.where(read.is_patch_B[:, None], output.subpatch_scores, nothing),
            "step_location_logits": torch.where(read.is_subpatch_B[:, None], output.location_scores, nothing),
            "step_last_patch_out": output.grounding_state.last_patch_B,
            "step_ext_argmax": output.logits[:, 0].argmax(-1),
            "step_ext_tail": output.logits[:, 0, start:],
        }
        for key, value in row.items():
            steps.setdefault(key, []).append(value[0])
    return {key: torch.stack(values) for key, values in steps.items()}


def same(found: dict[str, Tensor], expected: dict[str, np.ndarray], prefix: str) -> int:
    """Compares all arrays of a prefix and counts them: floats within 1e-4 (sums of n: √n times that)."""
    names = [key for key in expected if key.startswith(prefix)]
    for key in names:
        want, got = expected[key], found[key.removeprefix(prefix)].numpy()
        assert got.shape == want.shape, key
        if want.dtype.kind == "f":
            summed = np.sqrt(found["vit_features_gathered"][..., 0].numel()) if "checksum" in key else 1
            np.testing.assert_allclose(got, want, rtol=0, atol=TOLERANCE * summed, err_msg=key)
        else:
            assert np.array_equal(got, want), key
    return len(names)


@pytest.mark.parametrize(("name", "folder"), ALL, ids=IDS)
def test_prefill(name, folder):
    _, arrays, _ = load_case(name, folder)
    found, _ = prefill(tiny_model(folder), model_inputs(arrays))
    assert same(found, arrays, "prefill.") >= (12 if folder == TINY else 4)
    if (name, folder) == ("image_one", TINY):
        assert {key.removeprefix("prefill.") for key in arrays if key.startswith("prefill.")} == set(found)


RUNS = [
    *((name, folder, "forced") for name, folder in ALL),
    *((name, TINY, "greedy") for name in CASES),  # the variants have no greedy run
]


@pytest.mark.parametrize(("name", "folder", "run"), RUNS, ids=[f"{f.name}-{n}-{r}" for n, f, r in RUNS])
def test_steps(name, folder, run):
    _, arrays, said = load_case(name, folder)
    tokens = arrays.pop(f"{run}.tokens").tolist()
    assert arrays.pop(f"{run}.step_input").tolist() == tokens[:-1]
    assert run == "greedy" or tokens == said["forced_tokens"]
    for of_generate in ("scores_neginf", "scores_argmax"):
        arrays.pop(f"{run}.{of_generate}", None)
    found = decode(tiny_model(folder), model_inputs(arrays), tokens)
    assert same(found, arrays, f"{run}.") >= 7


def points_of(name: str, text: str) -> list[list[float]]:
    """What the released snippet reads out of an answer."""
    model, inputs = tiny_model(), read_messages(name)
    metadata = inputs["metadata"]
    tables = metadata["token_pooling"], metadata["subpatch_mapping"]
    if "timestamps" in metadata:
        return model.extract_video_points(text, *tables, metadata["timestamps"], metadata["video_size"])
    return model.extract_image_points(text, *tables, metadata["image_sizes"])


@lru_cache
def read_messages(name: str) -> dict[str, Any]:
    """The inputs of the released snippet, from messages and pixels."""
    messages, _, _ = load_case(name)
    return dict(tiny_processor().apply_chat_template(messages, **SNIPPET))


def generate(inputs: dict[str, Any], **options: Any) -> Any:
    inputs = {key: value for key, value in inputs.items() if key != "metadata"}
    return tiny_model().generate(
        **inputs,
        max_new_tokens=200,
        do_sample=False,
        output_scores=True,
        return_dict_in_generate=True,
        **options,
    )


@pytest.mark.parametrize("name", CASES)
def test_generate_with_the_rules(name):
    _, arrays, said = load_case(name)
    inputs = read_messages(name)
    made = generate(inputs, logits_processor=tiny_model().build_logit_processor_from_inputs(inputs))
    tokens = made.sequences[:, inputs["input_ids"].shape[1] :]
    assert tokens[0].tolist() == arrays["greedy.tokens"].tolist()
    scores = torch.cat(made.scores)
    assert np.array_equal(
        np.packbits(torch.isneginf(scores).numpy(), axis=-1), arrays["greedy.scores_neginf"]
    )
    assert scores.argmax(-1).tolist() == arrays["greedy.scores_argmax"].tolist()
    (text,) = tiny_processor().post_process_image_text_to_text(
        tokens, skip_special_tokens=False, clean_up_tokenization_spaces=False
    )
    assert text == said["greedy_text"]
    np.testing.assert_allclose(points_of(name, text), said["greedy_points"], rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_generate_without_the_rules(name):
    _, _, said = load_case(name)
    inputs = read_messages(name)
    tokens = generate(inputs).sequences[0, inputs["input_ids"].shape[1] :]
    assert tokens.tolist() == said["greedy_noproc_tokens"]
    text = tiny_processor().tokenizer.decode(tokens, clean_up_tokenization_spaces=False)
    assert text == said["greedy_noproc_text"]
    assert points_of(name, text) == said["greedy_noproc_points"] == []


@pytest.mark.parametrize("name", CASES)
def test_points_of_a_forced_text(name):
    _, _, said = load_case(name)
    text = tiny_processor().tokenizer.decode(said["forced_tokens"], clean_up_tokenization_spaces=False)
    assert text == said["forced_text"]
    np.testing.assert_allclose(points_of(name, text), said["forced_points"], rtol=0, atol=1e-6)


@lru_cache
def grammar() -> AnswerGrammar:
    return AnswerGrammar.of(tiny_processor().tokenizer)


@lru_cache
def answer_alone(name: str) -> GeneratedAnswer:
    inputs = {key: value for key, value in read_messages(name).items() if key != "metadata"}
    return Engine(tiny_model(), grammar()).generate(inputs).answers[0]


@pytest.mark.parametrize("name", CASES)
def test_engine_answers_like_the_original(name):
    _, arrays, _ = load_case(name)
    row = answer_alone(name)
    assert [*row.tokens, END] == arrays["greedy.tokens"].tolist()
    assert len(row.probabilities) == len(row.tokens)
    assert all(0 <= chance <= 1 for chance in row.probabilities)


BATCHES = [
    # one image each, of different sizes: prompts of different lengths
    ["image_one", "image_many"],
    # two images beside one: rows of different numbers of pictures and crops
    ["images_two", "image_one", "image_many"],
    # the same prompt twice
    ["image_one", "image_one"],
    # videos
    ["video_four", "video_four"],
]


def batch_of(names: list[str]) -> dict[str, Any]:
    return dict(tiny_processor().apply_chat_template([load_case(name)[0] for name in names], **SNIPPET))


@pytest.mark.parametrize("names", BATCHES, ids="+".join)
def test_a_batch_gives_what_its_members_give_alone(names):
    inputs = batch_of(names)
    made = generate(inputs, logits_processor=tiny_model().build_logit_processor_from_inputs(inputs))
    rows = made.sequences[:, inputs["input_ids"].shape[1] :]
    fed = {key: value for key, value in inputs.items() if key != "metadata"}
    quick = Engine(tiny_model(), grammar()).generate(fed).answers
    for name, row, answered in zip(names, rows.tolist(), quick, strict=True):
        said, expected = load_case(name)[2], load_case(name)[1]["greedy.tokens"].tolist()
        assert row[: len(expected)] == expected
        assert set(row[len(expected) :]) <= {tiny_processor().tokenizer.pad_token_id}
        text = tiny_processor().tokenizer.decode(row[: len(expected)], clean_up_tokenization_spaces=False)
        assert text == said["greedy_text"]
        assert [*answered.tokens, END] == expected
        alone = answer_alone(name)
        np.testing.assert_allclose(answered.probabilities, alone.probabilities, rtol=0, atol=1e-5)
        assert answered.absent == pytest.approx(alone.absent, abs=1e-5)
        assert answered.opening_probability == pytest.approx(alone.opening_probability, abs=1e-5)
        np.testing.assert_allclose(
            answered.first_patch_probabilities, alone.first_patch_probabilities, rtol=0, atol=1e-5
        )


def test_crops_are_read_a_few_at_a_time(monkeypatch):
    """As many as `CROPS_AT_ONCE`, with the same result."""
    inputs = model_inputs(load_case("image_many")[1])
    together = answer_alone("image_many")
    seen: list[int] = []
    handle = tiny_model().model.vision_tower.register_forward_pre_hook(
        lambda _, args: seen.append(len(args[0]))
    )
    monkeypatch.setattr("molmo_act.models.image_windows.CROPS_AT_ONCE", 2)
    apart = Engine(tiny_model(), grammar()).generate(inputs).answers[0]
    handle.remove()
    assert len(seen) > 1
    assert max(seen) == 2
    assert sum(seen) == len(inputs["pixel_values"])
    assert apart.tokens == together.tokens
    np.testing.assert_allclose(apart.probabilities, together.probabilities, rtol=0, atol=1e-5)


def test_a_prompt_without_images_is_answered_in_words_only():
    inputs = tiny_processor().apply_chat_template([{"role": "user", "content": "Hello"}], **SNIPPET)
    assert not tiny_model().build_logit_processor_from_inputs(inputs)
    scores = generate(dict(inputs)).scores
    assert scores[0].shape[-1] == tiny_model().config.extended_vocab_start


@pytest.mark.parametrize(
    ("change", "message"),
    [
        # an image whose tokens are not in the prompt
        ({"input_ids": torch.ones(1, 4).long()}, "0 image tokens but the images give 76"),
        # half of what the processor gave
        ({"image_grids": None}, "pixel_values came without"),
        # a video beside the image
        ({"pixel_values_videos": torch.zeros(1, 64, 588)}, "holds images and a video; expected one kind"),
    ],
)
def test_inputs_that_do_not_belong_together(change, message):
    inputs = model_inputs(load_case("image_one")[1]) | change
    if "input_ids" in change:
        inputs |= {"attention_mask": torch.ones(1, 4).long(), "token_type_ids": torch.zeros(1, 4).bool()}
    with pytest.raises(ValueError, match=message):
        tiny_model()(**inputs)
