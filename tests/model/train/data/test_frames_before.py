"""Frames before the images of a sequence: where they lie, and which places are theirs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from model.train.data.frames_before import frames_before


def test_places_of_frames_are_those_of_their_image(trees):
    first, second, third = trees[:3]
    first = replace(first, before=np.concatenate([first.patches + 1, first.patches + 2]))
    third = replace(third, before=third.patches + 3)
    found = frames_before([first, second, third])
    windows = [len(tree.token_pooling) for tree in trees[:3]]
    crops = [len(first.before), len(third.before)]
    assert len(found.patches) == sum(crops)
    assert np.bincount(found.of, minlength=sum(windows)).tolist() == (
        [2] * windows[0] + [0] * windows[1] + [1] * windows[2]
    )
    flat = found.patches.reshape(-1, found.patches.shape[-1])
    own = first.patches.reshape(-1, first.patches.shape[-1])
    slots = first.token_pooling >= 0
    for frame in range(2):
        rows = found.pooling[frame * windows[0] : (frame + 1) * windows[0]]
        assert ((rows >= 0) == slots).all()
        assert (flat[rows[slots]] == own[first.token_pooling[slots]] + frame + 1).all()
