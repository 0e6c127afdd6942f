"""The tokens that stand for images and videos, as strings and as ids."""

from __future__ import annotations

import pytest

from molmo_act.errors import CheckpointError
from molmo_act.formats.vision_tokens import (
    VISION_TOKENS,
    VisionLayout,
    VisionTokens,
    frame_prompt,
    image_prompt,
    video_prompt,
    vision_token_ids,
)

IDS = VisionTokens[int](1, 2, 3, 4, 5, 6, 7, 8)


@pytest.mark.parametrize(
    ("layout", "spelled"),
    [
        # MolmoPoint as released
        (VisionLayout(), "s l l e S p p p c p p p c e"),
        # Molmo2: the global crop uses the ordinary patch token, with columns where the canvas has them
        (
            VisionLayout(use_single_crop_col_tokens=None, use_low_res_token_for_global_crops=False),
            "s p c p c e S p p p c p p p c e",
        ),
        (VisionLayout(use_single_crop_start_token=False), "S l l e S p p p c p p p c e"),
        (VisionLayout(image_use_col_tokens=False), "s l l e S p p p p p p e"),
        (
            VisionLayout(image_use_col_tokens=False, use_single_crop_col_tokens=True),
            "s l c l c e S p p p p p p e",
        ),
    ],
)
def test_image_prompt(layout, spelled):
    letters = VisionTokens[str]("S", "e", "p", "c", "s", "l", "F", "E")
    assert " ".join(image_prompt([2, 1, 2, 3], letters, layout)) == spelled


def test_ids_and_strings_agree():
    name_of = dict(zip(IDS.all(), VISION_TOKENS.all(), strict=True))
    ids = image_prompt((14, 14, 23, 42), IDS)
    assert [name_of[i] for i in ids] == image_prompt((14, 14, 23, 42), VISION_TOKENS)
    assert len(ids) == 14 * 14 + 2 + 23 * 43 + 2


@pytest.mark.parametrize(
    ("layout", "frame"),
    [
        (VisionLayout(), [7, 3, 3, 8]),
        (VisionLayout(use_frame_special_tokens=False), [1, 3, 3, 2]),
        (VisionLayout(video_use_col_tokens=True), [7, 3, 4, 3, 4, 8]),
    ],
)
def test_frame_prompt(layout, frame):
    assert frame_prompt(2, 1, IDS, layout) == frame


def test_video_prompt_tells_the_time_of_each_frame():
    frame = "<frame_start><im_patch><im_patch><frame_end>"
    assert video_prompt([3, 1, 2], [0.0, 0.5, 12.04]) == f"0.0 {frame} 0.5 {frame} 12.0 {frame}"


def test_a_foreign_tokenizer_is_refused_by_the_token_it_lacks():
    class Vocabulary:
        def get_vocab(self):
            return {token: index for index, token in enumerate(VISION_TOKENS.all()) if token != "<im_low>"}

    with pytest.raises(CheckpointError, match="<im_low>"):
        vision_token_ids(Vocabulary())
