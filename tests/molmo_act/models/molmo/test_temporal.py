"""VideoMolmo against what its released code computed, and the order in which it is shown frames."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import molmo_act
from molmo_act import CheckpointError, InputError
from molmo_act.models.molmo import MolmoForConditionalGeneration
from molmo_act.models.molmo.temporal import frames_before, mean_features
from tests.support.synthetic import synthetic_image
from tests.support.tiny_molmo1 import (
    DATA,
    VIDEO,
    VIDEO_CASES,
    copy_molmo1,
    molmo1_case,
    molmo1_inputs,
    molmo1_model,
    molmo1_processor,
)

TOLERANCE = {"rtol": 0, "atol": 1e-3}
SCHEDULE = json.loads((DATA.parent / "videomolmo_infer_schedule.json").read_text())["runs"]


def inputs_of(case: str) -> dict[str, torch.Tensor]:
    messages, arrays, _ = molmo1_case(VIDEO, case)
    earlier = molmo1_processor(VIDEO).cut_earlier([arrays["frame"]], [list(arrays["prev_frames_rgb"])])
    return molmo1_inputs(VIDEO, messages) | earlier


@pytest.mark.parametrize("case", VIDEO_CASES)
def test_logits_ids_and_texts_are_the_recorded_ones(case):
    _, arrays, said = molmo1_case(VIDEO, case)
    inputs, model, tokenizer = inputs_of(case), molmo1_model(VIDEO), molmo1_processor(VIDEO).tokenizer
    assert inputs["input_ids"].tolist() == [arrays["in.input_ids"].tolist()]
    if "in.prev_frames" in arrays:
        np.testing.assert_allclose(
            inputs["earlier_pixel_values"], arrays["in.prev_frames"], rtol=0, atol=1e-6
        )
    with torch.no_grad():
        logits = model(**inputs).logits
    np.testing.assert_allclose(logits[0, -8:], arrays["out.logits_last8"], **TOLERANCE)
    made = model.generate(**inputs, max_new_tokens=40, do_sample=False, eos_token_id=tokenizer.eos_token_id)
    ids = made[0, inputs["input_ids"].shape[1] :].tolist()
    assert ids == arrays["greedy.ids"].tolist()
    assert tokenizer.decode(ids, skip_special_tokens=True) == said["greedy_text"]


@pytest.mark.parametrize("case", VIDEO_CASES)
def test_windows_are_mixed_as_recorded(case):
    _, arrays, _ = molmo1_case(VIDEO, case)
    query, mean, found = (
        torch.from_numpy(arrays[f"out.adapter_{name}"]) for name in ("query_in", "kv_in", "out")
    )
    with torch.no_grad():
        mixed = molmo1_model(VIDEO).model.temporal(query, mean)
    torch.testing.assert_close(mixed - query, found, **TOLERANCE)
    np.testing.assert_allclose(mixed, arrays["out.pool_kv"], **TOLERANCE)


def test_a_batch_is_answered_as_each_alone():
    cases = [molmo1_case(VIDEO, case) for case in VIDEO_CASES]
    inputs = molmo1_inputs(VIDEO, *(messages for messages, _, _ in cases))
    arrays = [array for _, array, _ in cases]
    inputs |= molmo1_processor(VIDEO).cut_earlier(
        [one["frame"] for one in arrays], [list(one["prev_frames_rgb"]) for one in arrays]
    )
    with torch.no_grad():
        logits = molmo1_model(VIDEO)(**inputs).logits
    for row, one in zip(logits, arrays, strict=True):
        np.testing.assert_allclose(row[-8:], one["out.logits_last8"], **TOLERANCE)


def test_mean_of_different_numbers_of_frames():
    features = torch.arange(8.0).reshape(8, 1, 1)  # two crops × three frames, one crop × two
    assert mean_features(features, [2, 1], [3, 2])[:, 0, 0].tolist() == [2, 3, 6.5]


@pytest.mark.parametrize(
    "run", SCHEDULE, ids=lambda run: f"{run['total_frames']} frames, {run['frame_rate']}"
)
def test_frames_come_in_the_order_of_the_released_program(run):
    frames = [np.full((2, 3, 3), 1 + number, np.uint8) for number in range(run["total_frames"])]
    for step in run["steps"]:
        shown = frames_before(frames[: step["frame"]], frames[step["frame"]])
        expected = [0 if number == "black" else number + 1 for number in step["prev_frames"]]
        assert [int(frame.max()) for frame in shown] == expected


def test_files_come_back_exactly(tmp_path):
    molmo1_model(VIDEO).save_pretrained(tmp_path)
    released, written = (load_file(folder / "model.safetensors") for folder in (DATA / VIDEO, tmp_path))
    assert set(written) == set(released)
    assert all(torch.equal(written[name], released[name]) for name in released)


def test_an_embedding_of_padding_that_is_carried_along_is_not_used(tmp_path):
    folder = copy_molmo1(VIDEO, tmp_path / "copy")
    weights = load_file(folder / "model.safetensors")
    weights["model.vision_backbone.pad_embed"] = torch.ones(2, 64)
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    model = MolmoForConditionalGeneration.from_pretrained(folder)
    assert model.model.multi_modal_projector.pad_embed is None


def test_weights_in_parts_say_as_well_that_there_is_a_module(tmp_path):
    molmo1_model(VIDEO).save_pretrained(tmp_path, max_shard_size="300KB")
    assert (tmp_path / "model.safetensors.index.json").exists()
    assert MolmoForConditionalGeneration.from_pretrained(tmp_path).config.has_temporal_module


def without_one_weight(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    del weights["model.vision_backbone.adapter.wk.weight"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def test_half_a_module(tmp_path):
    folder = copy_molmo1(VIDEO, tmp_path / "copy")
    without_one_weight(folder)
    with pytest.raises(CheckpointError, match=r"lacks .*temporal\.k_proj\.weight"):
        molmo_act.load(folder, device="cpu")


def test_an_image_without_the_frames_before_it():
    inputs = molmo1_inputs(VIDEO, molmo1_case(VIDEO, "small_prev4")[0])
    with pytest.raises(InputError, match="given to a VideoMolmo without the frames before it"):
        molmo1_model(VIDEO)(**inputs)
    image, other = synthetic_image(1, 44, 58), synthetic_image(1, 20, 58)
    for before in ([other], []):
        with pytest.raises(InputError, match="58×44 pixels has frames of other sizes before it, or none"):
            molmo1_processor(VIDEO).cut_earlier([image], [before])
