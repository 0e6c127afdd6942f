"""SAM 2 and EdgeTAM on streams: the masks of the same video, in constant memory, as objects come and go."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act.segmentation.sam2 import EdgeTamPropagator, Sam2Propagator
from molmo_act.segmentation.streams import StreamPoint
from tests.support.tiny_sam2 import tiny_propagator

FRAMES = [
    np.random.default_rng(number).integers(0, 256, (30, 50, 3)).astype(np.uint8) for number in range(40)
]
AT = np.array([10.0, 20.0])


def follow(stream, frames, numbers=(1,)):
    """Masks of every frame; objects are grounded on the first."""
    return [
        stream.segment(frame, {number: StreamPoint(AT + number, grounded=index == 0) for number in numbers})
        for index, frame in enumerate(frames)
    ]


@pytest.mark.parametrize("kind", [Sam2Propagator, EdgeTamPropagator])
def test_the_masks_are_those_of_the_same_video(kind):
    """SAM 2 looks at 6 frames and 15 pointers before a frame; EdgeTAM likewise."""
    propagate = tiny_propagator(kind)
    found = follow(propagate.stream(), FRAMES[:10], (1, 2))
    video = propagate(FRAMES[:10], np.stack([AT + 1, AT + 2]))
    for index, masks in enumerate(found):
        for row, number in enumerate((1, 2)):
            differing = (masks[number] != video[row, index]).mean()
            assert differing < 0.005, (index, number)  # sums of another order


def test_memory_is_constant():
    stream = tiny_propagator(Sam2Propagator).stream()
    sizes = []
    for index, frame in enumerate(FRAMES):
        stream.segment(frame, {1: StreamPoint(AT, grounded=index == 0)})
        [session] = stream._sessions.values()
        kept = session.output_dict_per_obj[0]
        sizes.append((len(kept["cond_frame_outputs"]), len(kept["non_cond_frame_outputs"])))
        assert len(session.processed_frames) + len(session.cache._vision_features) <= 1
    assert sizes[-1] == sizes[-5]
    assert sizes[-1][0] == 1


def test_a_grounded_object_begins_anew_and_one_that_is_not_seen_is_forgotten():
    stream = tiny_propagator(Sam2Propagator).stream()
    follow(stream, FRAMES[:3])
    again = stream.segment(FRAMES[5], {1: StreamPoint(AT, grounded=True)})
    [alone] = tiny_propagator(Sam2Propagator)([FRAMES[5]], AT[None])
    assert (again[1] == alone[0]).all()
    assert stream.segment(FRAMES[6], {}) == {}
    back = stream.segment(FRAMES[5], {1: StreamPoint(AT, grounded=False)})
    assert (back[1] == again[1]).all()
    stream.reset()
    assert stream._sessions == {}


def test_each_frame_is_encoded_once(monkeypatch):
    propagate = tiny_propagator(Sam2Propagator)
    stream, encoded = propagate.stream(), []
    plain = propagate.model.get_image_features
    monkeypatch.setattr(
        propagate.model, "get_image_features", lambda *a, **k: encoded.append(1) or plain(*a, **k)
    )
    follow(stream, FRAMES[:4], (1, 2, 3))
    assert len(encoded) == 4
