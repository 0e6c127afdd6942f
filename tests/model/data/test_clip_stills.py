"""Frames of drawn clips as pictures: what is asked for is there, also when only a part of it is."""

from __future__ import annotations

import numpy as np
import pytest

from model.data.clip_stills import FIRST_SEED, draw_clip_still
from model.data.clips import HIDDEN_SHARE, WANTED_SHARE, Clip

SIZES = ((320, 240), (150, 300), (224, 224))


@pytest.fixture(scope="module")
def filmed():
    """Pictures, and the clip and the frame that each was drawn from."""
    drawn = []

    def draw(self, rng, time):
        frame = original(self, rng, time)
        drawn.append((self, frame))
        return frame

    original = Clip.draw
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Clip, "draw", draw)
        found = [draw_clip_still(np.random.default_rng(k), *SIZES[k % 3]) for k in range(60)]
    return [(picture, *of) for picture, of in zip(found, drawn, strict=True)]


def share_of(clip, frame, label):
    """How much is visible of each thing of this name, "red circle" or "circle"."""
    pairs = zip(clip.movers, frame.share, strict=True)
    return [share for mover, share in pairs if label in (mover.noun, mover.phrase)]


def test_the_same_state_gives_the_same_picture():
    first, second = (draw_clip_still(np.random.default_rng(3), 320, 240) for _ in range(2))
    np.testing.assert_array_equal(first.image, second.image)
    assert [query.text for query in first.queries] == [query.text for query in second.queries]


def test_targets_lie_on_what_is_visible_of_the_thing(filmed):
    partly = 0
    for picture, _, frame in filmed:
        for query in picture.queries:
            for target in query.targets:
                x, y = target.point
                number = frame.owner[int(y), int(x)]
                share = frame.share[number - 1]
                assert number
                assert target.contains(x, y)
                assert share >= WANTED_SHARE
                partly += share < 0.6
    assert partly > 10


def test_all_things_of_a_name_are_asked_for_and_none_that_can_hardly_be_seen(filmed):
    checked = 0
    for picture, clip, frame in filmed:
        for query in picture.queries:
            shares = share_of(clip, frame, query.label)
            assert sum(share >= WANTED_SHARE for share in shares) == len(query.targets) or not shares
            assert not any(HIDDEN_SHARE <= share < WANTED_SHARE for share in shares)
            checked += bool(shares)
    assert checked > 100


def test_what_is_hidden_is_asked_for_as_absent(filmed):
    hidden = 0
    for picture, clip, frame in filmed:
        for query in picture.queries:
            if not query.targets:
                shares = share_of(clip, frame, query.label)
                assert all(share < HIDDEN_SHARE for share in shares)
                hidden += bool(shares)
    assert hidden > 5


def test_clips_that_are_learned_from_are_none_that_are_judged_by(filmed):
    assert all(clip._seed >= FIRST_SEED for _, clip, _ in filmed)


def test_texts_are_asked_once(filmed):
    for picture, _, _ in filmed:
        texts = [query.text for query in picture.queries]
        assert len(set(texts)) == len(texts)
