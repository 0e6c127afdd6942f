"""What is learned from a clip: all its frames in order, and only what is to be seen."""

from __future__ import annotations

import numpy as np
import torch

from model.data.clips.generate import WANTED_SHARE
from model.data.encoding.message_tree import ImageTreeEncoder
from model.train.data.clips import FRAMES, TRAIN_SEED, ClipStage, as_sample, draw_clip
from model.train.models.nano import GEOMETRY, make_processor, nano_config
from molmo_act.models.molmo_point.tiling import patchify, rgb_tensor


def test_what_is_hidden_is_not_pointed_at():
    hidden = 0
    for seed in range(5):
        clip = draw_clip(seed)
        for frame in clip:
            picture = as_sample(clip, frame)
            for query, numbers in zip(picture.queries, clip.queries.values(), strict=True):
                wanted = [n for n in numbers if frame.share[n - 1] >= WANTED_SHARE]
                hidden += len(numbers) - len(wanted)
                assert len(query.targets) == len(wanted)
                for target, number in zip(query.targets, wanted, strict=True):
                    assert frame.owner[int(target.point[1]), int(target.point[0])] == number
    assert hidden


def test_a_batch_is_a_clip_whose_frames_are_all_asked_about(tokenizer):
    stage = ClipStage(
        TRAIN_SEED, nano_config(tokenizer), ImageTreeEncoder(make_processor(tokenizer, GEOMETRY))
    )
    batch, clip = stage.draw(3), draw_clip(TRAIN_SEED + 3)
    assert batch.examples == len(clip) == FRAMES
    side, patch = GEOMETRY.crop_size, GEOMETRY.patch_size
    frames = torch.cat([patchify(rgb_tensor(frame.image), side, side, patch) for frame in clip])
    crops = len(batch.patches) // FRAMES
    assert any(torch.equal(batch.patches[first::crops], frames) for first in range(crops))
    for tree in stage.trees(3):
        assert len(tree.branches) == len(clip.queries)
    assert np.array_equal(batch.tree_R.unique(), np.arange(FRAMES))
