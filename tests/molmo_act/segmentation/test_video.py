"""A video of two boxes that are segmented from points on every fifth frame; masks are known exactly."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act.errors import InputError
from molmo_act.outputs.masks import Masks
from molmo_act.outputs.points import Points
from molmo_act.segmentation.video import SegmentOptions, segment_frames

WIDTH, HEIGHT = 40, 20
COUNT = 12


def truth(time: int) -> np.ndarray:
    """uint8 (H, W): the number of the box of each pixel; box 1 moves right, box 2 left."""
    frame = np.zeros((HEIGHT, WIDTH), np.uint8)
    frame[2:8, 2 + time : 8 + time] = 1
    frame[12:18, 30 - time : 36 - time] = 2
    return frame


def frames(count: int = COUNT):
    return [(np.repeat(truth(time)[..., None] * 100, 3, axis=2), time / 10) for time in range(count)]


class Asker:
    """Points at the middle of every box; on frames in `blind` only at those named there."""

    def __init__(self, blind=(), swap=()):
        self.blind, self.swap, self.asked = dict(blind), set(swap), []

    def __call__(self, image, before):
        self.asked.append([int((frame > 0).argmax()) for frame in before])
        time = int((image[2, :, 0] > 0).argmax()) - 2
        boxes = self.blind.get(time, [1, 2])
        xy = [np.argwhere(truth(time) == box).mean(axis=0)[::-1] + 0.5 for box in boxes]
        xy = xy[::-1] if time in self.swap else xy
        return [Points(np.array(xy), [0.5] * len(xy), [(WIDTH, HEIGHT)], "box")]


def perfect(part, xy):
    """The box under each point, on every frame."""
    values = [part[0][int(y), int(x), 0] for x, y in xy]
    return np.array([[(frame[..., 0] == value) & (value > 0) for frame in part] for value in values])


def shown(found) -> list[dict[int, set[int]]]:
    """On each frame: the number of each object → the boxes that its mask touches."""
    return [
        {mask.object_id: set(np.unique(truth(time)[mask.to_array()])) for mask in masks}
        for time, (_, masks) in enumerate(found)
    ]


@pytest.mark.parametrize("bidirectional", [True, False])
def test_every_frame_has_the_masks_of_both_boxes_under_one_number(bidirectional):
    options = SegmentOptions(5, bidirectional)
    found = list(segment_frames(frames(), Asker(swap={5}), perfect, options))
    assert shown(found) == [{1: {1}, 2: {2}}] * COUNT
    whole = Masks.join(masks for _, masks in found)
    assert [(whole.label_image(time) == truth(time)).all() for time in range(COUNT)] == [True] * COUNT
    assert np.flatnonzero(whole.sampled).tolist() == [0, 5, 10]
    assert whole.timestamp.tolist() == [time / 10 for time in range(COUNT)]


def test_a_sampled_frame_on_which_nothing_was_found_is_empty_and_not_bridged():
    found = shown(segment_frames(frames(), Asker({5: []}), perfect, SegmentOptions(5)))
    assert found[:5] == [{1: {1}, 2: {2}}] * 5
    assert found[5] == {}
    assert found[6:] == [{1: {1}, 2: {2}}] * 6  # from the other side; their masks say which they are


def test_forwards_only_nothing_is_known_until_the_model_sees_it_again():
    options = SegmentOptions(5, bidirectional=False)
    found = shown(segment_frames(frames(), Asker({5: []}), perfect, options))
    assert found[5:10] == [{}] * 5
    assert found[10:] == [{1: {1}, 2: {2}}] * 2


def test_an_object_that_one_sampled_frame_misses_is_missing_there_alone():
    found = shown(segment_frames(frames(), Asker({5: [2]}), perfect, SegmentOptions(5)))
    assert found[4] == {1: {1}, 2: {2}}
    assert found[5] == {2: {2}}
    assert found[6] == {1: {1}, 2: {2}}


@pytest.mark.parametrize("bidirectional", [True, False])
def test_an_object_that_many_sampled_frames_miss_comes_back_under_its_number(bidirectional):
    options = SegmentOptions(2, bidirectional)
    found = shown(segment_frames(frames(9), Asker({2: [2], 4: [2], 6: [2]}), perfect, options))
    assert found[8] == {1: {1}, 2: {2}}
    assert set(found[4]) == {2}


def still(count, hidden):
    """Two boxes that stay; the first one is not there on frames of `hidden`."""
    made = []
    for time in range(count):
        frame = truth(0)
        if time in hidden:
            frame[frame == 1] = 0
        made.append((np.repeat(frame[..., None] * 100, 3, axis=2), time / 10))
    return made


def look(image, before):
    """Points at every box that is there."""
    boxes = [box for box in (1, 2) if (image == box * 100).any()]
    xy = [np.argwhere(truth(0) == box).mean(axis=0)[::-1] + 0.5 for box in boxes]
    return [Points(np.array(xy), [0.5] * len(xy), [(WIDTH, HEIGHT)], "box")]


@pytest.mark.parametrize("bidirectional", [True, False])
def test_an_object_that_was_hidden_for_long_is_known_by_its_place(bidirectional):
    options = SegmentOptions(2, bidirectional)
    found = list(segment_frames(still(20, range(3, 17)), look, perfect, options))
    assert [{mask.object_id for mask in masks} for _, masks in found[18:]] == [{1, 2}] * 2
    assert {mask.object_id for mask in found[9][1]} == {2}


def dying(part, xy):
    """As `perfect`; a mask that was empty once stays so."""
    masks = perfect(part, xy)
    return np.logical_and.accumulate(masks.any(axis=(2, 3)), axis=1)[..., None, None] & masks


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("hidden", [range(6, 9), range(6, 14)], ids=["between samples", "over a sample"])
def test_an_object_that_was_hidden_for_a_moment_keeps_its_number(hidden, bidirectional):
    found = list(segment_frames(still(21, hidden), look, dying, SegmentOptions(5, bidirectional)))
    assert [{mask.object_id for mask in masks} for _, masks in found[15:]] == [{1, 2}] * 6


def test_an_object_at_another_place_is_another_one():
    video = still(20, range(3, 17))
    for image, _ in video[17:]:
        image[2:8, 2:8] = 0
        image[2:8, 27:33] = 100

    def ask(image, before):
        boxes = [np.argwhere(image[..., 0] == value) for value in (100, 200)]
        xy = [box.mean(axis=0)[::-1] + 0.5 for box in boxes if len(box)]
        return [Points(np.array(xy), [0.5] * len(xy), [(WIDTH, HEIGHT)], "box")]

    found = list(segment_frames(video, ask, perfect, SegmentOptions(2)))
    assert {mask.object_id for mask in found[-1][1]} == {2, 3}


def test_an_only_object_keeps_its_number_across_a_sampled_frame_that_misses_it():
    found = shown(segment_frames(frames(), Asker({0: [1], 5: [], 10: [1]}), perfect, SegmentOptions(5)))
    assert [set(masks) for masks in found] == [{1}] * 5 + [set()] + [{1}] * 6


def test_masks_from_both_sides_are_fused():
    def half(part, xy):
        """Finds the left half of a box where the video runs forwards, all of it where it runs backwards."""
        masks = perfect(part, xy)
        if part[0][2, :, 0].argmax() < part[-1][2, :, 0].argmax():
            for box in (mask for one in masks for mask in one[1:]):
                box[:, np.flatnonzero(box.any(axis=0))[3:]] = False
        return masks

    for agreement, width in ((0.7, 6), (0.4, 3)):  # half of it agrees by 0.5
        options = SegmentOptions(5, agreement=agreement)
        found = [masks for _, masks in segment_frames(frames(6), Asker(), half, options)]
        assert found[2][0].bbox[2] == width
        assert found[0][0].bbox[2] == 6


def test_the_model_is_shown_the_frames_before_a_sampled_one():
    asker = Asker()
    list(segment_frames(frames(6), asker, perfect, SegmentOptions(5, frames_before=2)))
    [first, second] = asker.asked
    assert len(first) == 0
    assert len(second) == 2
    assert second[0] < second[1]


def test_frames_are_read_one_stretch_at_a_time():
    read = []

    def source():
        for frame in frames():
            read.append(frame[1])
            yield frame

    segmented = segment_frames(source(), Asker(), perfect, SegmentOptions(3))
    next(segmented)
    assert len(read) == 4


def test_frames_of_two_sizes_are_refused():
    small = (np.zeros((10, 10, 3), np.uint8), 0.1)
    with pytest.raises(InputError, match="Frame 1 has 10×10"):
        list(segment_frames([frames()[0], small], Asker(), perfect, SegmentOptions(5)))


@pytest.mark.parametrize(
    "changes", [{"rate": 0}, {"rate": 2.5}, {"bidirectional": 1}, {"agreement": 2}, {"frames_before": -1}]
)
def test_options_that_cannot_be_used(changes):
    with pytest.raises(InputError, match=next(iter(changes))):
        SegmentOptions(**changes)
