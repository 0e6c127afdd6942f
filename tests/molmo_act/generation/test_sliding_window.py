"""Windows of frames: read anew as a video's prompt, or one behind the other in bounded memory."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import DynamicCache

from molmo_act import InputError, PointingModel
from molmo_act.generation.prefill import prefill_prefix
from molmo_act.generation.sliding_window import EncodedFrame, SlidingPrefix, prefill_window
from molmo_act.models.molmo_point.core import ImageFeatures
from molmo_act.pointing.streams import FrameFeatures, WindowReader
from tests.support.tiny_checkpoint import load_case, tiny_model, tiny_processor

FRAMES = np.asarray(load_case("video_four")[0][0]["content"][1]["video"])
STEP = 0.5  # seconds
MODEL = PointingModel(tiny_model(), tiny_processor(), "tiny")


def seen(indices: list[int]) -> tuple[list[EncodedFrame], list[ImageFeatures]]:
    """Frames as they stand in a prompt, the first of them at its beginning, and what is seen of each."""
    window = WindowReader(MODEL.runtime, 8, "full")
    cuts, views = zip(
        *(window.extract_features(FRAMES[index % len(FRAMES)]) for index in indices), strict=True
    )
    looked = [
        FrameFeatures(STEP * index, cut.grid.tolist(), view.features_ND)
        for index, cut, view in zip(indices, cuts, views, strict=True)
    ]
    return [window.encode_frame(one, looked[0].seconds, first=one is looked[0]) for one in looked], views


def test_a_window_read_anew_is_the_released_prompt_of_a_video():
    content = [
        {"type": "text", "text": "Track the cat"},
        {"type": "video", "video": FRAMES, "timestamps": [0.0, 0.5, 1.0, 1.5]},
    ]
    inputs = MODEL.processor.apply_chat_template(
        [{"role": "user", "content": content}], tokenize=True, add_generation_prompt=True, return_dict=True
    )
    frames, views = seen([0, 1, 2, 3])
    whole, window = prefill_prefix(MODEL.model, inputs), prefill_window(MODEL.model, frames, views[-1])
    torch.testing.assert_close(window.values, whole.values, atol=1e-5, rtol=0)
    last = slice(-len(views[-1].features_ND), None)
    for name in ("patch_keys_BPE", "positions_BP", "vit_features_BPKC", "image_features_BPD"):
        mine, theirs = getattr(window.state, name), getattr(whole.state, name)[:, last]
        torch.testing.assert_close(mine, theirs, atol=1e-5, rtol=0)


def test_one_frame_read_alone_is_the_same_either_way():
    [frame], [view] = seen([0])
    anew, slid = prefill_window(MODEL.model, [frame], view), SlidingPrefix(MODEL.model, 3).append(frame, view)
    assert torch.equal(anew.values, slid.values)


def one_pass(frames: list[EncodedFrame]) -> DynamicCache:
    """The slow way: all frames at once, under a mask that lets each see itself and those before it."""
    ids, image = (torch.cat([getattr(one, name) for one in frames], dim=1) for name in ("ids_1W", "image_1W"))
    number = torch.cat([torch.full((one.size[0],), n) for n, one in enumerate(frames)])
    place = torch.arange(len(number))
    mask = place[:, None] >= place
    mask |= image[0][:, None] & image[0] & (number[:, None] == number)
    core, cache = MODEL.model.model, DynamicCache()
    embeds = core.embed_prompt(ids, torch.cat([one.features_ND for one in frames]))
    with torch.inference_mode():
        core.language_model(
            inputs_embeds=embeds, attention_mask=mask[None, None], past_key_values=cache, use_cache=True
        )
    return cache


def test_until_a_frame_is_dropped_sliding_is_one_pass_in_which_frames_do_not_see_later_ones():
    (frames, views), sliding = seen([0, 1, 2, 3]), SlidingPrefix(MODEL.model, 4)
    for frame, view in zip(frames, views, strict=True):
        prefix = sliding.append(frame, view)
    expected = one_pass(frames)
    for layer, stored in enumerate(expected.layers):
        torch.testing.assert_close(prefix.values[0, layer], stored.keys, atol=1e-4, rtol=0)
        torch.testing.assert_close(prefix.values[1, layer], stored.values, atol=1e-4, rtol=0)
    # It is an approximation of what models are taught: there, frames see later ones too.
    assert (prefill_window(MODEL.model, frames, views[-1]).values - prefix.values).abs().max() > 1e-3


def test_dropped_frames_leave_no_gap_and_the_first_one_stays_as_it_was():
    (frames, views), sliding = seen(list(range(9))), SlidingPrefix(MODEL.model, 3)
    prefixes = [sliding.append(*pair) for pair in zip(frames, views, strict=True)]
    anchor = frames[0].size[0]
    for prefix in prefixes[2:]:
        assert prefix.length == sum(frame.size[0] for frame in frames[:3])
        assert torch.equal(prefix.values[..., :anchor, :], prefixes[0].values)
    # The first layer knows nothing of context, only of places: there the window is as if it were read anew.
    kept = prefill_window(MODEL.model, [frames[0], *frames[-2:]], views[-1])
    torch.testing.assert_close(prefixes[-1].values[:, 0], kept.values[:, 0], atol=1e-4, rtol=0)
    assert torch.equal(prefixes[-1].state.positions_BP, kept.state.positions_BP)


def test_hundreds_of_frames_take_the_room_of_a_window():
    (frames, views), sliding = seen(list(range(4))), SlidingPrefix(MODEL.model, 3)
    turns = [0, *(1 + n % 3 for n in range(299))]
    read = [sliding.append(frames[turn], views[turn]) for turn in turns]
    assert {prefix.length for prefix in read[2:]} == {read[2].length}
    assert len(sliding) == 3
    # Keys are turned back at most once for every frame of the window, so that nothing adds up.
    torch.testing.assert_close(read[-1].values, read[-4].values, atol=1e-3, rtol=0)


def test_a_window_has_to_have_room_to_slide():
    with pytest.raises(InputError, match="at least 2"):
        SlidingPrefix(MODEL.model, 1)


def test_rotary_angles_that_do_not_add_up_are_refused(monkeypatch):
    rope = {**MODEL.model.config.text_config.rope_parameters, "rope_type": "yarn"}
    monkeypatch.setattr(MODEL.model.config.text_config, "rope_parameters", rope)
    with pytest.raises(InputError, match="yarn"):
        SlidingPrefix(MODEL.model, 3)
