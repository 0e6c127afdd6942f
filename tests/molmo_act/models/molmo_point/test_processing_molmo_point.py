"""The processor against the original's arrays, in batches, and with input that cannot be used."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers.video_utils import VideoMetadata

from molmo_act.errors import CheckpointError, ImageError, InputError
from molmo_act.models.molmo_point.call_options import TOKENIZER_OPTIONS
from molmo_act.models.molmo_point.processing_molmo_point import MolmoPointProcessor
from tests.support.synthetic import synthetic_image, synthetic_video
from tests.support.tiny_checkpoint import CASES, SNIPPET, TINY, expected_inputs, load_case

FILES = (
    "processor_config.json",
    "preprocessor_config.json",
    "video_preprocessor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
)


@pytest.fixture(scope="module")
def processor():
    return MolmoPointProcessor.from_pretrained(TINY)


def user(*content) -> list[dict]:
    """One conversation with one message; strings are text, anything else an image."""
    parts = [
        {"type": "text", "text": item} if isinstance(item, str) else {"type": "image", "image": item}
        for item in content
    ]
    return [{"role": "user", "content": parts}]


@pytest.mark.parametrize("name", CASES)
def test_inputs_are_those_of_the_original(processor, name):
    messages, arrays, said = load_case(name)
    inputs = processor.apply_chat_template(messages, **SNIPPET)
    metadata = inputs.pop("metadata")

    expected = expected_inputs(arrays)
    assert inputs.keys() == expected.keys()
    for key, tensor in expected.items():
        assert torch.equal(inputs[key], tensor.to(inputs[key].dtype)), key
        floats = tensor.is_floating_point()
        assert inputs[key].dtype == (
            torch.float32 if floats else torch.bool if "type" in key else torch.int64
        )
    assert inputs["input_ids"].shape == (1, said["input_len"])

    assert np.array_equal(metadata["token_pooling"], arrays["meta.token_pooling"])
    if "image_sizes_wh" in said:
        assert [list(size) for size in metadata["image_sizes"]] == said["image_sizes_wh"]
        maps = [arrays[key] for key in sorted(arrays) if key.startswith("meta.subpatch_mapping_")]
        assert len(maps) == len(metadata["subpatch_mapping"]) > 0
        assert all(map(np.array_equal, metadata["subpatch_mapping"], maps))
    else:
        assert metadata["timestamps"] == said["timestamps"]
        assert list(metadata["video_size"]) == said["video_size_wh"]
        assert np.array_equal(metadata["subpatch_mapping"], arrays["meta.subpatch_mapping"])


@pytest.mark.parametrize("name", CASES)
def test_prompt_is_that_of_the_original(processor, name):
    messages, _, said = load_case(name)
    assert processor.apply_chat_template(messages, add_generation_prompt=True) == said["prompt"]


@pytest.mark.parametrize("name", CASES)
def test_texts_are_those_of_the_original(processor, name):
    _, arrays, said = load_case(name)
    texts = processor.post_process_image_text_to_text(
        torch.from_numpy(arrays["greedy.tokens"])[None],
        skip_special_tokens=False,
        clean_up_tokenization_spaces=False,
    )
    assert texts == [said["greedy_text"]]


def test_calling_with_a_prompt_is_the_same_as_with_messages(processor):
    messages, arrays, said = load_case("images_two")
    called = processor(
        text=said["prompt"], images=[arrays["image_0"], arrays["image_1"]], return_pointing_metadata=True
    )
    templated = processor.apply_chat_template(messages, **SNIPPET)
    assert called["metadata"]["image_sizes"] == templated["metadata"]["image_sizes"]
    for key in called.keys() - {"metadata"}:
        assert torch.equal(called[key], templated[key]), key


def test_a_batch_is_its_members_padded_on_the_left(processor):
    small, large = synthetic_image(1, 60, 90), synthetic_image(2, 300, 200)
    batch = [user("Point to the boats", small), user("no picture"), user("a", large, small), user("b", large)]
    together = processor.apply_chat_template(batch, **SNIPPET)
    alone = [processor.apply_chat_template(messages, **SNIPPET) for messages in batch]

    assert isinstance(together["metadata"], list)
    length = together["input_ids"].shape[1]
    assert length == max(one["input_ids"].shape[1] for one in alone)
    for row, one in enumerate(alone):
        padding = length - one["input_ids"].shape[1]
        for key in ("input_ids", "attention_mask", "token_type_ids"):
            assert torch.equal(together[key][row, padding:], one[key][0]), key
        assert (together["input_ids"][row, :padding] == processor.tokenizer.pad_token_id).all()
        assert not together["attention_mask"][row, :padding].any()
        metadata = together["metadata"][row]
        assert metadata["image_sizes"] == one["metadata"]["image_sizes"]
        assert np.array_equal(metadata["token_pooling"], one["metadata"]["token_pooling"])
        assert all(map(np.array_equal, metadata["subpatch_mapping"], one["metadata"]["subpatch_mapping"]))
    with_images = [one for one in alone if "pixel_values" in one]
    for key in processor.image_processor.model_input_names:
        assert torch.equal(together[key], torch.cat([one[key] for one in with_images])), key


def test_relative_and_absolute_pooling_of_several_images(processor):
    first, second = synthetic_image(1, 60, 90), synthetic_image(2, 300, 200)
    got = processor.apply_chat_template(user("a", first, second), **SNIPPET)
    relative, absolute = got["image_token_pooling"].numpy(), got["metadata"]["token_pooling"]
    patches = got["image_num_crops"].numpy() * 64
    tokens = got["image_grids"].numpy().reshape(-1, 2, 2).prod(2).sum(1)
    offset = np.repeat([0, patches[0]], tokens)[:, None]
    assert np.array_equal(np.where(relative < 0, -1, relative + offset), absolute)
    maps = got["metadata"]["subpatch_mapping"]
    assert maps[0].max() < patches[0] <= maps[1].min()
    assert maps[1].max() == patches.sum() - 1


def test_text_alone(processor):
    got = processor.apply_chat_template([{"role": "user", "content": "Hello"}], **SNIPPET)
    assert set(got) == {"input_ids", "attention_mask", "token_type_ids", "metadata"}
    assert not got["token_type_ids"].any()
    assert got["input_ids"][0, 0] == processor.bos_id
    assert got["metadata"]["image_sizes"] == got["metadata"]["subpatch_mapping"] == []
    assert len(got["metadata"]["token_pooling"]) == 0


def test_bos_is_put_in_front_once(processor):
    bos = processor.tokenizer.convert_ids_to_tokens(processor.bos_id)
    plain, given = processor(text="Hi"), processor(text=f"{bos}Hi")
    assert plain["input_ids"].tolist() == given["input_ids"].tolist()
    assert plain["input_ids"][0].tolist().count(processor.bos_id) == 1


@pytest.mark.parametrize(
    ("content", "prompt"),
    [
        # images come first wherever they stand; several are numbered
        (["a", np.zeros((4, 4, 3), np.uint8), "b"], "<|image|><|im_start|>user\na b<|im_end|>\n"),
        (
            [np.zeros((4, 4, 3), np.uint8)] * 2 + ["c"],
            "Image 1<|image|>Image 2<|image|><|im_start|>user\nc<|im_end|>\n",
        ),
    ],
)
def test_place_of_images(processor, content, prompt):
    assert processor.apply_chat_template(user(*content)) == prompt


def test_history_with_an_answer(processor):
    image = synthetic_image(1, 60, 90)
    messages = [
        *user("one", image),
        {"role": "assistant", "content": [{"type": "text", "text": "two"}]},
        {"role": "user", "content": "three"},
    ]
    assert processor.apply_chat_template(messages, add_generation_prompt=True) == (
        "<|image|><|im_start|>user\none<|im_end|>\n <|im_start|>assistant\ntwo"
        "<|im_end|>\n<|im_start|>user\nthree<|im_end|>\n<|im_start|>assistant\n"
    )
    assert processor.apply_chat_template(messages, **SNIPPET)["image_num_crops"].shape == (1,)


def test_images_as_paths_and_pictures(processor, tmp_path):
    image = synthetic_image(1, 60, 90)
    path = tmp_path / "picture.png"
    Image.fromarray(image).save(path)
    expected = processor.apply_chat_template(user("a", image), **SNIPPET)["pixel_values"]
    named = [
        {"role": "user", "content": [{"type": "image", "path": str(path)}, {"type": "text", "text": "a"}]}
    ]
    for messages in (user("a", path), user("a", Image.open(path)), user("a", torch.from_numpy(image)), named):
        assert torch.equal(processor.apply_chat_template(messages, **SNIPPET)["pixel_values"], expected)


def video(clip, **facts) -> list[dict]:
    return [
        {
            "role": "user",
            "content": [{"type": "video", "video": clip, **facts}, {"type": "text", "text": "a"}],
        }
    ]


def test_video_as_list_of_frames_with_times(processor):
    clip = synthetic_video(1, 3, 40, 60)
    messages = video([Image.fromarray(frame) for frame in clip], timestamps=[0.0, 0.26, 12.0])
    got = processor.apply_chat_template(messages, **SNIPPET)
    assert got["video_grids"].tolist() == [[3, 3, 3]]
    assert got["metadata"]["timestamps"] == [0.0, 0.26, 12.0]
    text = processor.tokenizer.decode(got["input_ids"][0])
    spelled = "<frame_start>" + "<im_patch>" * 9 + "<frame_end>"
    assert f"0.0 {spelled} 0.3 {spelled} 12.0 {spelled}<|im_start|>user" in text


METADATA = {"fps": 30.0, "frames_indices": [0, 15, 45], "width": 640, "height": 480}


@pytest.mark.parametrize(
    "options",
    [
        {"do_sample_frames": False, "video_metadata": [METADATA]},  # as the official code is called
        {"processor_kwargs": {"do_sample_frames": False, "video_metadata": [METADATA]}},
        {"do_sample_frames": False, "video_metadata": [[VideoMetadata(3, **METADATA)]]},
        {"videos_kwargs": {"do_sample_frames": False, "video_metadata": METADATA}},
        {"processor_kwargs": {"videos_kwargs": {"do_sample_frames": False, "video_metadata": METADATA}}},
    ],
    ids=["options", "processor_kwargs", "VideoMetadata", "videos_kwargs", "processor_kwargs-videos_kwargs"],
)
def test_metadata_beside_the_messages_reach_the_video(processor, options):
    clip = synthetic_video(1, 3, 40, 60)
    got = processor.apply_chat_template(video(clip), **SNIPPET, **options)
    direct = processor(
        text="<|video|>a",
        videos=clip,
        video_metadata=METADATA,
        do_sample_frames=False,
        return_pointing_metadata=True,
    )
    assert got["metadata"]["timestamps"] == [0.0, 0.5, 1.5]
    assert got["metadata"]["video_size"] == (640, 480)
    assert torch.equal(got["pixel_values_videos"], direct["pixel_values_videos"])


def test_metadata_of_transformers_may_lack_the_times(processor):
    clip = synthetic_video(1, 4, 40, 60)
    got = processor.apply_chat_template(video(clip), video_metadata=VideoMetadata(4, fps=4.0), **SNIPPET)
    assert got["metadata"]["timestamps"] == [0.0, 0.5, 0.75]


def test_call_options_come_as_processor_kwargs_too(processor):
    image = synthetic_image(1, 300, 200)
    expected = processor.apply_chat_template(user("a", image), max_crops=2, **SNIPPET)
    for options in (
        {"processor_kwargs": {"max_crops": 2}},
        {"images_kwargs": {"max_crops": 2}},
        {"processor_kwargs": {"images": [image], "max_crops": 2, "return_tensors": "pt"}},
    ):
        got = processor.apply_chat_template(user("a", image), **SNIPPET, **options)
        assert torch.equal(got["pixel_values"], expected["pixel_values"])
    with pytest.raises(InputError, match="the messages are the text"):
        processor.apply_chat_template(user("a", image), processor_kwargs={"text": "b"}, **SNIPPET)
    with pytest.raises(InputError, match="Unknown option do_pad"):
        processor(text="a", images_kwargs={"do_pad": True})


def test_options_reach_images_and_videos(processor):
    large = synthetic_image(2, 300, 200)
    assert processor.apply_chat_template(user("a", large), max_crops=2, **SNIPPET)["image_num_crops"] <= 3
    clip = synthetic_video(1, 8, 40, 60)
    got = processor.apply_chat_template(video(clip, fps=4), num_frames=2, **SNIPPET)
    assert got["video_grids"][0, 0] == 2
    got = processor(
        text="<|video|>a",
        videos=clip,
        video_metadata={"fps": 4, "frames_indices": list(range(8))},
        do_sample_frames=False,
    )
    assert got["video_grids"][0, 0] == 8
    got = processor(
        text=["<|video|>a", "b<|video|>"], videos=[list(clip), clip], video_metadata=[{"fps": 4}] * 2
    )
    assert got["video_grids"].tolist() == [[5, 3, 3]] * 2


def test_numpy_output(processor):
    got = processor(text="<|image|>", images=synthetic_image(1, 60, 90), return_tensors="np")
    assert {type(value) for value in got.values()} == {np.ndarray}


IMAGE = np.zeros((20, 20, 3), np.uint8)
CLIP = np.zeros((2, 20, 20, 3), np.uint8)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"text": None}, "text is None"),
        ({"text": []}, r"text is \[\]"),
        ({"text": [1]}, r"text is \[1\]"),
        ({"text": "<|image|>"}, "1 placeholders <|image|>, but 0 images".replace("|", r"\|")),
        ({"text": "a", "images": IMAGE}, "0 placeholders .* but 1 images"),
        ({"text": ["<|image|>", "<|image|>"], "images": [IMAGE]}, "2 placeholders .* but 1 images"),
        ({"text": "<|video|>"}, "1 placeholders .* but 0 videos"),
        (
            {"text": "<|image|><|video|>", "images": IMAGE, "videos": CLIP, "video_metadata": {"fps": 2}},
            "1 images and 1 videos",
        ),
        (
            {"text": "<|video|><|video|>", "videos": [CLIP, CLIP], "video_metadata": [{"fps": 2}] * 2},
            "0 images and 2 videos",
        ),
        ({"text": "<|video|>", "videos": CLIP}, "not known when"),
        ({"text": "<|video|>", "videos": CLIP, "video_metadata": []}, "1 videos came with 0"),
        ({"text": "a", "max_crop": 3}, "Unknown option max_crop"),
        ({"text": "a", "truncation": True}, "Unknown option truncation"),
        ({"text": "a", "return_tensors": "tf"}, "return_tensors is 'tf'"),
        ({"text": ["a", "a longer one"], "padding": False}, "different lengths"),
        ({"text": ["a", "a longer one"], "padding": "do_not_pad"}, "different lengths"),
        ({"text": "a", "padding": "max_length"}, "padding is 'max_length'"),
        ({"text": "<|image|>", "images": IMAGE, "max_crops": 0}, "max_crops is 0"),
    ],
)
def test_input_that_cannot_be_used(processor, given, message):
    with pytest.raises(InputError, match=message):
        processor(**given)


def test_messages_that_cannot_be_used(processor):
    for conversation in ([], [[]], "hello", None):
        with pytest.raises(InputError, match="holds no message"):
            processor.apply_chat_template(conversation, **SNIPPET)
    with pytest.raises(InputError, match="has no 'image'"):
        processor.apply_chat_template([{"role": "user", "content": [{"type": "image"}]}], **SNIPPET)
    with pytest.raises(ImageError):
        processor.apply_chat_template(user("a", np.full((3, 3, 3), np.nan)), **SNIPPET)
    with pytest.raises(InputError, match="may not contain"):
        processor.apply_chat_template(user("find <|image|>", IMAGE), **SNIPPET)


def test_saved_files_are_in_the_released_layout_and_load_again(processor, tmp_path):
    written = processor.save_pretrained(tmp_path / "new")
    names = {Path(path).name for path in written}
    assert names >= {*FILES, "chat_template.jinja"}
    assert names == {path.name for path in (tmp_path / "new").iterdir()}
    released = json.loads((TINY / "processor_config.json").read_text())
    saved = json.loads((tmp_path / "new" / "processor_config.json").read_text())
    assert released.pop("processor_class") == "Molmo2Processor"
    assert saved.pop("processor_class") == "MolmoPointProcessor"
    del released["auto_map"]  # names python files that we do not write
    assert saved == released

    again = MolmoPointProcessor.from_pretrained(tmp_path / "new")
    assert again.tokenizer.get_vocab() == processor.tokenizer.get_vocab()
    assert again.tokenizer.all_special_ids == processor.tokenizer.all_special_ids
    messages, arrays, _ = load_case("image_one")
    got = again.apply_chat_template(messages, **SNIPPET)
    assert np.array_equal(got["input_ids"], arrays["in.input_ids"])


def test_saving_does_not_pretend_to_push(processor, tmp_path):
    with pytest.raises(InputError, match="writes files only"):
        processor.save_pretrained(tmp_path, push_to_hub=True)
    assert list(tmp_path.iterdir()) == []


def test_saved_tokenizer_settings_are_those_transformers_4_reads(processor, tmp_path):
    processor.save_pretrained(tmp_path)
    saved = json.loads((tmp_path / "tokenizer_config.json").read_text())
    assert saved["tokenizer_class"] == "PreTrainedTokenizerFast"
    assert "<im_patch>" in saved["additional_special_tokens"]
    assert not isinstance(saved.get("extra_special_tokens"), list)


@pytest.fixture
def checkpoint(tmp_path):
    for name in (*FILES, "chat_template.jinja"):
        shutil.copy(TINY / name, tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(checkpoint, name):
    (checkpoint / name).unlink()
    with pytest.raises(CheckpointError, match=f"no file {name}"):
        MolmoPointProcessor.from_pretrained(checkpoint)


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_named(checkpoint, name):
    (checkpoint / name).write_text("{")
    with pytest.raises(CheckpointError, match=f"{name} is not valid JSON"):
        MolmoPointProcessor.from_pretrained(checkpoint)


def test_a_tokenizer_that_is_none_is_refused(checkpoint):
    (checkpoint / "tokenizer.json").write_text('{"model": {"type": "none"}}')
    with pytest.raises(CheckpointError, match="cannot be read as a tokenizer"):
        MolmoPointProcessor.from_pretrained(checkpoint)


def test_a_tokenizer_without_vision_tokens_is_refused(checkpoint):
    path = checkpoint / "tokenizer.json"
    path.write_text(path.read_text().replace("<im_low>", "<im_lo>"))
    path = checkpoint / "tokenizer_config.json"
    path.write_text(path.read_text().replace("<im_low>", "<im_lo>"))
    with pytest.raises(CheckpointError, match="no token <im_low>"):
        MolmoPointProcessor.from_pretrained(checkpoint)


def test_flags_of_the_file_are_followed(checkpoint):
    settings = json.loads((checkpoint / "processor_config.json").read_text())
    settings["use_low_res_token_for_global_crops"] = False
    (checkpoint / "processor_config.json").write_text(json.dumps(settings))
    molmo2 = MolmoPointProcessor.from_pretrained(checkpoint)
    got = molmo2(text="<|image|>", images=IMAGE)
    low = molmo2.tokenizer.convert_tokens_to_ids("<im_low>")
    assert not (got["input_ids"] == low).any()
    assert got["token_type_ids"].sum() == (got["input_ids"] != molmo2.bos_id).sum()


def test_parts_in_the_wrong_order_are_refused(processor):
    with pytest.raises(TypeError, match="image_processor is a MolmoPointVideoProcessor"):
        MolmoPointProcessor(processor.video_processor, processor.image_processor, processor.tokenizer)


def test_files_of_molmo2_say_nothing_of_low_res_tokens(checkpoint, processor):
    settings = json.loads((checkpoint / "processor_config.json").read_text())
    for key in ("use_low_res_token_for_global_crops", "use_single_crop_col_tokens"):
        del settings[key]
    (checkpoint / "processor_config.json").write_text(json.dumps(settings))
    got = MolmoPointProcessor.from_pretrained(checkpoint)(text="<|image|>", images=IMAGE)["input_ids"]
    ours = processor(text="<|image|>", images=IMAGE)["input_ids"]
    low, patch, column = processor.tokenizer.convert_tokens_to_ids(["<im_low>", "<im_patch>", "<im_col>"])
    assert (got == patch).sum() == (ours == patch).sum() + (ours == low).sum()
    assert (got == column).sum() == (
        ours == column
    ).sum() + 4  # the global crop of 4 × 4 tokens has columns too


def test_a_question_behind_an_image_is_the_rest_of_its_prompt(processor):
    image = np.zeros((40, 60, 3), np.uint8)
    whole = processor.apply_chat_template(user("Point to é 12", image), **SNIPPET)["input_ids"][0].tolist()
    question = processor.encode_question(["Point to ", "é 12"])
    begin = processor.encode_prompt("<|image|>", [processor.image_processor.preprocess(image)])
    assert [*begin, *question] == whole


def test_a_question_holds_grounding_ids_and_follows_the_template_in_use():
    processor = MolmoPointProcessor.from_pretrained(TINY)
    start = processor.tokenizer.convert_tokens_to_ids("<POINT_0>")
    text = processor.tokenizer.decode(processor.encode_question([start + 3, "?"]))
    assert text == "<|im_start|>user\n<POINT_3>?<|im_end|>\n<|im_start|>assistant\n"
    processor.chat_template = "{{ messages[0].content }}:"
    assert processor.encode_question(["a"]) == processor.encode_text(["a:"])


@pytest.mark.parametrize("name", TOKENIZER_OPTIONS)
def test_options_of_tokenizers_are_refused_not_ignored(processor, name):
    messages = [{"role": "user", "content": "Point to the red mug."}]
    options = {"tokenize": True, "return_dict": True}
    with pytest.raises(InputError, match=f"Unknown option {name}"):
        processor.apply_chat_template(messages, **options, **{name: 20})
    processor.apply_chat_template(messages, **options, **{name: False})
