"""Which images and videos belong to which prompt, and the metadata for reading points."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from molmo_act.errors import InputError
from molmo_act.formats.crop_geometry import Geometry
from molmo_act.models.molmo_point import prompt_media
from molmo_act.models.molmo_point.frame_sampling import SampledVideo
from molmo_act.models.molmo_point.tiling import preprocess_image
from molmo_act.models.molmo_point.video_processing_molmo_point import MolmoPointVideoProcessor

SMALL = Geometry(crop_size=56, margins=(1, 1), max_crops=4)


def cut(height: int, width: int):
    return preprocess_image(np.zeros((height, width, 3), np.uint8), SMALL)


def test_prompts_are_a_list():
    assert prompt_media.checked_prompts("one") == ["one"]
    assert prompt_media.checked_prompts(("one", "two")) == ["one", "two"]


@pytest.mark.parametrize("text", [None, [], [3], ["one", None]])
def test_no_prompt_is_refused(text):
    with pytest.raises(InputError, match="expected one prompt or a list of prompts"):
        prompt_media.checked_prompts(text)


def test_images_are_unpacked_in_order():
    assert prompt_media.flat_images(None) == []
    assert prompt_media.flat_images("a.png") == ["a.png"]
    assert prompt_media.flat_images([["a", "b"], [], ["c"]]) == ["a", "b", "c"]


def test_a_list_of_decoded_images_is_one_video():
    frame, clip = np.zeros((4, 4, 3), np.uint8), np.zeros((2, 4, 4, 3), np.uint8)
    frames = [Image.fromarray(frame), frame]
    assert prompt_media.flat_videos(None) == []
    assert prompt_media.flat_videos("a.mp4") == ["a.mp4"]
    assert prompt_media.flat_videos(frames) == [frames]
    assert [video is clip for video in prompt_media.flat_videos([clip, [clip]])] == [True, True]
    assert prompt_media.flat_videos([frames, "a.mp4"]) == [frames, "a.mp4"]


def test_metadata_go_with_their_videos():
    assert prompt_media.pair_metadata(["a", "b"], None) == [("a", None), ("b", None)]
    assert prompt_media.pair_metadata(["a"], {"fps": 2}) == [("a", {"fps": 2})]
    assert prompt_media.pair_metadata(["a", "b"], [[{"fps": 2}], [{}]]) == [("a", {"fps": 2}), ("b", {})]
    with pytest.raises(InputError, match="2 videos came with 1 video_metadata"):
        prompt_media.pair_metadata(["a", "b"], {"fps": 2})


def test_media_are_shared_by_placeholders():
    images, videos = prompt_media.share_media(
        ["<|image|>a<|image|>", "b", "<|video|>", "<|image|>"], [1, 2, 3], [4]
    )
    assert [list(each) for each in images] == [[1, 2], [], [], [3]]
    assert [list(each) for each in videos] == [[], [], [4], []]


@pytest.mark.parametrize(
    ("prompt", "images", "videos", "message"),
    [
        ("<|image|>", [], [], r"1 placeholders <\|image\|>, but 0 images"),
        ("a", [], [1], r"0 placeholders <\|video\|>, but 1 videos"),
        ("<|image|><|video|>", [1], [2], "1 images and 1 videos"),
        ("<|video|><|video|>", [], [1, 2], "0 images and 2 videos"),
    ],
)
def test_media_that_do_not_match_are_refused(prompt, images, videos, message):
    with pytest.raises(InputError, match=message):
        prompt_media.share_media([prompt], images, videos)


def test_patch_ids_count_on_over_the_images_of_a_prompt():
    first, second = cut(56, 56), cut(40, 120)
    got = prompt_media.pointing_metadata([first, second], [])
    patches = first.patches.shape[0] * first.patches.shape[1]
    tokens = len(first.token_pooling)
    np.testing.assert_array_equal(got["token_pooling"][:tokens], first.token_pooling)
    moved = second.token_pooling.numpy()
    np.testing.assert_array_equal(got["token_pooling"][tokens:], np.where(moved < 0, -1, moved + patches))
    np.testing.assert_array_equal(got["subpatch_mapping"][1], second.subpatch_mapping.numpy() + patches)
    assert got["image_sizes"] == [(56, 56), (120, 40)]


def test_metadata_of_a_video_and_of_nothing():
    processor = MolmoPointVideoProcessor({"height": 56, "width": 56})
    clip = SampledVideo(np.zeros((2, 30, 40, 3), np.uint8), (0.0, 0.5), (80, 60))
    got = prompt_media.pointing_metadata([], [processor.preprocess(clip)])
    assert got["timestamps"] == [0.0, 0.5]
    assert got["video_size"] == (80, 60)
    assert got["subpatch_mapping"].shape == (2, 4, 4)
    nothing = prompt_media.pointing_metadata([], [])
    assert nothing["token_pooling"].shape == (0, 0)
    assert nothing["subpatch_mapping"] == nothing["image_sizes"] == []


def test_videos_of_which_nothing_is_known_keep_their_place():
    pairs = prompt_media.pair_metadata(["a", "b"], [None, {"fps": 2}])
    assert pairs == [("a", None), ("b", {"fps": 2})]
    assert prompt_media.pair_metadata(["a"], [[None]]) == [("a", None)]


def message(*parts: dict) -> list[dict]:
    return [{"role": "user", "content": list(parts)}]


def test_what_is_given_beside_a_message_goes_before_what_it_says():
    said = message({"type": "video", "video": "a.mp4", "fps": 30, "timestamps": [0, 1], "width": 640})
    call = prompt_media.media_of_messages([said], {"video_metadata": [{"frames_indices": [0, 15]}]})
    assert call["videos"] == [["a.mp4"]]
    assert call["video_metadata"] == [{"fps": 30, "frames_indices": [0, 15], "width": 640}]
    call = prompt_media.media_of_messages([said, message({"type": "text", "text": "b"})], {"device": "cpu"})
    assert call["video_metadata"] == [{"fps": 30, "timestamps": [0, 1], "width": 640}]
    assert call["device"] == "cpu"


def test_media_given_beside_messages_take_the_place_of_theirs():
    asked = message({"type": "image"}, {"type": "text", "text": "a"})
    assert prompt_media.media_of_messages([asked], {"images": ["a.png"]})["images"] == ["a.png"]
    with pytest.raises(InputError, match="type 'image' has no 'image'"):
        prompt_media.media_of_messages([asked], {})


def test_there_is_metadata_for_each_video():
    two = message({"type": "video", "video": "a.mp4"}, {"type": "video", "video": "b.mp4"})
    with pytest.raises(InputError, match="2 videos came with 1 video_metadata"):
        prompt_media.media_of_messages([two], {"video_metadata": [{"fps": 2}]})
