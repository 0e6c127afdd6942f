"""Frames of drawn clips as images: what is asked for is there, also when only a part of it is."""

from __future__ import annotations

import numpy as np
import pytest

from model.data.clips.generate import HIDDEN_SHARE, WANTED_SHARE, Clip
from model.data.clips.images import FIRST_SEED, draw_clip_image

SIZES = ((320, 240), (150, 300), (224, 224))


@pytest.fixture(scope="module")
def drawn():
    """Images, and the clip and the frame that each was drawn from."""
    drawn = []

    def draw(self, rng, time):
        frame = original(self, rng, time)
        drawn.append((self, frame))
        return frame

    original = Clip.draw
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Clip, "draw", draw)
        found = [draw_clip_image(np.random.default_rng(k), *SIZES[k % 3]) for k in range(60)]
    return [(sample, *of) for sample, of in zip(found, drawn, strict=True)]


def share_of(clip, frame, label):
    """How much is visible of each object of this name, "red circle" or "circle"."""
    pairs = zip(clip.movers, frame.share, strict=True)
    return [share for mover, share in pairs if label in (mover.noun, mover.phrase)]


def test_the_same_state_gives_the_same_image():
    first, second = (draw_clip_image(np.random.default_rng(3), 320, 240) for _ in range(2))
    np.testing.assert_array_equal(first.image, second.image)
    assert [query.text for query in first.queries] == [query.text for query in second.queries]


def test_targets_lie_on_what_is_visible_of_the_object(drawn):
    partly = 0
    for sample, _, frame in drawn:
        for query in sample.queries:
            for target in query.targets:
                x, y = target.point
                number = frame.owner[int(y), int(x)]
                share = frame.share[number - 1]
                assert number
                assert target.contains(x, y)
                assert share >= WANTED_SHARE
                partly += share < 0.6
    assert partly > 10


def test_all_objects_of_a_name_are_asked_for_and_none_that_can_hardly_be_seen(drawn):
    checked = 0
    for sample, clip, frame in drawn:
        for query in sample.queries:
            shares = share_of(clip, frame, query.label)
            assert sum(share >= WANTED_SHARE for share in shares) == len(query.targets) or not shares
            assert not any(HIDDEN_SHARE <= share < WANTED_SHARE for share in shares)
            checked += bool(shares)
    assert checked > 100


def test_what_is_hidden_is_asked_for_as_absent(drawn):
    hidden = 0
    for sample, clip, frame in drawn:
        for query in sample.queries:
            if not query.targets:
                shares = share_of(clip, frame, query.label)
                assert all(share < HIDDEN_SHARE for share in shares)
                hidden += bool(shares)
    assert hidden > 5


def test_clips_that_are_learned_from_are_none_that_are_judged_by(drawn):
    assert all(clip._seed >= FIRST_SEED for _, clip, _ in drawn)


def test_texts_are_asked_once(drawn):
    for sample, _, _ in drawn:
        texts = [query.text for query in sample.queries]
        assert len(set(texts)) == len(texts)
