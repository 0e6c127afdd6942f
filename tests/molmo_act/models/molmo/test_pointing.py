"""Molmo 1 behind `load` and the verbs of every pointing model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import molmo_act
from molmo_act import CheckpointError, InputError, PlatformError
from molmo_act.generation.outputs import GeneratedAnswer
from molmo_act.generation.text import generate_text
from molmo_act.models.molmo import MolmoConfig, MolmoForConditionalGeneration
from molmo_act.pointing.images import prepare_image_inputs
from molmo_act.pointing.postprocessing import read_points
from tests.support.synthetic import synthetic_image, synthetic_video
from tests.support.tiny_molmo1 import DATA, STYLES, copy_molmo1, molmo1_case


@pytest.fixture(scope="module")
def loaded() -> molmo_act.PointingModel:
    return molmo_act.load(DATA / "tiny", device="cpu")


def recorded(style: str, case: str) -> tuple[np.ndarray, str, list[int], str]:
    """Image, question, greedy ids and their text."""
    _, arrays, said = molmo1_case(style, case)
    return arrays["image"], said["prompt"], arrays["greedy.ids"].tolist(), said["greedy_text"]


def test_answers_in_a_batch_are_the_recorded_ones(loaded):
    cases = [recorded("tiny", case) for case in ("small", "wide")]
    inputs = prepare_image_inputs(loaded.runtime, [case[:2] for case in cases], None, "raw")
    del inputs["metadata"]
    ends = loaded.runtime.grammar.end_ids
    answers = generate_text(loaded.model, inputs, opening_ids=[1], end_ids=ends, max_new_tokens=40).answers
    for answer, (_, _, ids, _) in zip(answers, cases, strict=True):
        assert answer.tokens == [token for token in ids if token not in ends]


@pytest.mark.parametrize("style", STYLES)
def test_point_says_what_was_recorded(style):
    image, question, _, text = recorded(style, "small")
    found = molmo_act.load(DATA / style, device="cpu").point(image, question, prompt="raw", timeout=600)
    assert found.text.startswith(text.strip())  # which ends after 40 ids
    assert found.image_size == ((58, 44),)
    assert 0 <= found.absent <= 1
    assert len(found) == 0


def answered(loaded: molmo_act.PointingModel, text: str) -> GeneratedAnswer:
    tokens = loaded.processor.tokenizer.encode(text, add_special_tokens=False)
    return GeneratedAnswer(tokens=tokens, probabilities=[0.5] * len(tokens))


def test_written_points_become_points(loaded):
    text = ' <points x1="10.5" y1="20.0" x2="50.0" y2="25.0" alt="mugs">mugs</points>'
    answer = answered(loaded, text)
    rows, scores, _ = read_points(loaded.runtime, answer, text, {"image_sizes": [(640, 480)]})
    assert rows == [[1, 0, pytest.approx(67.2), 96], [2, 0, 320, 120]]
    assert all(0.5 ** len(answer.tokens) < score < 1 for score in scores)


def test_absent_answers_have_no_points(loaded):
    for text in (" There are none.", " This isn't in the image."):
        assert read_points(loaded.runtime, answered(loaded, text), text, {"image_sizes": [(9, 9)]}) == (
            [],
            [],
            [],
        )


def test_an_answer_that_opens_a_list_is_not_absent(loaded):
    """The bias of the head makes sure of the first id."""
    found = {}
    for text in (" <points x", " Counting the", "There"):
        first = loaded.processor.tokenizer.encode(text, add_special_tokens=False)[0]
        hook = loaded.model.lm_head.register_forward_hook(
            lambda _, args, out, first=first: (
                out + 100 * torch.nn.functional.one_hot(torch.tensor(first), out.shape[-1])
            )
        )
        try:
            found[text] = loaded.point(synthetic_image(1, 44, 58), "mugs", timeout=0.001).absent
        finally:
            hook.remove()
    assert found == {
        " <points x": pytest.approx(0),
        " Counting the": pytest.approx(0),
        "There": pytest.approx(1),
    }


def test_verbs_that_a_text_model_has_not(loaded):
    image = synthetic_image(1, 44, 58)
    with pytest.raises(InputError, match="writes coordinates as text; it cannot share"):
        loaded.encode(image)
    with pytest.raises(InputError, match="reads one image in a prompt"):
        loaded.point_in_video(synthetic_video(1, 2, 40, 60), "mugs")
    with pytest.raises(InputError, match="writes coordinates as text; leave exactly= out"):
        loaded.point(image, "mugs", exactly=1)
    with pytest.raises(InputError, match="shows 2 images, but Molmo 1 reads one in a prompt"):
        loaded.point([image, image], "mugs", together=True)


def test_count_and_track(loaded):
    assert loaded.count(synthetic_image(1, 44, 58), "mugs", timeout=0.001) == 0
    video = synthetic_video(1, 2, 40, 60)
    assert [len(tracks) for tracks in loaded.track(video, "mugs", timeout=0.001)] == [0, 0]


def test_crops_that_leave_no_room(loaded):
    image = synthetic_image(1, 1000, 1000)
    with pytest.raises(InputError, match=r"take \d+ tokens, but .* reads 1024. Give fewer max_crops"):
        loaded.point(image, "mug", max_crops=400)


def test_out_of_memory_says_how_many_crops_would_fit(loaded, monkeypatch):
    def full(*_):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(loaded.model.model.vision_tower, "forward", full)
    with pytest.raises(
        PlatformError, match=r"^Out of memory on 'cpu': 7 crops in 1 prompt.* Give fewer max_crops"
    ):
        loaded.point(synthetic_image(1, 60, 250), "mug")


@pytest.mark.parametrize("style", STYLES)
def test_quantized_blocks_are_saved_and_loaded(style, tmp_path):
    image = synthetic_image(1, 44, 58)
    narrow = molmo_act.load(DATA / style, device="cpu", quantization="int8-dynamic")
    kinds = dict(narrow.precision.stored)
    assert kinds.pop("language blocks") == "int8-dynamic"
    assert kinds == dict.fromkeys(("vision tower", "connector", "word tables"), "float32")
    narrow.save_pretrained(tmp_path)
    again = molmo_act.load(tmp_path, device="cpu")
    assert again.precision.stored == narrow.precision.stored
    first, second = (model.point(image, "mugs") for model in (narrow, again))
    assert first.text == second.text


@pytest.fixture(scope="module")
def wide(tmp_path_factory) -> dict[str, Path]:
    """Checkpoints with rows of 64 numbers, which NF4 needs on a CPU."""
    made = {}
    for style, sizes in (
        ("tiny", {"hidden_size": 64, "num_attention_heads": 2, "intermediate_size": 128}),
        ("tiny_e", {"d_model": 64, "mlp_ratio": 2}),
    ):
        folder = copy_molmo1(style, tmp_path_factory.mktemp("wide") / style)
        torch.manual_seed(3)
        said = {**json.loads((folder / "config.json").read_text()), **sizes}
        MolmoForConditionalGeneration(MolmoConfig(**said)).save_pretrained(folder)
        made[style] = folder
    return made


@pytest.mark.parametrize("style", ["tiny", "tiny_e"])
def test_nf4_stores_experts_and_dense_blocks(wide, style, tmp_path):
    pytest.importorskip("bitsandbytes")
    image = synthetic_image(1, 44, 58)
    narrow = molmo_act.load(wide[style], device="cpu", quantization="nf4")
    assert narrow.precision.stored["language blocks"] == "nf4"
    assert narrow.precision.stored["connector"] == "float32"
    narrow.save_pretrained(tmp_path)
    again = molmo_act.load(tmp_path, device="cpu")
    first, second = (model.point(image, "mugs", timeout=0.001) for model in (narrow, again))
    assert (first.absent, first.text) == (second.absent, second.text)


def test_what_is_saved_is_loaded(loaded, tmp_path):
    loaded.save_pretrained(tmp_path)
    again = molmo_act.load(tmp_path, device="cpu")
    image, question, _, text = recorded("tiny", "small")
    assert again.point(image, question, prompt="raw").text.startswith(text.strip())


def config_says(**changes: object) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        path = folder / "config.json"
        said = {**json.loads(path.read_text()), **changes}
        path.write_text(json.dumps({key: value for key, value in said.items() if value is not None}))

    return damage


def processor_says(**changes: object) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        path = folder / "preprocessor_config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    return damage


def without_weight(name: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        weights = load_file(folder / "model.safetensors")
        del weights[name]
        save_file(weights, folder / "model.safetensors", {"format": "pt"})

    return damage


def only_programs(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    for name in ("config_molmo.py", "modeling_molmo.py"):
        (folder / name).write_text("raise SystemExit('this was run')")


TOWER = json.loads((DATA / "tiny" / "config.json").read_text())["vision_backbone"]
BAD = {
    "programs only": (
        only_programs,
        r"has no weights, but programs \(config_molmo.py, modeling_molmo.py\), which",
    ),
    "a size is not stated": (config_says(hidden_size=None), "does not say hidden_size; expected the sizes"),
    "more blocks than weights": (config_says(num_hidden_layers=4), r"lacks .*layers\.3\."),
    "fewer blocks": (config_says(num_hidden_layers=2), r"does not know: .*layers\.2\."),
    "another width": (config_says(hidden_size=96), "weights of another shape: .*expected"),
    "another table": (
        config_says(embedding_size=480, vocab_size=480),
        "weights of another shape: lm_head.weight",
    ),
    "a tower of another depth": (
        config_says(vision_backbone={**TOWER, "image_num_layers": 12}),
        r"lacks .*vision_tower\.encoder\.layers\.11\.",
    ),
    "no vision tower": (
        config_says(vision_backbone=None),
        "a model of [0-9,]+ numbers, but its weights hold 218,336",
    ),
    "blocks of no model": (config_says(norm_after=True), "of which no released Molmo is built"),
    "an unknown norm": (config_says(layer_norm_type="low_precision"), "'layer_norm_type': 'low_precision'"),
    "a size of no model": (config_says(hidden_size=-3), "'hidden_size': -3; expected 1 to"),
    "layers that are not there": (config_says(vit_layers=[-2, -19]), "'vit_layers': .* has 11 layers"),
    "a type of no size": (config_says(hidden_size="big"), "config.json"),
    "patches of another size": (
        processor_says(image_patch_size=16, base_image_input_size=[128, 128]),
        "patches are of 8 pixels, but preprocessor_config.json of 16",
    ),
    "crops of another size": (
        processor_says(base_image_input_size=[96, 96], image_token_length_h=6, image_token_length_w=6),
        "crops are of 64×64 pixels, but preprocessor_config.json of 96",
    ),
    "patches too large for the margins": (processor_says(image_patch_size=16), "must leave a window"),
    "a weight is missing": (without_weight("model.vision_backbone.pad_embed"), "lacks .*pad_embed"),
}


@pytest.mark.parametrize(("damage", "message"), BAD.values(), ids=BAD)
def test_parts_that_do_not_go_together(damage, message, tmp_path):
    folder = copy_molmo1("tiny", tmp_path / "copy")
    damage(folder)
    with pytest.raises(CheckpointError, match=message) as caught:
        molmo_act.load(folder, device="cpu")
    assert "\n" not in str(caught.value)


def test_a_tokenizer_of_another_model(tmp_path):
    folder = copy_molmo1("tiny", tmp_path / "copy")
    path = folder / "tokenizer.json"
    said = json.loads(path.read_text())
    own = said["added_tokens"]
    first = next(place for place, token in enumerate(own) if token["content"] == "<im_start>")
    more = [{**own[first], "content": f"<other{number}>"} for number in range(200)]
    said["added_tokens"] = own[:first] + more + own[first:]
    for number, token in enumerate(said["added_tokens"][first:], own[first]["id"]):
        token["id"] = number
    path.write_text(json.dumps(said))
    with pytest.raises(
        CheckpointError, match=r"the model has 544 words, but <im_start> is 616 in tokenizer.json"
    ):
        molmo_act.load(folder, device="cpu")
